// Unishop on a pilot light: two stacks in two regions, one of them active.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/kernel"
	"unishop-pilot-light/stacks"
)

func main() {
	os.Exit(kernel.Run(func() int {
		if err := run(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}))
}

func run() error {
	app := awscdk.NewApp(nil)
	context, _ := app.Node().GetAllContext(nil).(map[string]any)
	cfg, err := config.Parse(context)
	if err != nil {
		return err
	}
	// Where the CDK CLI takes the context from, apart from the command line.
	if err := cfg.CheckCommitted("cdk.json", "cdk.context.json"); err != nil {
		return err
	}
	cfg.Stamp(time.Now())
	cfg.CLIRegion = os.Getenv("CDK_DEFAULT_REGION") // set by the CLI: https://docs.aws.amazon.com/cdk/v2/guide/environments.html
	return stacks.Synthesize(app, cfg)
}
