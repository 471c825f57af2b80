package scenarios

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/measure"
	"unishop-pilot-light/drill/pages"
	"unishop-pilot-light/drill/stage"
)

const notAMember = "A cluster that is not in the global database"

// detached: what an operator detached is replaced, as the runbook has it, by a database that serves.
var detached = stage.Scenario{
	Name: "detached",
	Says: "a cluster that an operator detached is named with the way out, which leads to a database that serves",
	Steps: []stage.Step{
		deployed,
		switchedOver,
		step("an operator detaches the cluster of us-east-1", do.Typed(stage.Command{At: stage.Laptop, AWS: true, Arguments: []string{
			"rds", "remove-from-global-cluster", "--region", east, "--global-cluster-identifier", stage.Declared.Names.GlobalCluster(),
			"--db-cluster-identifier", do.ClusterARN(primary)}})),
		step("the only copy of the data is not deactivated, and the message names the way out", do.Refused(deactivation, "the only copy of the data", notAMember)),
		step("the way out replaces the cluster by one that joins", pages.Runbook(notAMember, "create-db-cluster-snapshot", "delete-db-instance"),
			check.Writes(secondary), check.Eventually(check.Replicates(primary))),
		step("reconcile=1 has both roles checked and brought about", do.Deploy("--all", "-c", "failover=planned", "-c", "reconcile=1"), check.Serves(secondary), check.Replicates(primary)),
		failedBack,
		step("customers buy", do.InOrder(measure.Begin, measure.Buying(primary), measure.End)),
	},
}

// resynchronisation of the primary's database is held until the scenario lets it go on.
var resynchronisation = do.Hold(emulator.MemberResynchronised)

// deactivation is what an operator types who has forgotten the flag.
var deactivation = do.Deploying("unishop-secondary", "--exclusively")

var forgottenFlag = stage.Scenario{
	Name: "forgotten-flag",
	Says: "the active region is not deactivated before the other region can serve",
	Steps: []stage.Step{
		deployed, outageBegun, failedOver,
		step("during the outage of us-east-1 the deactivation of the only copy is refused", do.Refused(do.FromLaptop(deactivation), "the only copy of the data"),
			check.Writes(secondary), check.Runs(secondary, 1)),
		step("the outage of us-east-1 ends, and its database is not resynchronised yet", do.InOrder(resynchronisation.Begin, do.BringBack(primary)), check.Eventually(check.IsMember(primary))),
		step("the deactivation is refused while the database of us-east-1 is resynchronised", do.Refused(deactivation, "no region would be active: unishop-primary is not ready", "being resynchronised"),
			check.Writes(secondary), check.Runs(secondary, 1)),
		step("it is resynchronised", resynchronisation.Release, check.Eventually(check.Replicates(primary))),
		deactivated,
		step("the deactivation is refused while us-east-1 is deactivated", do.Refused(deactivation, "no region would be active: unishop-primary is not ready"),
			check.Serves(secondary)),
		step("CloudFormation alone is refused too", do.Unchanged(do.DeactivateByTemplate), check.Serves(secondary)),
		failedBack,
		outageBegun, failedOver, outageEnded,
		step("us-east-1 is ready to serve: the deactivation is a failback to us-east-1", do.Typed(deactivation),
			check.Serves(primary), check.Replicates(secondary), check.ChangedBy(secondary, "switchover")),
	},
}

// unserved: CloudFormation does not see what is lost outside it.
var unserved = stage.Scenario{
	Name: "unserved",
	Says: "what was lost outside CloudFormation is named with a new value of reconcile, and another server-zone brings it back",
	Steps: []stage.Step{
		deployed,
		step("the instance is terminated by hand, and a deployment does not see it", do.InOrder(do.Terminate, do.Deploy("--all")), check.Runs(primary, 0)),
		step("reconcile=1 names what is gone", do.Refused(do.Deploying("--all", "-c", "reconcile=1"), "/config.json: HTTP Error 404", "server-zone=2")),
		step("another server-zone brings it back", do.Deploy("--all", "-c", "server-zone=2", "-c", "reconcile=1"), check.Serves(primary)),
		step("the page is deleted by hand", do.EmptySite("--exclude", "config.json")),
		step("reconcile=2 names what is gone", do.Refused(do.Deploying("--all", "-c", "server-zone=2", "-c", "reconcile=2"), "amazonaws.com: HTTP Error 404")),
		step("the first server-zone brings it back", do.Deploy("--all", "-c", "reconcile=2"), check.Serves(primary)),
	},
}
