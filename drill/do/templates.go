package do

import (
	"context"
	"fmt"
	"maps"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// DeactivateByTemplate has CloudFormation make the secondary a pilot light, which must be rolled back.
func DeactivateByTemplate(ctx context.Context, d *stage.Drill) error {
	template, err := d.Synthesize(ctx, config.Secondary)
	if err != nil {
		return err
	}
	return d.RolledBack(ctx, config.Secondary, template)
}

// ActivateWithoutWriter activates the primary, and then makes the secondary the writer again by hand.
func ActivateWithoutWriter(ctx context.Context, d *stage.Drill) error {
	return InOrder(
		Deploy("unishop-primary", "--exclusively"), check.Eventually(check.All(check.Writes(config.Primary), check.Replicates(config.Secondary))),
		SwapByHand, check.Eventually(check.All(check.Writes(config.Secondary), check.Replicates(config.Primary))),
	)(ctx, d)
}

// RollBackDeactivation deactivates the secondary with a template in which something fails after the switchover.
func RollBackDeactivation(ctx context.Context, d *stage.Drill) error {
	template, err := d.Synthesize(ctx, config.Secondary)
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
	return d.RolledBack(ctx, config.Secondary, template)
}

func roleID(resources map[string]any) string {
	for id, resource := range resources {
		if resource.(map[string]any)["Type"] == "Custom::RegionRole" {
			return id
		}
	}
	panic("no Custom::RegionRole in the template")
}

func ClusterARN(side config.Side) string {
	return fmt.Sprintf("arn:aws:rds:%s:000000000000:cluster:%s", stage.Regions[side], stage.Declared.Names.Cluster(side))
}
