package main

// faults are the scenarios in which something goes wrong, in the order in which they are told.
var faults = []scenario{
	flag, keptTemplate, blockedSite, noImage, badRelease, noCapacity, forgottenFlag, failedFailback, stuck, wrongOrder, interrupted,
	hangingSwitchover, unserved, cleanClone, again, mirrored, otherCheckout, throttled, detached,
}

// Sentences that several scenarios have in common.
var (
	deployed = step{"both regions are deployed", inOrder(bootstrap, deploy("--all")),
		all(sells(primary), replicates(secondary), imagePublished)}
	down       = goesDown(primary)
	failedOver = step{"us-west-1 takes over", failOver(secondary), tookOver(secondary)}
	returned   = returns(primary)
	rested     = step{"us-east-1 is put to rest", deploy("unishop-primary", "-c", "failover=true"),
		all(sells(secondary), replicates(primary))}
	home = step{"everything comes home", deploy("--all"), all(sells(primary), replicates(secondary))}
)
