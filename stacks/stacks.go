// Package stacks makes the two stacks of the system. Neither refers to the other: what they share are explicit names.
package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
)

// newStack creates a side's empty stack. It knows its region but no account, so that synthesis needs no credentials
// and no look-up, and its template no bootstrapped environment. The synthesizer takes the stack's assets.
func newStack(app awscdk.App, cfg config.Config, side config.Side) (awscdk.Stack, awscdk.DefaultStackSynthesizer) {
	synthesizer := awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{
		// Its rule would add a parameter that reads SSM, and a plain template would ask for a bootstrapped account.
		GenerateBootstrapVersionRule: jsii.Bool(false),
	})
	tags := map[string]*string{}
	for key, value := range cfg.Tags {
		tags[key] = &value
	}
	stack := awscdk.NewStack(app, jsii.String(cfg.Names.Stack(side)), &awscdk.StackProps{
		Description: jsii.Sprintf("Unishop on a pilot light: the %s region", side),
		Env:         &awscdk.Environment{Region: jsii.String(cfg.Region(side).Name)},
		// A refused deletion leaves the stack in DELETE_FAILED, in which CloudFormation updates it no more. This one is
		// refused before it begins.
		TerminationProtection: jsii.Bool(cfg.Protect),
		Synthesizer:           synthesizer,
		Tags:                  &tags,
	})
	// The stack binds a copy, which Go cannot get hold of: its Synthesizer() is this one.
	synthesizer.Bind(stack)
	return stack, synthesizer
}

// New creates both stacks. The standby depends on the active one: in an outage a deployment of the surviving region
// pulls in nothing of the dead one, the first deployment creates the global cluster before its second member joins,
// and a failback deploys the region that is activated first.
func New(app awscdk.App, cfg config.Config) (primary, secondary awscdk.Stack) {
	primary, secondary = NewPrimary(app, cfg), NewSecondary(app, cfg)
	if cfg.Primary.Active() {
		secondary.AddStackDependency(primary, nil)
	} else {
		primary.AddStackDependency(secondary, nil)
	}
	for _, warning := range cfg.Warnings {
		awscdk.Annotations_Of(app).AddWarningV2(jsii.String("unishop:context"), &warning)
	}
	warnOfLostRegion(map[config.Side]awscdk.Stack{config.Primary: primary, config.Secondary: secondary}[cfg.Active().Side], cfg)
	return primary, secondary
}

// warnOfLostRegion: the CLI asks the shell's region for the account, us-east-1 when there is none, and an unplanned failover
// means that this region may be the one with the outage. It is no error: synth and diff must work anywhere.
func warnOfLostRegion(active awscdk.Stack, cfg config.Config) {
	lost := cfg.Region(cfg.Active().Side.Other()).Name
	if cfg.Unplanned() && cfg.CLIRegion == lost {
		awscdk.Annotations_Of(active).AddWarningV2(jsii.String("unishop:lost-region"), jsii.Sprintf(
			"the CDK CLI asks %s for your account, and this failover is for an outage of %s: type AWS_REGION=%s in front of the command",
			lost, lost, cfg.Active().Name))
	}
}
