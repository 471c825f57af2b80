// Package scenarios holds the drill's scenarios; each step is a sentence.
package scenarios

import (
	"net/http"
	"time"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/measure"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// outage is a way for a region to fail. Its steps are part of the scenario.
type outage struct {
	begins, ends func(config.Side) stage.Step
}

// Outages by the value of OUTAGE.
var Outages = map[string]outage{
	"region": {
		begins: beginOutage, ends: endOutage,
	},
	// As in the workshop: everything goes on but the site, for new visitors.
	"site": {
		begins: func(side config.Side) stage.Step {
			return step("the site of "+stage.Regions[side]+" is blocked for the public", do.BlockSite(side, true), check.Refuses(side, http.StatusForbidden))
		},
		ends: func(side config.Side) stage.Step {
			return step("the site of "+stage.Regions[side]+" is public again, and its database is resynchronised", do.BlockSite(side, false), check.Eventually(check.Replicates(side)))
		},
	},
}

// Story is the main job, from an empty account to an empty account.
func Story(o outage) stage.Scenario {
	return stage.Scenario{
		Name: "story",
		Says: "the pilot light: deploy, outage, failover, failback, the same in the other direction, destroy",
		Steps: []stage.Step{
			step("both regions are bootstrapped", do.Bootstrap),
			step("both regions are deployed: us-east-1 is active, us-west-1 is its pilot light", do.Deploy("--all"),
				check.Serves(primary), check.Replicates(secondary), check.ImagePublished),
			step("a shopper fills a basket at us-east-1, while the site of us-west-1 is empty", do.InOrder(measure.Begin, measure.WalkAt(primary))),

			o.begins(primary),
			step("failover to us-west-1, by one command and without a release bundle", measure.Moving(do.FailOver(secondary)), check.FailedOver(secondary)),
			step("the shopper finds the same basket at us-west-1", measure.FindAt(secondary)),
			step("what the outage has cost is counted", measure.Losses("failover", secondary)),
			o.ends(primary),
			deactivated,
			step("failback to us-east-1", measure.Moving(do.Deploy("--all")),
				check.Serves(primary), check.Replicates(secondary), check.ChangedBy(primary, "switchover")),
			step("no acknowledged write was lost by the failback", measure.Losses("failback", primary), check.NothingLost),

			o.begins(primary),
			step("second failover to us-west-1", measure.Moving(do.FailOver(secondary)), check.FailedOver(secondary)),
			step("what the second outage has cost is counted", measure.Losses("second failover", secondary)),
			o.ends(primary),
			step("failback to us-east-1, which was never deactivated", measure.Moving(do.Deploy("--all")),
				check.Serves(primary), check.Replicates(secondary), check.ChangedBy(secondary, "switchover")),
			step("no acknowledged write was lost by the second failback", measure.Losses("second failback", primary), check.NothingLost),

			step("switchover to us-west-1", measure.Moving(do.Deploy("--all", "-c", "failover=planned")),
				check.Serves(secondary), check.Replicates(primary), check.ChangedBy(secondary, "switchover")),
			step("no acknowledged write was lost by the switchover", measure.Losses("switchover", secondary), check.NothingLost),

			o.begins(secondary),
			step("failover to us-east-1, by one command", measure.Moving(do.FailOver(primary)), check.FailedOver(primary)),
			step("what the outage of us-west-1 has cost is counted", measure.Losses("failover to us-east-1", primary)),
			confirmed,
			o.ends(secondary),
			step("us-west-1 becomes the pilot light", measure.Moving(do.Deploy("--all")), check.Serves(primary), check.Replicates(secondary)),
			step("no acknowledged write was lost by that failback", measure.Losses("return of us-west-1", primary), check.NothingLost),

			step("everything is removed", do.InOrder(measure.End, do.Destroy("--all")), check.NothingIsLeft),
		},
	}
}

// Lossy: what has not been replicated when an outage begins is lost, and the drill counts it.
var Lossy = stage.Scenario{
	Name: "lossy",
	Says: "with five seconds of replication delay, a failover loses the writes of five seconds",
	Steps: []stage.Step{
		deployed,
		step("the replica falls five seconds behind, and customers sign up", do.InOrder(do.Delayed(5*time.Second), measure.Begin, do.Pause(12*time.Second))),
		outageBegun,
		step("failover to us-west-1", measure.Moving(do.FailOver(secondary)), check.FailedOver(secondary)),
		step("the writes of four to six seconds are lost", measure.Losses("failover", secondary),
			check.LostBetween(4*time.Second, 6*time.Second)),
	},
}
