package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// otherCheckout: who fails over from another checkout than the deployed release may change IAM, whose control plane the
// lost region has taken along.
var otherCheckout = scenario{
	name: "other-checkout",
	says: "a failover that would change more than a failover is stopped and says what; what is harmless stops none",
	steps: []step{
		deployed,
		{"a clone of the release is made", makeClone, nil},
		down,
		{"with another statement in a role the failover is stopped before anything changes", inOrder(
			editInClone("constructs/role.go", `"cloudwatch:GetMetricStatistics"}`, `"cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics"}`),
			refused(makeInClone("failover"), "is deployed from release", "Resources RegionRole", "(AWS::IAM::Role)", "make failover GO_ON=yes")),
			says(secondary, pilotLight)},
		{"with another page, a comment and a description it is not", inOrder(
			editInClone("constructs/role.go", `, "cloudwatch:ListMetrics"}`, `}`),
			editInClone("constructs/functions/role.py", "\ndef act(", "\n# Another comment.\ndef act("),
			editInClone("stacks/stacks.go", `"Unishop on a pilot light: the %s region"`, `"Unishop: the %s region"`), changePage("other"),
			typed(makeInClone("failover"))), tookOver(secondary)},
	},
}

// makeInClone is a target of the Makefile, in the clone, with what it needs.
func makeInClone(target string) command {
	return command{at: clone, equipped: true, shell: "make " + target}
}

func editInClone(file, from, to string) action {
	return func(_ context.Context, d *Drill) error {
		name := filepath.Join(d.dir, string(clone), file)
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(from)) {
			return fmt.Errorf("%s does not have %q", file, from)
		}
		return os.WriteFile(name, bytes.Replace(text, []byte(from), []byte(to), 1), 0o644)
	}
}
