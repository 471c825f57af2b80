// Package stacks makes the two stacks of the system. Neither refers to the other: what they share are explicit names.
package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/config"
)

// newStack creates a side's empty stack. It knows its region but no account, so that synthesis needs no credentials
// and no look-up, and its template no bootstrapped environment.
func newStack(app awscdk.App, cfg config.Config, side config.Side) awscdk.Stack {
	return awscdk.NewStack(app, jsii.String(cfg.Names.Stack(side)), &awscdk.StackProps{
		Description: jsii.Sprintf("Unishop on a pilot light: the %s region", side),
		Env:         &awscdk.Environment{Region: jsii.String(cfg.Region(side).Name)},
		// A refused deletion leaves the stack in DELETE_FAILED, in which CloudFormation updates it no more. This one is
		// refused before it begins.
		TerminationProtection: jsii.Bool(cfg.Protect),
		Synthesizer: awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{
			// Its rule would add a parameter that reads SSM, and a plain template would ask for a bootstrapped account.
			GenerateBootstrapVersionRule: jsii.Bool(false),
		}),
	})
}

func databaseProps(cfg config.Config, own config.Region, network constructs.Network) constructs.DatabaseProps {
	return constructs.DatabaseProps{
		Names:           cfg.Names,
		Side:            own.Side,
		Network:         network,
		PrimaryRegion:   cfg.Primary.Name,
		SecondaryRegion: cfg.Secondary.Name,
		Class:           cfg.DatabaseClass,
		Protect:         cfg.Protect,
	}
}

func serverProps(cfg config.Config, network constructs.Network, database constructs.Database, site constructs.Site,
	teardown awscdk.CustomResource, imageID *string) constructs.ServerProps {
	return constructs.ServerProps{
		Names:    cfg.Names,
		Network:  network,
		Database: database,
		Site:     site,
		ImageID:  imageID,
		Type:     cfg.ServerClass,
		Zone:     cfg.ServerZone,
		After:    []awsconstructs.IDependable{teardown},
	}
}

func roleProps(cfg config.Config, own config.Region, network constructs.Network, database constructs.Database,
	server constructs.Server, after ...awsconstructs.IDependable) constructs.RegionRoleProps {
	return constructs.RegionRoleProps{
		Names:     cfg.Names,
		Own:       own,
		Other:     cfg.Region(own.Side.Other()),
		Reconcile: cfg.Reconcile,
		Network:   network,
		Database:  database,
		Server:    server,
		After:     after,
	}
}

// addOutputs tells people, and the role's function in the other region, what this stack is.
func addOutputs(stack awscdk.Stack, own config.Region, database constructs.Database, site constructs.Site,
	role awscdk.CustomResource, server constructs.Server) {
	output := func(name string, value *string) {
		awscdk.NewCfnOutput(stack, jsii.String(name), &awscdk.CfnOutputProps{Value: value})
	}
	output("WebsiteURL", site.URL)
	output("DatabaseEndpoint", database.Host)
	output("Role", jsii.String(string(own.Role)))
	output("LastRoleChange", role.GetAttString(jsii.String("Done")))
	if server.Instance != nil {
		output("InstanceId", server.Instance.InstanceId())
	}
}

// New creates both stacks. The standby depends on the active one: in an outage a deployment of the surviving region
// pulls in nothing of the dead one, the first deployment creates the global cluster before its second member joins,
// and a failback deploys the region that takes over first.
func New(app awscdk.App, cfg config.Config) (primary, secondary awscdk.Stack) {
	primary, secondary = NewPrimary(app, cfg), NewSecondary(app, cfg)
	if cfg.Primary.Active() {
		secondary.AddStackDependency(primary, nil)
	} else {
		primary.AddStackDependency(secondary, nil)
	}
	return primary, secondary
}
