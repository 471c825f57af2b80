package scenarios

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/pages"
	"unishop-pilot-light/drill/stage"
)

// noImage: CloudFormation looks the image up before it touches anything.
var noImage = stage.Scenario{
	Name: "no-image",
	Says: "reconcile publishes a wrong or missing image again; a failover without one is refused before anything changes",
	Steps: []stage.Step{
		deployed,
		step("an operator publishes another image, and reconcile=1 publishes the proven one", do.Unchanged(do.InOrder(
			do.PublishOther, do.Deploy("--all", "-c", "reconcile=1"))), check.Serves(primary)),
		step("an operator removes the parameter of the image, and reconcile=2 publishes the proven one", do.Unchanged(do.InOrder(
			do.ForgetImage, do.Deploy("--all", "-c", "reconcile=2"))), check.Serves(primary)),
		step("the parameter is removed once more", do.ForgetImage),
		outageBegun,
		step("the failover to us-west-1 is refused", do.Refused(do.FailingOver(secondary), "/unishop/image"), check.HasRole(secondary, pilotLight)),
		step("the newest image is written back by hand", pages.WriteImageBack, check.ImagePublished),
		failedOver,
	},
}

// badRelease: an image reaches the pilot light only after it has served in the primary.
var badRelease = stage.Scenario{
	Name: "bad-release",
	Says: "a release that does not start is rolled back, and the pilot light keeps the proven image",
	Steps: []stage.Step{
		deployed,
		step("a release that does not start is rolled back while the old one goes on serving", do.InOrder(
			do.UploadBadRelease, do.Refused(do.BadDeployment(), "FAILURE signal")),
			check.Serves(primary), check.ImagePublished),
		outageBegun,
		step("failover to us-west-1 with the old release", do.FailOver(secondary), check.FailedOver(secondary)),
		outageEnded,
		deactivated,
		step("a release is refused while us-east-1 is deactivated, since nothing proves its image", do.Refused(
			do.BadDeployment("-c", "failover=planned"), "us-east-1 is not active, so nothing has served from this image"),
			check.Serves(secondary), check.ImagePublished),
		failedBack,
	},
}

// noCapacity: what has been promoted stays promoted, and the same command finishes the work.
var noCapacity = stage.Scenario{
	Name: "no-capacity",
	Says: "an instance that fails after the promotion is repeated, and nothing is promoted twice",
	Steps: []stage.Step{
		deployed,
		outageBegun,
		step("us-west-1 is promoted, and has no capacity for the instance", do.InOrder(
			do.Shortage(west, emulator.WriterChanged), do.Fails(do.FailingOver(secondary), "no capacity")),
			check.Writes(secondary), check.Runs(secondary, 0), check.HasRole(secondary, pilotLight)),
		step("the same command with another size succeeds", do.FailOver(secondary, "-c", "server-class=t3.large"),
			check.Writes(secondary), check.Runs(secondary, 1), check.HasRole(secondary, active), check.ChangedBy(secondary, "nothing: already the writer")),
	},
}

// failedFailback: in a switchover the instance comes first.
var failedFailback = stage.Scenario{
	Name: "failed-failback",
	Says: "a failback whose instance fails moves nothing",
	Steps: []stage.Step{
		deployed, outageBegun, failedOver, outageEnded, deactivated,
		step("us-east-1 has no capacity: the failback is rolled back, and us-west-1 goes on serving", do.InOrder(
			do.Shortage(east, ""), do.Refused(do.Deploying("--all"), "no capacity")), check.Serves(secondary), check.Replicates(primary)),
		step("us-east-1 has capacity again", do.EndShortage),
		failedBack,
	},
}

// stuck: the declared role and the real one differ, and no property changes that would have CloudFormation call.
var stuck = stage.Scenario{
	Name: "stuck",
	Says: "whenever the declared role and the real one differ, -c reconcile= makes them agree",
	Steps: []stage.Step{
		deployed,
		outageBegun,
		step("an activation is rolled back after the promotion", do.InOrder(
			do.Shortage(west, emulator.WriterChanged), do.Fails(do.FailingOver(secondary), "no capacity"), do.EndShortage),
			check.Writes(secondary), check.HasRole(secondary, pilotLight)),
		outageEnded,
		step("reconcile=1 makes the cluster of us-east-1 the writer", do.Deploy("--all", "-c", "reconcile=1"),
			check.Serves(primary), check.Replicates(secondary), check.ChangedBy(primary, "switchover")),
		switchedOver,
		step("us-east-1 is active again, but not the writer", do.ActivateWithoutWriter, check.Writes(secondary), check.HasRole(primary, active)),
		step("a deactivation of us-west-1 is rolled back after the switchover", do.RollBackDeactivation, check.Writes(primary), check.HasRole(secondary, active), check.Runs(secondary, 1)),
		step("reconcile=2 makes the cluster of us-west-1 the writer", do.Deploy("--all", "-c", "failover=planned", "-c", "reconcile=2"),
			check.Serves(secondary), check.Replicates(primary), check.ChangedBy(secondary, "switchover")),
		failedBack,
		swapped(secondary),
		step("reconcile=3 makes the cluster of us-east-1 the writer", do.Deploy("--all", "-c", "reconcile=3"),
			check.Serves(primary), check.Replicates(secondary), check.ChangedBy(primary, "switchover")),
	},
}
