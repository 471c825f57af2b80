package main

import (
	"context"
	"time"

	"unishop-pilot-light/internal/config"
)

const (
	primary   = config.Primary
	secondary = config.Secondary
)

// story is the main job, from an empty account to an empty account.
func story(o outage) scenario {
	return scenario{
		name: "story",
		says: "the pilot light: deploy, outage, failover, failback, the same in the other direction, destroy",
		steps: []step{
			{"both regions are bootstrapped", bootstrap, nil},
			{"both regions are deployed: us-east-1 sells, us-west-1 is its pilot light", deploy("--all"),
				all(sells(primary), replicates(secondary), imagePublished)},
			{"a shopper fills a basket at us-east-1, while the site of us-west-1 is dark", inOrder(measure, walkAt(primary)), nil},

			o.begins(primary),
			{"us-west-1 takes over, by one command and without a release bundle", moving(failOver(secondary)), tookOver(secondary)},
			{"the shopper finds the same basket at us-west-1", findAt(secondary), nil},
			{"what the outage has cost is counted", count("failover", secondary), nil},
			o.ends(primary),
			{"us-east-1 is deactivated", deploy("unishop-primary", "-c", "failover=planned"),
				all(sells(secondary), replicates(primary))},
			{"everything comes home", moving(deploy("--all")),
				all(sells(primary), replicates(secondary), changedBy(primary, "switchover"))},
			{"no acknowledged write was lost on the way home", count("failback", primary), nothingLost},

			o.begins(primary),
			{"us-west-1 takes over again", moving(failOver(secondary)), tookOver(secondary)},
			{"what the second outage has cost is counted", count("second failover", secondary), nil},
			o.ends(primary),
			{"everything comes home though us-east-1 was never deactivated", moving(deploy("--all")),
				all(sells(primary), replicates(secondary), changedBy(secondary, "switchover"))},
			{"no acknowledged write was lost by the hand-back", count("hand-back", primary), nothingLost},

			{"everything moves to us-west-1 by plan", moving(deploy("--all", "-c", "failover=planned")),
				all(sells(secondary), replicates(primary), changedBy(secondary, "switchover"))},
			{"no acknowledged write was lost by the planned move", count("planned move", secondary), nothingLost},

			o.begins(secondary),
			{"us-east-1 takes over, by one command", moving(failOver(primary)), tookOver(primary)},
			{"what the outage of us-west-1 has cost is counted", count("failover to us-east-1", primary), nil},
			{"with us-west-1 still down, failover=false changes nothing", unchanged(typed(alone(primary, "-c", "failover=false"))),
				all(writes(primary), runs(primary, 1), says(primary, config.Active))},
			o.ends(secondary),
			{"us-west-1 becomes the pilot light", moving(deploy("--all")), all(sells(primary), replicates(secondary))},
			{"no acknowledged write was lost by that", count("return of us-west-1", primary), nothingLost},

			{"everything is removed", inOrder(noMoreMeasuring, destroy("--all")), nothingIsLeft},
		},
	}
}

// lossy: what has not been replicated when a region goes down is lost, and the drill counts it.
var lossy = scenario{
	name: "lossy",
	says: "with five seconds of replication delay, a failover loses the writes of five seconds",
	steps: []step{
		deployed,
		{"the replica falls five seconds behind, and customers sign up", inOrder(delayed(5*time.Second), measure, pause(12*time.Second)), nil},
		down,
		{"us-west-1 takes over", moving(failOver(secondary)), tookOver(secondary)},
		{"the writes of four to six seconds are lost", count("failover", secondary),
			lostBetween(4*time.Second, 6*time.Second)},
	},
}

func delayed(by time.Duration) action {
	return func(ctx context.Context, d *Drill) error { return d.world.SetReplicationDelay(ctx, by) }
}

func pause(length time.Duration) action {
	return func(ctx context.Context, _ *Drill) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(length):
			return nil
		}
	}
}
