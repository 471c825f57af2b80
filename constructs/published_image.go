package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
)

// Images keeps what Image Builder has distributed: it publishes an image to the pilot light, keeps the one before it, and
// deletes the rest, in both regions.
type Images struct {
	scope    awsconstructs.Construct
	function awslambda.Function
}

// ImagesProps say whose images these are.
type ImagesProps struct {
	Names config.Names
	// Region of the pilot light, which has copies of them, and in which its image is published.
	Region string
}

// PublishedImageProps say which image is published for the pilot light, and when.
type PublishedImageProps struct {
	Image Image
	// Serves says which image the servers boot.
	Serves config.ServerImage
	// Reconcile: a new value that is not empty has the parameter checked, and written again where it is wrong.
	Reconcile string
	// After lists what must have succeeded first: the image has served in this region.
	After []awsconstructs.IDependable
}

const (
	imagesSource  = "published_image.py"
	imagesTimeout = 5 * time.Minute
)

// NewImages creates the function that acts for the images.
func NewImages(scope awsconstructs.Construct, id string, props ImagesProps) Images {
	this := newScope(scope, id)
	names := props.Names
	parameter := func(region, name string) *string { return regionalARN(this, "ssm", region, "parameter"+name) }
	here := *awscdk.Stack_Of(this).Region()
	return Images{this, newFunction(this, customResource{
		Source: imagesSource,
		Environment: map[string]string{
			"PARAMETER":          names.ImageParameter(),
			"PILOT_LIGHT_REGION": props.Region,
			"PILOT_LIGHT_STACK":  names.Stack(config.Secondary),
			"GLOBAL_CLUSTER":     names.GlobalCluster(),
			"IMAGE":              names.Image(),
		},
		Statements: []awsiam.PolicyStatement{
			allow([]string{"ssm:PutParameter", "ssm:GetParameter", "ssm:DeleteParameters"},
				parameter(props.Region, names.ImageParameter()), parameter(props.Region, names.BakedParameter()),
				parameter(props.Region, names.PreviousImageParameter()), parameter(here, names.PreviousImageParameter())),
			allow([]string{"rds:DescribeGlobalClusters"}, regionalARN(this, "rds", "", "global-cluster:"+names.GlobalCluster())),
			// Knows no resources: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
			allow([]string{"ec2:DescribeImages"}, jsii.String("*")),
			deleteImages(this, names),
			allow([]string{"cloudformation:DescribeStacks"}, awscdk.Stack_Of(this).StackId(),
				regionalARN(this, "cloudformation", props.Region, "stack/"+names.Stack(config.Secondary)+"/*")),
		},
		Timeout: imagesTimeout,
	})}
}

// deleteImages lets the function delete our images, with their snapshots: Image Builder tags both.
// https://docs.aws.amazon.com/imagebuilder/latest/userguide/tag-resources.html
func deleteImages(scope awsconstructs.Construct, names config.Names) awsiam.PolicyStatement {
	partition := *awscdk.Stack_Of(scope).Partition()
	statement := allow([]string{"ec2:DeregisterImage", "ec2:DeleteSnapshot"},
		jsii.Sprintf("arn:%s:ec2:*::image/*", partition), jsii.Sprintf("arn:%s:ec2:*::snapshot/*", partition))
	statement.AddCondition(jsii.String("StringLike"), map[string]string{
		"aws:ResourceTag/Ec2ImageBuilderArn": "*:image/" + names.Image() + "/*",
	})
	return statement
}

// own creates the owner of all copies, of this version too. It has to be there before the first image is baked.
func (i Images) own(version string) awscdk.CustomResource {
	return newResourceOf(i.function, i.scope, "Images", customResource{
		Type:       "Custom::Images",
		Properties: map[string]any{"Version": version},
		Timeout:    imagesTimeout,
	})
}

// Publish writes the id of the image's copy to the parameter that the other region boots from. Were the parameter written
// by the distribution itself, a bad release would roll back here and leave the pilot light pointing at an image that is
// broken or gone.
func (i Images) Publish(props PublishedImageProps) awscdk.CustomResource {
	published := newResourceOf(i.function, i.scope, "Resource", customResource{
		Type:       "Custom::PublishedImage",
		Properties: map[string]any{"Image": props.Image.ARN, "Serves": string(props.Serves), "Reconcile": props.Reconcile},
		Timeout:    imagesTimeout,
	})
	for _, needed := range props.After {
		published.Node().AddDependency(needed)
	}
	return published
}
