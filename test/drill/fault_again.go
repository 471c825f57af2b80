package main

import "unishop-pilot-light/internal/config"

// again: the failover's command was the last one that was typed in us-west-1, the writer went home all the same, and
// us-east-1 is lost once more. A failover that changed no property would end as "no changes".
var again = scenario{
	name: "again",
	says: "the failover's command moves the writer although the same command was the last one, however the writer went home",
	steps: []step{
		deployed, down, failedOver, returned,
		swapped(primary), down, failedOver, returned,
		{"a failback ends before us-west-1 is deactivated", inOrder(deploy("unishop-primary", "--exclusively", "-c", "failover=planned"),
			deploy("unishop-primary", "--exclusively")), all(writes(primary), replicates(secondary), says(secondary, active))},
		down, failedOver, returned,
		{"us-east-1 goes down in the middle of a hand-back, which is cancelled", dieDuring(darkening, "UPDATE_ROLLBACK_COMPLETE",
			runbook("A switchover that hangs", "cancel-update-stack")), all(writes(primary), says(secondary, active))},
		{"us-east-1 returns, and the hand-back completes", bringBack(primary), eventually(all(writes(primary), replicates(secondary)))},
		down, failedOver, returned, home,
	},
}

// mirrored: us-west-1 is active and lost, and us-east-1 was never deactivated.
var mirrored = scenario{
	name: "mirrored",
	says: "us-east-1 takes over from us-west-1 although its stack is active already, by a command and by a kept template",
	steps: []step{
		deployed,
		{"the templates of both failovers are kept", keep, nil},
		down, failedOver, returned,
		goesDown(secondary),
		{"us-east-1 takes over", failOver(primary), tookOver(primary)},
		{"with us-west-1 still down, failover=false changes nothing", unchanged(typed(alone(primary, "-c", "failover=false"))),
			all(writes(primary), runs(primary, 1), says(primary, active))},
		returns(secondary), swapped(secondary), goesDown(secondary),
		{"us-east-1 takes over by the kept template", failOverKept(primary), tookOver(primary)},
		returns(secondary),
		{"us-west-1 becomes the pilot light", deploy("--all"), all(sells(primary), replicates(secondary))},
	},
}

// swapped: an operator makes the side's cluster the writer, and no stack knows.
func swapped(to config.Side) step {
	return step{"an operator swaps the writer", swapByHand, eventually(all(writes(to), replicates(to.Other())))}
}
