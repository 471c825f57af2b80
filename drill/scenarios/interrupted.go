package scenarios

import (
	"time"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/stage"
)

// interrupted: CloudFormation goes on without the CLI, and the CLI takes up what it finds.
var interrupted = stage.Scenario{
	Name: "interrupted",
	Says: "a command that was killed in the middle is run again, and completes",
	Steps: []stage.Step{
		step("the first deployment is killed in the middle", do.InOrder(do.Bootstrap, do.Killed(do.Deploying("--all"), primary, "CREATE_IN_PROGRESS"))),
		step("run again, it completes", do.Deploy("--all"), check.Serves(primary), check.Replicates(secondary), check.ImagePublished),
		outageBegun,
		step("the failover is killed in the middle", do.Killed(do.FailingOver(secondary), secondary, "UPDATE_IN_PROGRESS")),
		step("run again, it completes", do.FailOver(secondary), check.Writes(secondary), check.Runs(secondary, 1), check.HasRole(secondary, active)),
	},
}

// hangingSwitchover: the failover asks until AWS accepts it.
var hangingSwitchover = stage.Scenario{
	Name: "hanging-switchover",
	Says: "us-east-1 has an outage in the middle of a switchover, and the failover succeeds",
	Steps: []stage.Step{
		deployed,
		step("us-east-1 has an outage in the middle of a switchover", do.DieDuring(do.Deploying("--all", "-c", "failover=planned"), east+" is silent")),
		step("the failover to us-west-1 succeeds all the same", do.FailOver(secondary),
			check.Writes(secondary), check.Runs(secondary, 1), check.HasRole(secondary, active), check.ChangedBy(secondary, "failover")),
		outageEnded,
		failedBack,
	},
}

// wrongOrder: what is done in the wrong order is refused whole.
var wrongOrder = stage.Scenario{
	Name: "wrong-order",
	Says: "regions that are deployed or destroyed in the wrong order are refused whole",
	Steps: []stage.Step{
		step("the secondary is deployed first", do.InOrder(do.Bootstrap, do.Fails(do.Deploying("unishop-secondary", "--exclusively"), "Unable to fetch parameters [/unishop/image/baked]"))),
		step("in the right order it works", do.Deploy("--all"), check.Serves(primary), check.Replicates(secondary), check.ImagePublished),
		step("the primary is destroyed first", do.Refused(do.Destroying("unishop-primary", "--exclusively"),
			"destroy unishop-secondary first"), check.Writes(primary), check.Runs(primary, 1), check.Replicates(secondary)),
		step("everything is destroyed with the flag on", do.Refused(do.Destroying("--all", "-c", "failover=true"),
			"destroy unishop-secondary first"), check.Writes(primary), check.Runs(primary, 1), check.Replicates(secondary)),
		step("everything is destroyed without it", do.Destroy("--all"), check.NothingIsLeft),

		step("both regions are deployed again", do.Deploy("--all"), check.Serves(primary), check.Replicates(secondary)),
		outageBegun, failedOver,
		step("us-west-1 is to stay active for a while", do.Typed(do.FromLaptop(stage.Command{Arguments: []string{
			"deploy", "unishop-secondary", "-c", "failover=planned", "--require-approval", "never"}})),
			check.Writes(secondary), check.Runs(secondary, 1), check.HasRole(secondary, active)),
		step("the only copy of the data is destroyed", do.Refused(do.FromLaptop(do.Destroying("unishop-secondary", "--exclusively")),
			"the only copy of the data"), check.Writes(secondary), check.Runs(secondary, 1)),
		outageEnded,
		step("after the outage everything is destroyed: the failback comes first", do.Destroy("--all"), check.NothingIsLeft),
	},
}

// throttled: an outage of a region brings throttling elsewhere; a failover has 15 minutes.
var throttled = stage.Scenario{
	Name: "throttled",
	Says: "minutes of throttling delay a failover and a failback, and neither fails; a lost answer fails neither",
	Steps: []stage.Step{
		deployed, outageBegun,
		step("the failover to us-west-1 succeeds through a minute of throttling, and through half a minute more after AWS has begun to promote it",
			do.Meanwhile(do.FailingOver(secondary), do.Updates(secondary), do.InOrder(
				do.Busy(secondary), do.Until(do.Moves), stage.Action(do.FaultsMet), do.WithFaults(do.ThrottledFor(30*time.Second, emulator.Functions, "rds", secondary)))),
			check.FailedOver(secondary), do.FaultsMet),
		outageEnded, deactivated,
		step("the failback to us-east-1 succeeds, though AWS throttles the function's first calls in both regions", do.InOrder(
			do.WithFaults(do.Throttled("cloudformation", primary, 15), do.Throttled("rds", primary, 15), do.Throttled("rds", secondary, 5)),
			do.Deploy("--all")),
			check.Serves(primary), check.Replicates(secondary), check.ChangedBy(primary, "switchover"), do.FaultsMet),
		outageBegun,
		step("the failover to us-west-1 succeeds, though AWS's answer to it is lost", do.InOrder(do.WithFaults(emulator.Fault{
			Region: west, Service: "rds", Actions: []string{"FailoverGlobalCluster"}, Caller: emulator.Functions, Answer: emulator.Lost, Calls: 1}),
			do.FailOver(secondary)), check.FailedOver(secondary), check.ChangedBy(secondary, "failover (its answer was lost)"), do.FaultsMet),
	},
}
