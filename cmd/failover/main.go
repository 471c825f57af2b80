// Command failover types the failover's command, after it has compared what that would deploy with what is deployed:
//
//	failover [-go-on] [-to secondary|primary] [-- arguments of cdk deploy]
//
// A failover from another release than the deployed one may change IAM or a bucket, whose control planes the lost region
// may have taken along. The command then names what differs and stops; with -go-on it deploys all the same. Names and
// regions are those of cdk.json. It asks nothing of the lost region.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"

	"unishop-pilot-light/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err == nil {
		return
	}
	// What the CDK CLI has to say it has said.
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		os.Exit(max(1, exit.ExitCode()))
	}
	fmt.Fprintln(os.Stderr, "failover:", err)
	os.Exit(1)
}

func run(ctx context.Context, arguments []string) error {
	flags := flag.NewFlagSet("failover", flag.ExitOnError)
	to := flags.String("to", string(config.Secondary), "the side to activate: secondary or primary")
	goOn := flags.Bool("go-on", false, "deploy although more than a failover would change")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	f, err := newFailover(config.Side(*to), flags.Args())
	if err != nil {
		return err
	}
	defer f.cleanUp()
	if err := f.synthesize(ctx); err != nil {
		return err
	}
	if err := f.compare(ctx); err != nil {
		if !*goOn {
			return fmt.Errorf("%w\nTo deploy all the same: make failover%s GO_ON=yes", err, f.target())
		}
		fmt.Fprintf(os.Stderr, "failover: going on although: %v\n", err)
	}
	return f.deploy(ctx)
}
