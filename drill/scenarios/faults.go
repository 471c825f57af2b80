package scenarios

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

const (
	primary    = config.Primary
	secondary  = config.Secondary
	active     = config.Active
	pilotLight = config.PilotLight
)

// Steps call the regions by their names.
var east, west = stage.Regions[primary], stage.Regions[secondary]

// Faults are the scenarios in which something goes wrong, in the order in which they run.
var Faults = []stage.Scenario{
	flag, keptTemplate, blockedSite, noImage, badRelease, monthly, previous, noCapacity, forgottenFlag, failedFailback, stuck, wrongOrder,
	interrupted, hangingSwitchover, unserved, cleanClone, again, mirrored, otherCheckout, detached, upgraded, firstDeployment, protected,
	restored, throttled, handedOver, compared,
}

// Steps that several scenarios have in common.
var (
	deployed = step("both regions are deployed", do.InOrder(do.Bootstrap, do.Deploy("--all")),
		check.Serves(primary), check.Replicates(secondary), check.ImagePublished)
	outageBegun = beginOutage(primary)
	failedOver  = step("failover to us-west-1", do.FailOver(secondary), check.FailedOver(secondary))
	outageEnded = endOutage(primary)
	deactivated = step("us-east-1 is deactivated", do.Deploy("unishop-primary", "-c", "failover=planned"),
		check.Serves(secondary), check.Replicates(primary))
	switchedOver = step("switchover to us-west-1", do.Deploy("--all", "-c", "failover=planned"),
		check.Serves(secondary), check.Replicates(primary))
	// The primary was activated by a failover, which false confirms.
	confirmed = step("during the outage of us-west-1, failover=false changes nothing", do.Unchanged(do.Typed(do.Alone(primary, "-c", "failover=false"))),
		check.Writes(primary), check.Runs(primary, 1), check.HasRole(primary, active))
	failedBack = step("failback to us-east-1", do.Deploy("--all"), check.Serves(primary), check.Replicates(secondary))
)

func beginOutage(side config.Side) stage.Step {
	return step(stage.Regions[side]+" has an outage", do.TakeDown(side))
}

func endOutage(side config.Side) stage.Step {
	return step("the outage of "+stage.Regions[side]+" ends, and its database is resynchronised", do.BringBack(side), check.Eventually(check.Replicates(side)))
}

// swapped: an operator makes the side's cluster the writer, and no stack knows.
func swapped(to config.Side) stage.Step {
	return step("an operator swaps the writer", do.SwapByHand, check.Eventually(check.All(check.Writes(to), check.Replicates(to.Other()))))
}

// step is what is done, and all that must be so afterwards.
func step(says string, do stage.Action, checks ...stage.Check) stage.Step {
	return stage.Step{Says: says, Do: do, Check: check.All(checks...)}
}
