package scenarios

import (
	"time"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/pages"
	"unishop-pilot-light/drill/stage"
)

const patched = "engine-version=8.0.mysql_aurora.3.10.5"

// upgraded: AWS patches its long-term versions of the engine about once a year.
var upgraded = stage.Scenario{
	Name: "upgraded",
	Says: "the runbook patches the engine, the reader first; the templates follow, and an older one changes nothing",
	Steps: []stage.Step{
		deployed,
		step("the reader is patched, then the writer", pages.Runbook("Upgrade the database engine", "VERSION=8.0.mysql_aurora.3.10.5"),
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
		step("the protection is lifted", pages.Runbook("Remove a protected system", "update-termination-protection"), check.Serves(primary)),
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
		step("an error removes all customers, in both regions", pages.Damage,
			check.Eventually(check.All(check.Rows(primary, 0), check.Rows(secondary, 0)))),
		step("the data of a moment before are restored beside the system, which goes on", pages.RestoreToTime(primary),
			check.Serves(primary), check.Replicates(secondary), check.Rows(primary, 0)),
		step("the rows are put back, and the customer finds the basket", pages.PutRowsBack(primary),
			check.Knows(primary, "ada@example.com"), check.Eventually(check.Rows(secondary, 1))),
		step("the restored cluster is removed", pages.RemoveRestored(primary), check.OnlyTheSystem, check.Serves(primary)),

		step("us-west-1 is a minute behind, and another customer fills a basket", do.InOrder(do.Delayed(time.Minute), do.Shop(primary, "bob@example.com"))),
		outageBegun,
		step("failover to us-west-1, which lacks that customer", do.FailOver(secondary), check.FailedOver(secondary), check.Rows(secondary, 1)),
		step("us-west-1 gets no more delay, and a third customer", do.InOrder(do.Delayed(0), do.Shop(secondary, "eve@example.com"))),
		outageEnded,
		step("the runbook finds the instance that serves now, and reads its logs", pages.FindSilentInstance),
		step("the snapshot of the lost writes is saved", pages.Runbook("The lost region returns", "unishop-lost-writes"), check.Rows(secondary, 2)),
		step("it is restored beside us-west-1", pages.RestoreLostWrites, check.FailedOver(secondary), check.Rows(secondary, 2)),
		step("its rows are put in, and every customer is there", pages.PutRowsBack(secondary), check.Knows(secondary, "ada@example.com"),
			check.Knows(secondary, "bob@example.com"), check.Knows(secondary, "eve@example.com"), check.Eventually(check.Rows(primary, 3))),
		step("the restored cluster is removed", pages.RemoveRestored(secondary), check.OnlyTheSystem, check.FailedOver(secondary)),
	},
}

const back = "A release that is bad"

// images of the scenario that runs, by a word for their release.
var images do.Images

// released: the sources stay, and the date is another one.
func released(date string) stage.Action {
	return do.InOrder(do.Commit("image-date", date), do.Deploy("--all"))
}

// monthly: nothing changes but the date.
var monthly = stage.Scenario{
	Name: "monthly",
	Says: "another image-date bakes unchanged sources again, the pilot light follows, and the image before is kept",
	Steps: []stage.Step{
		deployed,
		step("the first image is the only one", images.Note("first"), check.Kept(1), check.SameBake),
		step("another image-date is another image, which serves and reaches the pilot light", released("2026-12-01"),
			check.Serves(primary), check.Replicates(secondary), check.ImagePublished, images.AreNot("first"), check.Kept(2), check.SameBake),
		step("the same image-date changes nothing", do.Unchanged(do.Deploy("--all")), check.Kept(2)),
		step("a build that fails is rolled back and leaves both images", do.InOrder(do.FailBuild, do.Refused(
			do.Deploying("--all", "-c", "image-date=2027-01-01"), "AWS::ImageBuilder::Image")), check.Serves(primary), check.Kept(2)),
		step("a third image replaces the first", released("2027-01-02"), check.Serves(primary), check.ImagePublished, check.Kept(2), check.SameBake),
		outageBegun, failedOver,
		step("us-west-1 serves from the image before, during the outage of us-east-1", do.FailOver(secondary, "-c", "server-image=previous"),
			check.Writes(secondary), check.HasRole(secondary, active), check.BootedPrevious(secondary)),
		outageEnded, failedBack,
		step("the pilot light is removed, and then everything", do.InOrder(do.Destroy("unishop-secondary"), do.Destroy("--all")), check.NothingIsLeft),
	},
}

// previous: a release serves, and is found bad an hour later.
var previous = stage.Scenario{
	Name: "previous",
	Says: "the image before serves again by one command, the pilot light follows, and the next release comes forward",
	Steps: []stage.Step{
		deployed,
		step("without an image before, the command is refused", do.InOrder(images.Note("good"),
			do.Refused(do.Deploying("--all", "-c", "server-image=previous"), "/unishop/image/previous"))),
		step("a release serves in the primary and reaches the pilot light", released("2026-12-01"), check.Serves(primary), images.AreNot("good"), check.Kept(2)),
		step("it is found bad: one command serves from the image before, and the pilot light follows", do.InOrder(images.Note("bad"),
			pages.Runbook(back, "server-image=previous"), do.Commit("server-image", "previous")),
			check.Serves(primary), images.Are("good"), check.Kept(2), check.SameBake),
		step("a release that does not start is rolled back, and both images stay", do.InOrder(do.UploadBadRelease,
			do.Refused(do.BadDeployment("-c", "server-image=current"), "FAILURE signal")), images.Are("good"), check.Kept(2)),
		outageBegun,
		step("failover to us-west-1 with the good image, by a command that does not name it", do.FailOver(secondary, "-c", "server-image=current"),
			check.FailedOver(secondary)),
		outageEnded,
		step("failback to the good image", do.Deploy("--all"), check.Serves(primary), images.Are("good")),
		step("the newer image serves again when it is asked for", do.InOrder(do.Commit("server-image", "current"), do.Deploy("--all")),
			check.Serves(primary), images.Are("bad"), check.Kept(2), check.SameBake),
		step("and the one before again", do.InOrder(do.Commit("server-image", "previous"), do.Deploy("--all")), check.Serves(primary), images.Are("good")),
		step("the next release comes forward", do.InOrder(do.Commit("server-image", "current"), released("2026-12-02")),
			check.Serves(primary), images.AreNot("good"), images.AreNot("bad"), check.Kept(2), check.SameBake),
		step("the way back from it leads past the bad release", pages.Runbook(back, "server-image=previous"), check.Serves(primary), images.Are("good"), check.Kept(2)),
		step("everything is removed", do.InOrder(do.Destroy("--all"), pages.RemoveReleases), check.NothingIsLeft),
	},
}
