package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/activation"
	"unishop-pilot-light/internal/config"
)

// NewSecondary creates the stack of the secondary's region: the parts that both regions have, with a database that joins
// the global cluster and the image that the primary has proven.
func NewSecondary(app awscdk.App, cfg config.Config) awscdk.Stack {
	r := newRegion(app, cfg, config.Secondary)
	r.addServer(publishedImage(r.stack, cfg))
	if !cfg.Unplanned() {
		r.output("ImageBaked", bakedParameter(r.stack, cfg))
	}
	return r.stack
}

// publishedImage is the image that the primary has proven, or the one before it. A pilot light does not have it: it would
// have to exist even unused.
func publishedImage(stack awscdk.Stack, cfg config.Config) *string {
	switch {
	case !cfg.Secondary.Active():
		return nil
	case cfg.ServerImage == config.PreviousImage:
		return imageParameter(stack, activation.PreviousImage, cfg.Names.PreviousImageParameter())
	}
	return imageParameter(stack, activation.Image, cfg.Names.ImageParameter())
}

// imageParameter is an image that is named by a parameter of Systems Manager's. CloudFormation reads it before it touches
// any resource, so a missing image is refused whole. There is one for each of the two images: the CDK CLI keeps the value of a
// parameter that a stack has, whatever its default becomes.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
func imageParameter(stack awscdk.Stack, id, name string) *string {
	parameter := awscdk.NewCfnParameter(stack, &id, &awscdk.CfnParameterProps{
		Type:        jsii.String("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"),
		Default:     jsii.String(name),
		Description: jsii.String("A golden image that has been proven"),
	})
	return parameter.ValueAsString()
}

// bakedParameter is when the published image was baked. A failover must not end because it is missing, so only a planned
// deployment reads it.
func bakedParameter(stack awscdk.Stack, cfg config.Config) *string {
	return awscdk.NewCfnParameter(stack, jsii.String(activation.Baked), &awscdk.CfnParameterProps{
		Type:        jsii.String("AWS::SSM::Parameter::Value<String>"),
		Default:     jsii.String(cfg.Names.BakedParameter()),
		Description: jsii.String("When the published image was baked"),
	}).ValueAsString()
}
