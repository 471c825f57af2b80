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
	return r.stack
}

// publishedImage is the image that the primary has proven. CloudFormation reads the parameter before it touches any
// resource, so a missing image is refused whole. A pilot light does not have it: it would have to exist even unused.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
func publishedImage(stack awscdk.Stack, cfg config.Config) *string {
	if !cfg.Secondary.Active() {
		return nil
	}
	parameter := awscdk.NewCfnParameter(stack, jsii.String(activation.Image), &awscdk.CfnParameterProps{
		Type:        jsii.String("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"),
		Default:     jsii.String(cfg.Names.ImageParameter()),
		Description: jsii.String("The golden image, as published by the primary after it has been proven there"),
	})
	return parameter.ValueAsString()
}
