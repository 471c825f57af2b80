package scenarios

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
)

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
