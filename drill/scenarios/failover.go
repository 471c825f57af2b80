package scenarios

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/measure"
	"unishop-pilot-light/drill/pages"
	"unishop-pilot-light/drill/stage"
)

// again: the failover's command was the last one that was typed in us-west-1, the writer moved back to us-east-1 all the
// same, and us-east-1 is lost once more. A failover that changed no property would end as "no changes".
var again = stage.Scenario{
	Name: "again",
	Says: "the failover's command moves the writer although the same command was the last one, however the writer moved back",
	Steps: []stage.Step{
		deployed, outageBegun, failedOver, outageEnded,
		swapped(primary), outageBegun, failedOver, outageEnded,
		step("a failback ends before us-west-1 is deactivated", do.InOrder(do.Deploy("unishop-primary", "--exclusively", "-c", "failover=planned"),
			do.Deploy("unishop-primary", "--exclusively")), check.Writes(primary), check.Replicates(secondary), check.HasRole(secondary, active)),
		outageBegun, failedOver, outageEnded,
		step("us-east-1 has an outage in the middle of a failback, which is cancelled", do.DieDuring(deactivation, "ROLLBACK",
			pages.Runbook("A switchover that hangs", "cancel-update-stack")), check.Writes(secondary), check.HasRole(secondary, active)),
		step("the outage of us-east-1 ends, and the failback completes", do.BringBack(primary), check.Eventually(check.All(check.Writes(primary), check.Replicates(secondary)))),
		outageBegun, failedOver, outageEnded, failedBack,
	},
}

// mirrored: us-west-1 is active and lost, and us-east-1 was never deactivated.
var mirrored = stage.Scenario{
	Name: "mirrored",
	Says: "a failover from us-west-1 to us-east-1 works although the stack of us-east-1 is active already, by a command and by a kept template",
	Steps: []stage.Step{
		deployed,
		step("the templates of both failovers are kept", pages.Keep),
		outageBegun, failedOver, outageEnded,
		beginOutage(secondary),
		step("failover to us-east-1", do.FailOver(primary), check.FailedOver(primary)),
		confirmed,
		endOutage(secondary), swapped(secondary), beginOutage(secondary),
		step("failover to us-east-1 by the kept template", pages.FailOverKept(primary), check.FailedOver(primary)),
		endOutage(secondary),
		step("us-west-1 becomes the pilot light", do.Deploy("--all"), check.Serves(primary), check.Replicates(secondary)),
	},
}

// keptTemplate: the commands are the runbook's.
var keptTemplate = stage.Scenario{
	Name: "kept-template",
	Says: "a failover needs neither Go nor npm: a kept template and the AWS CLI will do, as often as it is needed",
	Steps: []stage.Step{
		deployed,
		step("the templates of both failovers are kept, and customers buy", do.InOrder(pages.Keep, measure.Begin, measure.Buying(primary))),
		outageBegun,
		step("failover to us-west-1 by the AWS CLI alone", measure.Moving(pages.FailOverKept(secondary)), check.FailedOver(secondary)),
		step("what the outage has cost is counted", do.InOrder(measure.Losses("failover", secondary), measure.End)),
		outageEnded, swapped(primary), outageBegun,
		step("failover to us-west-1 by the same template", pages.FailOverKept(secondary), check.FailedOver(secondary)),
		outageEnded, failedBack,
	},
}

// blockedSite: us-east-1 lives, so its database takes writes until the failover fences it.
var blockedSite = stage.Scenario{
	Name: "blocked-site",
	Says: "the workshop's outage: the site is blocked for the public, and everything else goes on",
	Steps: []stage.Step{
		deployed,
		step("customers buy", do.InOrder(measure.Begin, measure.Buying(primary))),
		Outages["site"].begins(primary),
		step("failover to us-west-1", measure.Moving(do.FailOver(secondary)), check.Writes(secondary), check.Runs(secondary, 1), check.HasRole(secondary, active)),
		step("what the outage has cost is counted", measure.Losses("failover", secondary)),
		Outages["site"].ends(primary),
		step("failback to us-east-1", measure.Moving(do.Deploy("--all")), check.Serves(primary), check.Replicates(secondary)),
		step("no acknowledged write was lost by the failback", do.InOrder(measure.Losses("failback", primary), measure.End), check.NothingLost),
	},
}
