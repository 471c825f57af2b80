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

// Sentences call the regions by their names.
var east, west = stage.Regions[primary], stage.Regions[secondary]

// Faults are the scenarios in which something goes wrong, in the order in which they are told.
var Faults = []stage.Scenario{
	flag, keptTemplate, blockedSite, noImage, badRelease, noCapacity, forgottenFlag, failedFailback, stuck, wrongOrder, interrupted,
	hangingSwitchover, unserved, cleanClone, again, mirrored, otherCheckout, detached, upgraded, firstDeployment, protected,
}

// Sentences that several scenarios have in common.
var (
	deployed = step("both regions are deployed", do.InOrder(do.Bootstrap, do.Deploy("--all")),
		check.Serves(primary), check.Replicates(secondary), check.ImagePublished)
	down        = goesDown(primary)
	failedOver  = step("us-west-1 takes over", do.FailOver(secondary), check.TookOver(secondary))
	returned    = returns(primary)
	deactivated = step("us-east-1 is deactivated", do.Deploy("unishop-primary", "-c", "failover=planned"),
		check.Serves(secondary), check.Replicates(primary))
	planned = step("everything moves to us-west-1 by plan", do.Deploy("--all", "-c", "failover=planned"),
		check.Serves(secondary), check.Replicates(primary))
	// The primary was activated by a failover, which false confirms.
	confirmed = step("with us-west-1 still down, failover=false changes nothing", do.Unchanged(do.Typed(do.Alone(primary, "-c", "failover=false"))),
		check.Writes(primary), check.Runs(primary, 1), check.HasRole(primary, active))
	home = step("everything comes home", do.Deploy("--all"), check.Serves(primary), check.Replicates(secondary))
)

func goesDown(side config.Side) stage.Step {
	return step(stage.Regions[side]+" goes down", do.TakeDown(side))
}

func returns(side config.Side) stage.Step {
	return step(stage.Regions[side]+" returns, and its database is resynchronised", do.BringBack(side), check.Eventually(check.Replicates(side)))
}

// swapped: an operator makes the side's cluster the writer, and no stack knows.
func swapped(to config.Side) stage.Step {
	return step("an operator swaps the writer", do.SwapByHand, check.Eventually(check.All(check.Writes(to), check.Replicates(to.Other()))))
}

// step is a sentence: what is done, and all that must be so when the sentence is over.
func step(says string, do stage.Action, checks ...stage.Check) stage.Step {
	return stage.Step{Says: says, Do: do, Check: check.All(checks...)}
}
