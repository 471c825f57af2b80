package do

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

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

// Comparing is `cdk diff` in the office.
func Comparing(arguments ...string) stage.Command {
	return stage.Command{At: stage.Office, Arguments: append([]string{"diff"}, arguments...)}
}

// Shows has a comparison print these differences, in any order, and no other one.
func Shows(c stage.Command, want ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		text, err := d.Run(ctx, c)
		if err != nil {
			return err
		}
		found := differences(text)
		slices.Sort(want)
		if !slices.Equal(found, want) {
			return fmt.Errorf("%s: shows\n  %s\nwant\n  %s", c, strings.Join(found, "\n  "), strings.Join(want, "\n  "))
		}
		return nil
	}
}

var (
	shownPart     = regexp.MustCompile(`^(\[.\]) (Output|Parameter) ([A-Za-z]+)`)
	shownResource = regexp.MustCompile(`^(\[.\]) (\S+::\S+) (?:\S*/\S* )?[A-Za-z0-9]+(?: ([a-z ]+))?$`)
	shownProperty = regexp.MustCompile(`^ [├└]─ \[.\] (\S+)`)
)

// differences are what `cdk diff` has printed, in order: "[~] AWS::EC2::Instance replace: ImageId", "[+] Output InstanceId".
func differences(text string) (found []string) {
	for _, line := range strings.Split(text, "\n") {
		if part := shownPart.FindStringSubmatch(line); part != nil {
			found = append(found, strings.Join(part[1:], " "))
		} else if resource := shownResource.FindStringSubmatch(line); resource != nil {
			if strings.HasPrefix(resource[2], "Custom::") {
				resource[3] = "" // what CloudFormation calls Conditional: its function decides by the id that it answers
			}
			found = append(found, strings.TrimSpace(strings.Join(resource[1:], " ")))
		} else if property := shownProperty.FindStringSubmatch(line); property != nil && len(found) > 0 {
			latest := &found[len(found)-1]
			joint := ": "
			if strings.Contains(*latest, joint) {
				joint = ", "
			}
			*latest += joint + property[1]
		}
	}
	slices.Sort(found)
	return found
}
