package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/config"
)

// NewSecondary creates the stack of the secondary's region: the same parts, with a database that joins.
func NewSecondary(app awscdk.App, cfg config.Config) awscdk.Stack {
	stack, own := newStack(app, cfg, config.Secondary), cfg.Secondary

	network := constructs.NewNetwork(stack, "Network", constructs.NetworkProps{CIDR: own.CIDR})
	database := constructs.NewDatabase(stack, "Database", databaseProps(cfg, own, network))
	site := constructs.NewSite(stack, "Site")
	teardown := constructs.NewTeardown(stack, "Teardown", site)
	server := constructs.NewServer(stack, "Server", serverProps(cfg, network, database, site, teardown, publishedImage(stack, cfg)))
	database.AllowFrom(server)
	role := constructs.NewRegionRole(stack, "RegionRole", roleProps(cfg, own, network, database, server, teardown))

	addOutputs(stack, own, database, site, role, server)
	return stack
}

// publishedImage is the image that has sold in the primary. CloudFormation reads the parameter before it touches any
// resource, so a missing image is refused whole. A pilot light does not have it: it would have to exist even unused.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
func publishedImage(stack awscdk.Stack, cfg config.Config) *string {
	if !cfg.Secondary.Active() {
		return nil
	}
	parameter := awscdk.NewCfnParameter(stack, jsii.String("Image"), &awscdk.CfnParameterProps{
		Type:        jsii.String("AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>"),
		Default:     jsii.String(cfg.Names.ImageParameter()),
		Description: jsii.String("The golden image, as published by the primary after it has sold there"),
	})
	return parameter.ValueAsString()
}
