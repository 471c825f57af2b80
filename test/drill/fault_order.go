package main

// wrongOrder: what is done in the wrong order is refused whole.
var wrongOrder = scenario{
	name: "wrong-order",
	says: "regions that are deployed or destroyed in the wrong order are refused whole",
	steps: []step{
		{"the secondary is deployed first", inOrder(bootstrap, fails(deploying("unishop-secondary", "--exclusively"), "global cluster unishop was not found")), nil},
		{"in the right order it works", deploy("--all"), all(sells(primary), replicates(secondary), imagePublished)},
		{"the primary is destroyed first", refused(destroying("unishop-primary", "--exclusively"),
			"destroy unishop-secondary first"), all(writes(primary), runs(primary, 1), replicates(secondary))},
		{"everything is destroyed with the flag on", refused(destroying("--all", "-c", "failover=true"),
			"destroy unishop-secondary first"), all(writes(primary), runs(primary, 1), replicates(secondary))},
		{"everything is destroyed without it", destroy("--all"), nothingIsLeft},

		{"both regions are deployed again", deploy("--all"), all(sells(primary), replicates(secondary))},
		down, failedOver,
		{"us-west-1 is to stay active for a while", typed(fromLaptop(command{arguments: []string{
			"deploy", "unishop-secondary", "-c", "failover=planned", "--require-approval", "never"}})),
			all(writes(secondary), runs(secondary, 1), says(secondary, active))},
		{"the only copy of the data is destroyed", refused(fromLaptop(destroying("unishop-secondary", "--exclusively")),
			"the only copy of the data"), all(writes(secondary), runs(secondary, 1))},
		returned,
		{"with us-east-1 back everything is destroyed: the secondary hands back first", destroy("--all"), nothingIsLeft},
	},
}
