// Command review says what the changes of a branch would do to a deployed system, in every mode of failover, without an
// account, a JDK or Maven:
//
//	review [-base REF] [-json] [-accept LOGICAL_ID]...
//
// It compares the working folder, committed or not, with a base: by default with the commit at which the branch left main.
// Its exit status is 0 when nothing differs, 3 when something does, 4 when something blocks that was not accepted, and 1
// when it failed: then nothing is known.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"unishop-pilot-light/cmd/review/checkout"
	"unishop-pilot-light/cmd/review/page"
	"unishop-pilot-light/cmd/review/rules"
)

// The exit statuses. Go itself ends with 2 in a panic, which is a failure too.
const (
	nothing = 0
	failed  = 1
	differs = 3
	blocks  = 4
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status, err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "review:", err)
	}
	os.Exit(status)
}

func run(ctx context.Context, arguments []string, out io.Writer) (status int, err error) {
	flags := flag.NewFlagSet("review", flag.ContinueOnError)
	base := flags.String("base", "", "a branch, a tag or a commit to compare with")
	asJSON := flags.Bool("json", false, "write JSON instead of a Markdown page")
	var accepted []string
	flags.Func("accept", "the id of a finding that may block no longer; repeatable", func(id string) error {
		accepted = append(accepted, id)
		return nil
	})
	if err := flags.Parse(arguments); err != nil {
		return failed, nil // it has said why
	}
	if flags.NArg() > 0 {
		return failed, fmt.Errorf("%q is not allowed: use -base REF, -json and -accept LOGICAL_ID", flags.Args())
	}
	repo, err := checkout.Open(ctx, progress())
	if err != nil {
		return failed, err
	}
	defer func() {
		if problem := repo.Close(); err == nil && problem != nil {
			status, err = failed, problem
		}
	}()
	result, err := review(ctx, repo, *base)
	if ctx.Err() != nil {
		err = errors.New("interrupted")
	}
	if err != nil {
		return failed, err
	}
	result.Close(accepted, who())
	if err := write(result, *asJSON, out); err != nil {
		return failed, err
	}
	return statusOf(result.Verdict), nil
}

func write(result *page.Result, asJSON bool, out io.Writer) error {
	if asJSON {
		return result.JSON(out)
	}
	_, err := io.WriteString(out, result.Markdown())
	return err
}

func statusOf(verdict string) int {
	switch verdict {
	case rules.Blocks.String():
		return blocks
	case rules.Grade(0).String():
		return nothing
	}
	return differs
}

// progress reports on standard error, with the seconds since the start.
func progress() func(string, ...any) {
	began := time.Now()
	return func(format string, values ...any) {
		fmt.Fprintf(os.Stderr, "review: %4.1f s  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, values...))
	}
}

// who accepts: GitHub's actor in a workflow, else git's user.
// https://docs.github.com/en/actions/reference/workflows-and-actions/variables
func who() string {
	if actor := os.Getenv("GITHUB_ACTOR"); actor != "" {
		return actor
	}
	name, err := exec.Command("git", "config", "user.name").Output()
	if err != nil || strings.TrimSpace(string(name)) == "" {
		return os.Getenv("USER")
	}
	return strings.TrimSpace(string(name))
}
