package scenarios

import (
	"time"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
)

const patched = "engine-version=8.0.mysql_aurora.3.10.5"

// upgraded: AWS patches its long-term versions of the engine about once a year.
var upgraded = stage.Scenario{
	Name: "upgraded",
	Says: "the runbook patches the engine, the reader first; the templates follow, and an older one changes nothing",
	Steps: []stage.Step{
		deployed,
		step("the reader is patched, then the writer", do.Runbook("Upgrade the database engine", "VERSION=8.0.mysql_aurora.3.10.5"),
			check.Serves(primary), check.Replicates(secondary)),
		step("the templates follow, and move nothing", do.Deploy("--all", "-c", patched), check.Serves(primary), check.Replicates(secondary)),
		outageBegun,
		step("the failover of an older template is refused before anything moves", do.Refused(do.FailingOver(secondary), "Cannot upgrade aurora-mysql"),
			check.HasRole(secondary, pilotLight)),
		step("failover to us-west-1", do.FailOver(secondary, "-c", patched), check.FailedOver(secondary)),
	},
}

// firstDeployment: the clusters take half an hour on AWS, and a rollback would delete them together with the logs.
var firstDeployment = stage.Scenario{
	Name: "first-deployment",
	Says: "a first deployment that fails keeps what it has, and the same command goes on from there",
	Steps: []stage.Step{
		step("the image's build fails, and database and logs stay", do.InOrder(do.Bootstrap, do.FailBuild,
			do.Fails(do.Deploying("--all", "--no-rollback"), "AWS::ImageBuilder::Image")),
			check.StackIs(primary, "CREATE_FAILED"), check.Writes(primary)),
		step("the same command goes on", do.Deploy("--all", "--no-rollback"),
			check.Serves(primary), check.Replicates(secondary), check.ImagePublished),
		step("everything is removed", do.Destroy("--all"), check.NothingIsLeft),
	},
}

// protected: the documented way to remove a protected system keeps what the protection promises.
var protected = stage.Scenario{
	Name: "protected",
	Says: "a protected system is removed by the runbook, and leaves a snapshot of each cluster with its key",
	Steps: []stage.Step{
		step("both regions are deployed, protected", do.InOrder(do.Bootstrap, do.Deploy("--all", "-c", "protect=true")),
			check.Serves(primary), check.Replicates(secondary)),
		step("a removal is refused", do.Refused(do.Destroying("--all", "-c", "protect=true"), "TerminationProtection"), check.Serves(primary)),
		step("the protection is lifted", do.Runbook("Remove a protected system", "update-termination-protection"), check.Serves(primary)),
		step("everything is removed but the snapshots and their keys", do.Destroy("--all", "-c", "protect=true"), check.SnapshotsAreLeft),
	},
}

// restored: an error in the data is replicated within a second, and the lost writes of a failover end in a snapshot. The
// commands of both ways are the runbook's.
var restored = stage.Scenario{
	Name: "restored",
	Says: "damaged rows come back from the backups, and the lost writes of a failover from AWS's snapshot, by the runbook",
	Steps: []stage.Step{
		deployed,
		step("a customer fills a basket", do.Shop(primary, "ada@example.com"), check.Knows(primary, "ada@example.com")),
		step("an error removes all customers, in both regions", do.Damage,
			check.Eventually(check.All(check.Rows(primary, 0), check.Rows(secondary, 0)))),
		step("the data of a moment before are restored beside the system, which goes on", do.RestoreToTime(primary),
			check.Serves(primary), check.Replicates(secondary), check.Rows(primary, 0)),
		step("the rows are put back, and the customer finds the basket", do.PutRowsBack(primary),
			check.Knows(primary, "ada@example.com"), check.Eventually(check.Rows(secondary, 1))),
		step("the restored cluster is removed", do.RemoveRestored(primary), check.OnlyTheSystem, check.Serves(primary)),

		step("us-west-1 is a minute behind, and another customer fills a basket", do.InOrder(do.Delayed(time.Minute), do.Shop(primary, "bob@example.com"))),
		outageBegun,
		step("failover to us-west-1, which lacks that customer", do.FailOver(secondary), check.FailedOver(secondary), check.Rows(secondary, 1)),
		step("us-west-1 gets no more delay, and a third customer", do.InOrder(do.Delayed(0), do.Shop(secondary, "eve@example.com"))),
		outageEnded,
		step("the runbook finds the instance that serves now, and reads its logs", do.FindSilentInstance),
		step("the snapshot of the lost writes is saved", do.Runbook("The lost region returns", "unishop-lost-writes"), check.Rows(secondary, 2)),
		step("it is restored beside us-west-1", do.RestoreLostWrites, check.Serves(secondary), check.Rows(secondary, 2)),
		step("its rows are put in, and every customer is there", do.PutRowsBack(secondary), check.Knows(secondary, "ada@example.com"),
			check.Knows(secondary, "bob@example.com"), check.Knows(secondary, "eve@example.com"), check.Eventually(check.Rows(primary, 3))),
		step("the restored cluster is removed", do.RemoveRestored(secondary), check.OnlyTheSystem, check.Serves(secondary)),
	},
}
