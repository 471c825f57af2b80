package sandbox

import (
	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/do"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Deployment is what comes before the shell. The programs are built so that their modules are there: the shell's way out is
// closed.
var Deployment = stage.Scenario{
	Name: "sandbox",
	Says: "both regions are deployed for a person",
	Steps: []stage.Step{
		{Says: "the programs that are typed in the sandbox are built", Do: do.Typed(stage.Command{At: stage.Office,
			Shell: "go build -o /dev/null . ./cmd/failover ./cmd/kept ./unishop/bundle"})},
		{Says: "both regions are bootstrapped", Do: do.Bootstrap},
		{Says: "both regions are deployed: us-east-1 is active, us-west-1 is the standby", Do: do.Deploy("--all"),
			Check: check.All(check.Serves(config.Primary), check.Replicates(config.Secondary), check.ImagePublished)},
	},
}
