package scenarios

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/pages"
	"unishop-pilot-light/drill/stage"
)

// What a change set of the page shows when a role changes, and what follows a failover.
const (
	activates   = "Add AWS::EC2::Instance, Modify Custom::RegionRole"
	deactivates = "Modify Custom::RegionRole, Remove AWS::EC2::Instance"
	confirms    = "Modify Custom::RegionRole"
	upgrades    = "Modify AWS::IAM::Role, Modify Custom::Images, Modify Custom::PublishedImage, Replace AWS::EC2::Instance, " +
		"Replace AWS::ImageBuilder::Component, Replace AWS::ImageBuilder::Image, Replace AWS::ImageBuilder::ImageRecipe"
)

// Sections of the page.
var (
	outageOfEast = "An outage of " + east
	outageOfWest = "An outage of " + west + " while it is active"
)

const (
	failBack       = "Fail back"
	aSwitchover    = "A switchover"
	anotherRelease = "Upgrade to another release"
)

// handedOver: what `make templates` writes is all that CloudFormation needs. Nothing here is bootstrapped, and every command
// is the page's.
var handedOver = stage.Scenario{
	Name: "handed-over",
	Says: "the files of make templates and the AWS CLI are enough, from the deployment in an account without a bootstrap to the removal",
	Steps: []stage.Step{
		step("the bundle is uploaded, and the templates are written and checked", do.InOrder(pages.MakeReleases, pages.HandOver(do.Releases),
			pages.HandedOver("Check the files", []string{"SHA256SUMS"}, "true/unishop-secondary.template.json: OK"))),
		step("both regions are deployed", pages.HandedOver("Deploy", []string{"create-stack", "--enable-termination-protection", "WebsiteURL"},
			"http://unishop-primary-"), check.Serves(primary), check.Replicates(secondary), check.ImagePublished),
		outageBegun,
		step("failover to us-west-1", pages.HandedOver(outageOfEast, []string{"RELEASE=", "failover.json"}, `"Release":{"Value":"`), check.FailedOver(secondary)),
		step("the failover is confirmed", pages.ChangeSet(outageOfEast, "planned/unishop-secondary", confirms),
			check.Writes(secondary), check.Runs(secondary, 1), check.HasRole(secondary, active)),
		outageEnded,
		step("us-east-1 is deactivated", do.InOrder(pages.HandedOver(failBack, []string{"describe-global-clusters"}, "True connected", "False connected"),
			pages.ChangeSet(failBack, "planned/unishop-primary", deactivates)), check.Serves(secondary), check.Replicates(primary)),
		step("failback to us-east-1", do.InOrder(pages.ChangeSet(failBack, "false/unishop-primary", activates),
			pages.ChangeSet(failBack, "false/unishop-secondary", deactivates)),
			check.Serves(primary), check.Replicates(secondary), check.ChangedBy(primary, "switchover")),
		step("switchover to us-west-1", do.InOrder(pages.ChangeSet(aSwitchover, "planned/unishop-secondary", activates),
			pages.ChangeSet(aSwitchover, "planned/unishop-primary", deactivates)),
			check.Serves(secondary), check.Replicates(primary), check.ChangedBy(secondary, "switchover")),
		beginOutage(secondary),
		step("failover to us-east-1", pages.HandedOver(outageOfWest, []string{"RELEASE=", "failover.json"}, `"Release":{"Value":"`), check.FailedOver(primary)),
		step("the failover is confirmed", pages.ChangeSet(outageOfWest, "false/unishop-primary", confirms), check.Writes(primary), check.Runs(primary, 1)),
		endOutage(secondary),
		step("us-west-1 becomes the pilot light", pages.ChangeSet(outageOfWest, "false/unishop-secondary", deactivates),
			check.Serves(primary), check.Replicates(secondary)),
		step("both regions are upgraded with the files of another bundle", do.InOrder(pages.HandOver(do.Releases+"/next"),
			pages.ChangeSet(anotherRelease, "false/unishop-primary", upgrades), pages.ChangeSet(anotherRelease, "false/unishop-secondary", "")),
			check.Serves(primary), check.Replicates(secondary), check.ImagePublished),
		step("everything is removed", do.InOrder(pages.HandedOver("Clean up", []string{"delete-stack"}), pages.RemoveReleases), check.NothingIsLeft, pages.EveryBlockTyped),
	},
}
