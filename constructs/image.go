package constructs

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"text/template"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsimagebuilder"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
)

const (
	// parentImage decides the architecture of every server. x.x.x is the newest when it is built.
	parentImage = "image/amazon-linux-2023-x86/x.x.x"
	// maxComponentData is Image Builder's limit, in characters:
	// https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateComponent.html
	maxComponentData = 16000
)

//go:embed bake.yaml
var bakeDocument string

// ImageProps say what is baked and where the image goes.
type ImageProps struct {
	Names   config.Names
	Network Network
	// Bundle is the release bundle that is baked into the image. Its version decides the image's.
	Bundle Bundle
	// Regions that the image is distributed to; the first is the one that it is built in.
	Regions []string
	// Zone, 1 or 2, of the region's two, in which the image is built.
	Zone int
	// Date of the operating system's and Java's fixes, if any: another one is another image of the same bundle.
	Date string
	// Images owns the copies.
	Images Images
}

// Bundle is the release bundle: the shop's jar, page, units and scripts in one archive.
type Bundle struct {
	Bucket, Key *string
	// Version is equal for equal content, on everybody's machine.
	Version string
}

// Image is the golden image in the region that it is built in.
type Image struct {
	ID  *string // of the AMI
	ARN *string // of Image Builder's image, by which its copies in other regions are found
	// Resource is the image as something to depend on.
	Resource awsconstructs.IDependable
}

// NewImage has EC2 Image Builder bake the golden image. Another bundle is another image: CloudFormation makes the new
// one first, and deletes the old one once everything has succeeded. It leaves the copies alone, since the last one but one
// is kept: they belong to [Images].
func NewImage(scope awsconstructs.Construct, id string, props ImageProps) Image {
	this := newScope(scope, id)
	name := jsii.String(props.Names.Image())
	bake := renderBake(*props.Bundle.Bucket, *props.Bundle.Key)
	version := jsii.String(imageVersion(props.Bundle.Version, resolved(this, bake), props.Date))
	component := awsimagebuilder.NewCfnComponent(this, jsii.String("Component"), &awsimagebuilder.CfnComponentProps{
		Name:     name,
		Version:  version,
		Platform: jsii.String("Linux"),
		Data:     jsii.String(bake),
	})
	recipe := awsimagebuilder.NewCfnImageRecipe(this, jsii.String("Recipe"), &awsimagebuilder.CfnImageRecipeProps{
		Name:        name,
		Version:     version,
		ParentImage: jsii.Sprintf("arn:%s:imagebuilder:%s:aws:%s", *awscdk.Aws_PARTITION(), props.Regions[0], parentImage),
		Components:  &[]any{&awsimagebuilder.CfnImageRecipe_ComponentConfigurationProperty{ComponentArn: component.AttrArn()}},
	})
	logs := newLogGroup(this, "Logs", props.Names.ImageLogGroup())
	image := awsimagebuilder.NewCfnImage(this, jsii.String("Image"), &awsimagebuilder.CfnImageProps{
		ImageRecipeArn:                 recipe.AttrArn(),
		InfrastructureConfigurationArn: newBuildInfrastructure(this, props).AttrArn(),
		DistributionConfigurationArn:   newDistribution(this, props).AttrArn(),
		LoggingConfiguration:           &awsimagebuilder.CfnImage_ImageLoggingConfigurationProperty{LogGroupName: logs.LogGroupName()},
		// The primary's server is the test of an image: nothing reaches the pilot light before it has served there.
		ImageTestsConfiguration:      &awsimagebuilder.CfnImage_ImageTestsConfigurationProperty{ImageTestsEnabled: jsii.Bool(false)},
		EnhancedImageMetadataEnabled: jsii.Bool(false),
	})
	image.Node().AddDependency(props.Images.own(*version))
	return Image{ID: image.AttrImageId(), ARN: image.AttrArn(), Resource: image}
}

// imageVersion follows from the bundle's version and from the document that bakes it: Image Builder refuses a known version
// with another content, and an equal version is no change. So does the date, when there is one: the parent image and the
// packages are the newest ones at the time of the bake. A part of a version must stay under 2^30-1.
// https://docs.aws.amazon.com/imagebuilder/latest/userguide/ibhow-semantic-versioning.html
func imageVersion(bundle, bake, date string) string {
	digest := sha256.Sum256([]byte(bundle + "\n" + bake + "\n" + parentImage + date))
	patch := binary.BigEndian.Uint32(digest[:4]) >> 2 % (1<<30 - 1)
	return fmt.Sprintf("1.0.%d", patch)
}

