package main

// blockedSite: us-east-1 lives, so its database takes writes until the failover fences it.
var blockedSite = scenario{
	name: "blocked-site",
	says: "the workshop's outage: the site is blocked for the public, and everything else goes on",
	steps: []step{
		deployed,
		{"customers buy", inOrder(measure, buying(primary)), nil},
		outages["site"].begins(primary),
		{"us-west-1 takes over", moving(failOver(secondary)), all(writes(secondary), runs(secondary, 1), says(secondary, active))},
		{"what the outage has cost is counted", count("failover", secondary), nil},
		outages["site"].ends(primary),
		{"everything comes home", moving(deploy("--all")), all(sells(primary), replicates(secondary))},
		{"no acknowledged write was lost on the way home", inOrder(count("failback", primary), noMoreMeasuring), nothingLost},
	},
}
