package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
)

// PublishedImageProps say which image is published for the pilot light, and when.
type PublishedImageProps struct {
	Names config.Names
	Image Image
	// Region of the pilot light, in which the parameter is written.
	Region string
	// Reconcile: a new value that is not empty has the parameter checked, and written again where it is wrong.
	Reconcile string
	// After lists what must have succeeded first: the image has served in this region.
	After []awsconstructs.IDependable
}

// NewPublishedImage writes the id of the image's copy to the parameter that the other region boots from. Were the
// parameter written by the distribution itself, a bad release would roll back here and leave the pilot light pointing
// at an image that is broken or gone.
func NewPublishedImage(scope awsconstructs.Construct, id string, props PublishedImageProps) awscdk.CustomResource {
	this := newScope(scope, id)
	published := newCustomResource(this, customResource{
		Type:       "Custom::PublishedImage",
		Source:     "published_image.py",
		Properties: map[string]any{"Image": props.Image.ARN, "Reconcile": props.Reconcile},
		Environment: map[string]string{
			"PARAMETER":          props.Names.ImageParameter(),
			"PILOT_LIGHT_REGION": props.Region,
			"PILOT_LIGHT_STACK":  props.Names.Stack(config.Secondary),
			"GLOBAL_CLUSTER":     props.Names.GlobalCluster(),
		},
		Statements: []awsiam.PolicyStatement{
			allow([]string{"ssm:PutParameter", "ssm:GetParameter", "ssm:DeleteParameter"},
				regionalARN(this, "ssm", props.Region, "parameter"+props.Names.ImageParameter())),
			allow([]string{"rds:DescribeGlobalClusters"}, regionalARN(this, "rds", "", "global-cluster:"+props.Names.GlobalCluster())),
			// Knows no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
			allow([]string{"ec2:DescribeImages"}, jsii.String("*")),
			allow([]string{"cloudformation:DescribeStacks"}, awscdk.Stack_Of(this).StackId(),
				regionalARN(this, "cloudformation", props.Region, "stack/"+props.Names.Stack(config.Secondary)+"/*")),
		},
		Timeout: 5 * time.Minute,
	})
	for _, needed := range props.After {
		published.Node().AddDependency(needed)
	}
	return published
}
