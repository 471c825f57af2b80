package main

import "unishop-pilot-light/internal/config"

const (
	primary   = config.Primary
	secondary = config.Secondary
)

// story is the main job, from an empty account to an empty account.
var story = scenario{
	name: "story",
	says: "the pilot light, lit and put out: deploy, outage, failover, failback, destroy",
	steps: []step{
		{"both regions are bootstrapped", bootstrap, nil},
		{"both regions are deployed: us-east-1 sells, us-west-1 is its pilot light", deploy("--all"),
			all(sells(primary), replicates(secondary), imagePublished)},

		{"us-east-1 goes down", takeDown(primary), nil},
		{"us-west-1 takes over, by one command and without a release bundle", failOver(),
			all(writes(secondary), runs(secondary, 1), says(secondary, config.Active), changedBy(secondary, "failover"))},
		{"us-east-1 returns, and its database is resynchronised", bringBack(primary), eventually(replicates(primary))},
		{"us-east-1 is put to rest", deploy("unishop-primary", "-c", "failover=true"),
			all(sells(secondary), replicates(primary))},
		{"everything comes home", deploy("--all"),
			all(sells(primary), replicates(secondary), changedBy(primary, "switchover"))},

		{"us-east-1 goes down again", takeDown(primary), nil},
		{"us-west-1 takes over again", failOver(), all(writes(secondary), runs(secondary, 1))},
		{"us-east-1 returns", bringBack(primary), eventually(replicates(primary))},
		{"everything comes home though us-east-1 was never put to rest", deploy("--all"),
			all(sells(primary), replicates(secondary), changedBy(secondary, "hand-back"))},

		{"everything moves to us-west-1 by plan", deploy("--all", "-c", "failover=planned"),
			all(sells(secondary), replicates(primary), changedBy(secondary, "switchover"))},
		{"and home", deploy("--all"), all(sells(primary), replicates(secondary), changedBy(primary, "switchover"))},

		{"everything is removed", destroy("--all"), nothingIsLeft},
	},
}
