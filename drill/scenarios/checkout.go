package scenarios

import (
	"slices"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
)

// otherCheckout: who fails over from another checkout than the deployed release may change IAM, whose control plane the
// lost region has taken along.
var otherCheckout = stage.Scenario{
	Name: "other-checkout",
	Says: "a failover that would change more than a failover is stopped and says what it would change; harmless differences do not stop it",
	Steps: []stage.Step{
		deployed,
		step("a clone of the release is made", do.MakeClone),
		outageBegun,
		step("with another statement in a role the failover is stopped before anything changes", do.InOrder(
			do.EditInClone("constructs/region_role.go", `"cloudwatch:GetMetricStatistics"}`, `"cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics"}`),
			do.Refused(do.MakeInClone("failover"), "is deployed from release", "Resources RegionRole", "(AWS::IAM::Role)", "make failover GO_ON=yes")),
			check.HasRole(secondary, pilotLight)),
		step("with another page, comment and description the failover is not stopped", do.InOrder(
			do.EditInClone("constructs/region_role.go", `, "cloudwatch:ListMetrics"}`, `}`),
			do.EditInClone("constructs/functions/region_role.py", "\ndef act(", "\n# Another comment.\ndef act("),
			do.EditInClone("stacks/stacks.go", `"Unishop on a pilot light: the %s region"`, `"Unishop: the %s region"`), do.ChangePage("other"),
			do.Typed(do.MakeInClone("failover"))), check.FailedOver(secondary)),
	},
}

// cleanClone types the documented commands as they are, program and release bundle included.
var cleanClone = stage.Scenario{
	Name: "clean-clone",
	Says: "a clone needs Go and Node alone, and a JDK with Maven only when a release is uploaded that is not there yet",
	Steps: []stage.Step{
		step("a clean clone compares both stacks with an empty account", do.InOrder(do.Bootstrap, do.MakeClone,
			do.Prints(do.InClone("ls"), "unishop-primary", "unishop-secondary"), do.Typed(do.InClone("synth", "--quiet")),
			do.Prints(do.InClone("diff"), "Number of stacks with differences: 2")), check.NothingIsLeft),
		deployed,
		step("the clone of what is deployed differs in nothing, and needs no bundle to deploy it", do.Unchanged(do.InOrder(
			do.Prints(do.InClone("diff"), "Number of stacks with differences: 0"), do.Typed(do.InClone("deploy", "--all")))), check.Serves(primary)),
		step("another page is another release, which cannot be built without a JDK and Maven", do.InOrder(do.ChangePage("first"),
			do.Prints(do.InClone("diff"), "differences: 2"),
			do.Refused(do.InClone("deploy", "--all"), "javac: missing", "mvn: missing", "-c artifact=s3://bucket/")), check.Serves(primary)),
		step("what was synthesized before the page changed again is not built from the new one", do.InOrder(do.ChangePage("second"),
			do.Refused(do.Equipped(do.InClone("deploy", "--all", "--app", "cdk.out")), "was synthesized")), check.Serves(primary)),
		step("with a JDK and Maven the same command builds and releases it", do.Typed(do.Equipped(do.InClone("deploy", "--all"))),
			check.Serves(primary), check.Replicates(secondary), check.ImagePublished, check.ReleasedFromClone, check.Shows("second")),
		outageBegun,
		step("failover to us-west-1 from the clone, without a JDK and Maven", do.Typed(do.WithRegion(secondary, do.InClone("deploy", "unishop-secondary", "-c", "failover=true"))),
			check.Writes(secondary), check.Runs(secondary, 1), check.HasRole(secondary, active)),
		outageEnded,
		step("everything is removed from the clone", do.Typed(do.InClone("destroy", "--all", "--force")), check.NothingIsLeft),
	},
}

