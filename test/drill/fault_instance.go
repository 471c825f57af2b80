package main

import (
	"context"
	"fmt"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/test/emulator"
)

const pilotLight = config.PilotLight

// noCapacity: what has been promoted stays promoted, and the same command finishes the work.
var noCapacity = scenario{
	name: "no-capacity",
	says: "an instance that fails after the promotion is repeated, and nothing is promoted twice",
	steps: []step{
		deployed,
		down,
		{"us-west-1 is promoted, and has no capacity for the instance", inOrder(
			shortage(west, emulator.WriterChanged), fails(failingOver(secondary), "no capacity")),
			all(writes(secondary), runs(secondary, 0), says(secondary, pilotLight))},
		{"the same command with another size takes over", failOver(secondary, "-c", "server-class=t3.medium"),
			all(writes(secondary), runs(secondary, 1), says(secondary, active), changedBy(secondary, "nothing: already the writer"))},
	},
}

// failedFailback: in a planned move the instance comes first.
var failedFailback = scenario{
	name: "failed-failback",
	says: "a failback whose instance fails moves nothing",
	steps: []step{
		deployed, down, failedOver, returned, rested,
		{"us-east-1 has no capacity: the failback is rolled back, and us-west-1 goes on selling", inOrder(
			shortage(east, ""), refused(deploying("--all"), "no capacity")), all(sells(secondary), replicates(primary))},
		{"us-east-1 has capacity again", endShortage, nil},
		home,
	},
}

// stuck: the declared role and the real one differ, and no property changes that would have CloudFormation call.
var stuck = scenario{
	name: "stuck",
	says: "whenever the declared role and the real one differ, -c reconcile= makes them agree",
	steps: []step{
		deployed,
		down,
		{"an activation is rolled back after the promotion", inOrder(
			shortage(west, emulator.WriterChanged), fails(failingOver(secondary), "no capacity"), endShortage),
			all(writes(secondary), says(secondary, pilotLight))},
		returned,
		{"reconcile=1 brings the database home", deploy("--all", "-c", "reconcile=1"),
			all(sells(primary), replicates(secondary), changedBy(primary, "switchover"))},
		{"us-west-1 is active by plan", deploy("--all", "-c", "failover=planned"), all(sells(secondary), replicates(primary))},
		{"us-east-1 is lit again, but not the writer", lightPrimary, all(writes(secondary), says(primary, active))},
		{"a darkening is rolled back after the hand-back", rollBackDarkening, all(writes(primary), says(secondary, active), runs(secondary, 1))},
		{"reconcile=2 takes the database back", deploy("--all", "-c", "failover=planned", "-c", "reconcile=2"),
			all(sells(secondary), replicates(primary), changedBy(secondary, "switchover"))},
		home,
		swapped(secondary),
		{"reconcile=3 brings the database home", deploy("--all", "-c", "reconcile=3"),
			all(sells(primary), replicates(secondary), changedBy(primary, "switchover"))},
	},
}

// lightPrimary has the primary sell, and then gives the database back to the secondary by hand.
func lightPrimary(ctx context.Context, d *Drill) error {
	return inOrder(
		deploy("unishop-primary", "--exclusively"), action(eventually(all(writes(primary), replicates(secondary)))),
		swapByHand, action(eventually(all(writes(secondary), replicates(primary)))),
	)(ctx, d)
}

// rollBackDarkening darkens the secondary with a template in which something fails after the hand-back.
func rollBackDarkening(ctx context.Context, d *Drill) error {
	template, err := d.synthesize(ctx, secondary)
	if err != nil {
		return err
	}
	resources := maps.Clone(template["Resources"].(map[string]any))
	resources["Broken"] = map[string]any{
		"Type":       "AWS::EC2::Instance",
		"Properties": map[string]any{"ImageId": "ami-00000000000000000"},
		"DependsOn":  roleID(resources),
	}
	template["Resources"] = resources
	return d.rolledBack(ctx, secondary, template)
}

func roleID(resources map[string]any) string {
	for id, resource := range resources {
		if resource.(map[string]any)["Type"] == "Custom::RegionRole" {
			return id
		}
	}
	panic("no Custom::RegionRole in the template")
}

// swapByHand switches over to whichever side does not write.
func swapByHand(ctx context.Context, d *Drill) error {
	database, err := d.system.Database(ctx, primary)
	if err != nil {
		return err
	}
	target := database.Writer.Other()
	_, err = rds.NewFromConfig(d.system.In(database.Writer)).SwitchoverGlobalCluster(ctx, &rds.SwitchoverGlobalClusterInput{
		GlobalClusterIdentifier:   aws.String(d.system.Names.GlobalCluster()),
		TargetDbClusterIdentifier: aws.String(clusterARN(target)),
	})
	return err
}

func clusterARN(side config.Side) string {
	return fmt.Sprintf("arn:aws:rds:%s:000000000000:cluster:%s", regions[side], declared.Names.Cluster(side))
}
