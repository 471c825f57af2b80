package main

import (
	"context"
	"strings"
)

// unserved: CloudFormation does not see what is lost outside it.
var unserved = scenario{
	name: "unserved",
	says: "what was lost outside CloudFormation is named with a new value of reconcile, and another server-zone brings it back",
	steps: []step{
		deployed,
		{"the instance is terminated by hand, and a deployment does not see it", inOrder(terminate, deploy("--all")), runs(primary, 0)},
		{"reconcile=1 names what is gone", refused(deploying("--all", "-c", "reconcile=1"), "/config.json: HTTP Error 404", "server-zone=2"), nil},
		{"another server-zone brings it back", deploy("--all", "-c", "server-zone=2", "-c", "reconcile=1"), sells(primary)},
		{"the page is deleted by hand", emptySite("--exclude", "config.json"), nil},
		{"reconcile=2 names what is gone", refused(deploying("--all", "-c", "server-zone=2", "-c", "reconcile=2"), "amazonaws.com: HTTP Error 404"), nil},
		{"the first server-zone brings it back", deploy("--all", "-c", "reconcile=2"), sells(primary)},
	},
}

func terminate(ctx context.Context, d *Drill) error {
	stack, err := d.system.Stack(ctx, primary)
	if err != nil {
		return err
	}
	return typed(command{at: laptop, region: regions[primary], aws: true, arguments: []string{
		"ec2", "terminate-instances", "--region", regions[primary], "--instance-ids", stack.Outputs["InstanceId"],
	}})(ctx, d)
}

// emptySite deletes what the site of us-east-1 serves, with further arguments of the AWS CLI.
func emptySite(arguments ...string) action {
	return func(ctx context.Context, d *Drill) error {
		stack, err := d.system.Stack(ctx, primary)
		if err != nil {
			return err
		}
		bucket, _, _ := strings.Cut(strings.TrimPrefix(stack.Outputs["WebsiteURL"], "http://"), ".")
		return typed(command{at: laptop, region: regions[primary], aws: true, arguments: append([]string{
			"s3", "rm", "--region", regions[primary], "--recursive", "s3://" + bucket + "/",
		}, arguments...)})(ctx, d)
	}
}