// flag: a typo that is read as "false" during a disaster would be the worst bug that this project can have.
var flag = stage.Scenario{
	Name: "flag",
	Says: "every form of the failover flag is understood, or refused before anything is written",
	Steps: []stage.Step{
		step("the command line's values that are understood", do.InOrder(
			do.Reads(do.TypedFlag("false"), primary), do.Reads(do.TypedFlag("planned"), secondary), do.Reads(do.TypedFlag("true"), secondary))),
		step("cdk.json's values that are understood", do.InOrder(
			do.Reads(do.CommittedFlag(nil), primary), do.Reads(do.CommittedFlag(false), primary), do.Reads(do.CommittedFlag("false"), primary),
			do.Reads(do.CommittedFlag("planned"), secondary))),
		step("the command line's values that are refused", do.InOrder(
			do.Doubts(do.TypedFlag("yes"), `failover: "yes" is not allowed`), do.Doubts(do.TypedFlag("True"), `failover: "True" is not allowed`),
			do.Doubts(do.TypedFlag("1"), `failover: "1" is not allowed`), do.Doubts(do.TypedFlag(""), `failover: "" is not allowed`)), check.NothingIsLeft),
		step("cdk.json's values that are refused", do.InOrder(
			do.Doubts(do.CommittedFlag(true), `failover: the JSON value true is not allowed`, `"planned"`),
			do.Doubts(do.CommittedFlag(1), "failover: the JSON value 1 is not allowed"),
			do.Doubts(do.CommittedFlag(""), `failover: "" is not allowed`)), check.NothingIsLeft),
		step("two misspelt keys are refused", do.InOrder(
			do.Doubts(do.FlagForm{Arguments: []string{"-c", "failovr=true", "-c", "artefact=s3://b/k.tar.gz"}},
				"failovr: unknown context key: did you mean failover?", "artefact: unknown context key: did you mean artifact?")), check.NothingIsLeft),
	},
}

// What `cdk diff` shows of a role change. It cannot see that a changed role moves the database.
var (
	ofActivation   = []string{"[+] AWS::EC2::Instance", "[+] Output InstanceId", "[~] Output Role"}
	ofDeactivation = []string{"[-] AWS::EC2::Instance destroy", "[-] Output InstanceId", "[~] Output Role"}
)

// compared: `cdk diff` finds what a command will change, in the templates and on live stacks.
var compared = stage.Scenario{
	Name: "compared",
	Says: "cdk diff finds nothing after a deployment, and before one exactly what it will change",
	Steps: []stage.Step{
		deployed,
		step("after the deployment it shows nothing", do.Shows(do.Comparing())),
		step("of another server it shows the instance", do.Shows(do.Comparing("-c", "server-class=t3.medium"), "[~] AWS::EC2::Instance: InstanceType")),
		step("of another database class it shows both DB instances and the release", do.Shows(do.Comparing("-c", "database-class=db.r6g.xlarge"),
			"[~] AWS::RDS::DBInstance: DBInstanceClass", "[~] AWS::RDS::DBInstance: DBInstanceClass", "[~] Output Release", "[~] Output Release")),
		step("of another bundle it shows the image, the instance and the release", do.Shows(do.Comparing("-c", "artifact=s3://releases/unishop-2.tar.gz"),
			"[~] AWS::EC2::Instance replace: ImageId", "[~] AWS::IAM::Role: Policies", "[~] AWS::ImageBuilder::Component replace: Data, Version",
			"[~] AWS::ImageBuilder::Image replace: ImageRecipeArn", "[~] AWS::ImageBuilder::ImageRecipe replace: Components, Version",
			"[~] Custom::Images: Version", "[~] Output Release", "[~] Output Release")),
		outageBegun,
		step("of a failover it shows the instance, its image and the role", do.Shows(do.FromLaptop(do.Comparing("unishop-secondary", "-c", "failover=true")),
			slices.Concat(ofActivation, []string{"[+] Parameter Image", "[-] Output ImageBaked", "[-] Parameter Baked",
				"[~] Custom::RegionRole: Attempt, Role, Way"})...)),
		failedOver,
		step("of the same failover it shows another attempt", do.Shows(do.FromLaptop(do.Comparing("unishop-secondary", "-c", "failover=true")),
			"[~] Custom::RegionRole: Attempt")),
		step("of its confirmation it shows the role", do.Shows(do.FromLaptop(do.Comparing("unishop-secondary", "-c", "failover=planned")),
			"[+] Output ImageBaked", "[+] Parameter Baked", "[~] Custom::RegionRole: Attempt, Way, DependsOn")),
		outageEnded,
		step("of the deactivation it shows the instance and the role, and that the failover is not confirmed", do.Shows(
			do.Comparing("unishop-primary", "-c", "failover=planned"), slices.Concat(ofDeactivation, []string{"[+] Output ImageBaked", "[+] Parameter Baked",
				"[~] Custom::PublishedImage: DependsOn", "[~] Custom::RegionRole: Attempt, Way, DependsOn", "[~] Custom::RegionRole: Role, DependsOn"})...)),
		deactivated,
		step("after it it shows nothing", do.Shows(do.Comparing("unishop-primary", "-c", "failover=planned"))),
		step("of the failback it shows both", do.Shows(do.Comparing(), slices.Concat(ofActivation, ofDeactivation, []string{"[-] Parameter Image",
			"[~] Custom::PublishedImage: DependsOn", "[~] Custom::RegionRole: Role, DependsOn", "[~] Custom::RegionRole: Role, DependsOn"})...)),
		failedBack,
		step("after it it shows nothing", do.Shows(do.Comparing())),
	},
}
