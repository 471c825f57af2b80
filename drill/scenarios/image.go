package scenarios

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
)

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
			do.Runbook(back, "server-image=previous"), do.Commit("server-image", "previous")),
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
		step("the way back from it leads past the bad release", do.Runbook(back, "server-image=previous"), check.Serves(primary), images.Are("good"), check.Kept(2)),
		step("everything is removed", do.Destroy("--all"), check.NothingIsLeft),
	},
}
