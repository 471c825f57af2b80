// Command preflight asks the AWS account of the shell's credentials whether the system that cdk.json declares can be deployed
// to it, in both regions, and says what to do about whatever is in the way:
//
//	preflight [-c key=value ...]
//
// It changes nothing. It ends with 0 when nothing was found, 1 when something was, 2 when it could not look.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/preflight"
)

// limit of it all: it takes a few seconds.
const limit = 3 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ctx, cancel := context.WithTimeout(ctx, limit)
	code, err := run(ctx, os.Args[1:])
	cancel()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "preflight:", err)
	}
	os.Exit(code)
}

func run(ctx context.Context, arguments []string) (code int, err error) {
	cfg, err := config.Read("cdk.json", config.Typed(arguments))
	if err != nil {
		return 2, err
	}
	shell, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return 2, err
	}
	account := preflight.Account{Config: cfg, AWS: shell, Now: time.Now()}
	if err := account.Identify(ctx, shell.ConfigSources...); err != nil {
		return 2, fmt.Errorf("AWS does not say whose the credentials are: %w\nLog in, or set credentials; then `aws sts get-caller-identity` must answer", err)
	}
	fmt.Printf("%s in account %s, %s and %s, before its first deployment. Nothing is changed.\n",
		cfg.Names, account.Identity.Account, cfg.Primary.Name, cfg.Secondary.Name)
	words, code := preflight.Sum(account.Run(ctx, func(r preflight.Result) { preflight.Print(os.Stdout, r) }))
	fmt.Println(words)
	return code, nil
}