// resolved is a text as the template has it: a token's own name differs from one synthesis to the next.
func resolved(scope awsconstructs.Construct, text string) string {
	written, err := json.Marshal(awscdk.Stack_Of(scope).Resolve(text))
	if err != nil {
		panic(err) // it is JSON
	}
	return string(written)
}

// renderBake fills the bundle's place into the component document, and leaves out what only its readers need.
func renderBake(bucket, key string) string {
	var out bytes.Buffer
	document := template.Must(template.New("bake.yaml").Option("missingkey=error").Parse(comment.ReplaceAllString(bakeDocument, "")))
	if err := document.Execute(&out, map[string]string{"Bucket": bucket, "Key": key}); err != nil {
		panic(err)
	}
	if out.Len() > maxComponentData {
		panic(fmt.Sprintf("bake.yaml: %d characters, where Image Builder takes %d: move steps into the bundle's bake script", out.Len(), maxComponentData))
	}
	return out.String()
}

// newBuildInfrastructure is the instance that bakes: in a public subnet, open to nothing, steered by Systems Manager.
func newBuildInfrastructure(scope awsconstructs.Construct, props ImageProps) awsimagebuilder.CfnInfrastructureConfiguration {
	profile := awsiam.NewInstanceProfile(scope, jsii.String("BuildProfile"), &awsiam.InstanceProfileProps{
		Role: newBuildRole(scope, props.Bundle),
	})
	securityGroup := awsec2.NewSecurityGroup(scope, jsii.String("BuildSecurityGroup"), &awsec2.SecurityGroupProps{
		Description: jsii.String("The build instance of the golden image: reaches out, cannot be reached"),
		Vpc:         props.Network.Vpc,
	})
	subnets := props.Network.Vpc.SelectSubnets(props.Network.Public)
	infrastructure := awsimagebuilder.NewCfnInfrastructureConfiguration(scope, jsii.String("Infrastructure"), &awsimagebuilder.CfnInfrastructureConfigurationProps{
		Name:                       jsii.String(props.Names.Image()),
		InstanceProfileName:        profile.InstanceProfileName(),
		InstanceTypes:              jsii.Strings(config.BuildTypes...),
		SubnetId:                   (*subnets.SubnetIds)[props.Zone-1],
		SecurityGroupIds:           &[]*string{securityGroup.SecurityGroupId()},
		TerminateInstanceOnFailure: jsii.Bool(true),
		InstanceMetadataOptions:    &awsimagebuilder.CfnInfrastructureConfiguration_InstanceMetadataOptionsProperty{HttpTokens: jsii.String("required")},
	})
	// Without its route to the internet the build instance waits for Systems Manager until the build times out.
	infrastructure.Node().AddDependency(subnets.InternetConnectivityEstablished)
	return infrastructure
}

// newBuildRole is what Image Builder asks of a build instance, and the one object that it reads.
// https://docs.aws.amazon.com/imagebuilder/latest/userguide/image-builder-setting-up.html#image-builder-IAM-prereq
func newBuildRole(scope awsconstructs.Construct, bundle Bundle) awsiam.Role {
	return awsiam.NewRole(scope, jsii.String("BuildRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil),
		ManagedPolicies: &[]awsiam.IManagedPolicy{
			awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("AmazonSSMManagedInstanceCore")),
			awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("EC2InstanceProfileForImageBuilder")),
		},
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"Bundle": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &[]awsiam.PolicyStatement{
				allow([]string{"s3:GetObject"}, jsii.Sprintf("arn:%s:s3:::%s/%s", *awscdk.Aws_PARTITION(), *bundle.Bucket, *bundle.Key)),
			}}),
		},
	})
}

// newDistribution copies the image to every region. The copies carry the tag Ec2ImageBuilderArn, which Image Builder sets
// by itself and by which they are found. Names carry the build date, since an AMI's name is unique in its region.
func newDistribution(scope awsconstructs.Construct, props ImageProps) awsimagebuilder.CfnDistributionConfiguration {
	var distributions []any
	for _, region := range props.Regions {
		distributions = append(distributions, &awsimagebuilder.CfnDistributionConfiguration_DistributionProperty{
			Region: jsii.String(region),
			// A map: the CDK renders its own struct as "name", where CloudFormation asks for "Name".
			AmiDistributionConfiguration: map[string]any{"Name": props.Names.Image() + "-{{ imagebuilder:buildDate }}"},
		})
	}
	return awsimagebuilder.NewCfnDistributionConfiguration(scope, jsii.String("Distribution"), &awsimagebuilder.CfnDistributionConfigurationProps{
		Name:          jsii.String(props.Names.Image()),
		Distributions: &distributions,
	})
}
