package main

// faults are the scenarios in which something goes wrong, in the order in which they are told.
var faults = []scenario{
	flag, keptTemplate, blockedSite, noImage, badRelease, noCapacity, forgottenFlag, failedFailback, stuck, wrongOrder, interrupted,
	hangingSwitchover, unserved,
}

// Sentences that several scenarios have in common.
var (
	deployed = step{"both regions are deployed", inOrder(bootstrap, deploy("--all")),
		all(sells(primary), replicates(secondary), imagePublished)}
	down       = step{"us-east-1 goes down", takeDown(primary), nil}
	failedOver = step{"us-west-1 takes over", failOver(),
		all(writes(secondary), runs(secondary, 1), says(secondary, active))}
	returned = step{"us-east-1 returns, and its database is resynchronised", bringBack(primary), eventually(replicates(primary))}
	rested   = step{"us-east-1 is put to rest", deploy("unishop-primary", "-c", "failover=true"),
		all(sells(secondary), replicates(primary))}
	home = step{"everything comes home", deploy("--all"), all(sells(primary), replicates(secondary))}
)
