package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/test/world/reaper"
)

// commandTimeout is many times what a command takes here.
const commandTimeout = 10 * time.Minute

// command is a command of the CDK CLI or of the AWS CLI, and where somebody types it.
type command struct {
	at        workstation
	region    string // AWS_REGION; empty: not set
	aws       bool   // of the AWS CLI
	equipped  bool   // a JDK and Maven are there, as always in the office
	arguments []string
	shell     string // instead: a block of commands
}

func (c command) String() string {
	if c.shell != "" {
		return strings.TrimSpace(c.shell)
	}
	words := append([]string{"npx", "cdk"}, c.arguments...)
	if c.aws {
		words = append([]string{"aws"}, c.arguments...)
	}
	if c.region != "" {
		words = append([]string{"AWS_REGION=" + c.region}, words...)
	}
	return strings.Join(words, " ")
}

// name is that of the log.
func (c command) name() string {
	if c.shell != "" {
		return "shell"
	}
	return c.arguments[0]
}

// run runs a command to its end and returns what it printed.
func (d *Drill) run(ctx context.Context, c command) (text string, err error) {
	d.history.Append(history.Event{Kind: history.CommandBegan, Words: c.String()})
	defer func() {
		d.history.Append(history.Event{Kind: history.CommandEnded, Words: c.String(), Error: history.Reason(err)})
	}()
	return d.runToEnd(ctx, c)
}

func (d *Drill) runToEnd(ctx context.Context, c command) (string, error) {
	process, log, err := d.begin(c)
	if err != nil {
		return "", err
	}
	return c.end(ctx, process, log)
}

// end waits until a command that has begun is over, and returns what it printed.
func (c command) end(ctx context.Context, process *reaper.Process, log string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, commandTimeout, fmt.Errorf("it did not end within %s", commandTimeout))
	defer cancel()
	select {
	case <-process.Exited():
	case <-ctx.Done():
		_ = process.Kill() // it may have ended
		<-process.Exited()
	}
	text, err := os.ReadFile(log)
	switch {
	case err != nil:
		return "", err
	case ctx.Err() != nil:
		return string(text), fmt.Errorf("%s: %w", c, context.Cause(ctx))
	case process.ExitCode() != 0:
		return string(text), fmt.Errorf("%s: ended with status %d:\n%s", c, process.ExitCode(), lastLines(string(text), 12))
	}
	return string(text), nil
}

// begin starts a command, whose output goes to a log.
func (d *Drill) begin(c command) (*reaper.Process, string, error) {
	process := d.typedAs(c)
	process.Dir = filepath.Join(d.dir, string(c.at))
	process.Env = d.environ(c)
	log, err := os.Create(d.nextLog(c))
	if err != nil {
		return nil, "", err
	}
	defer log.Close() // the process has its own
	fmt.Fprintf(log, "$ %s\n", c)
	process.Stdout, process.Stderr = log, log
	started, err := d.reaper.Start(process)
	return started, log.Name(), err
}

// typedAs is the process of a command. Only in a clone the CDK program is built for it; elsewhere it is there already.
func (d *Drill) typedAs(c command) *exec.Cmd {
	switch {
	case c.shell != "":
		return exec.Command("bash", "-euo", "pipefail", "-c", fmt.Sprintf("aws() { '%s' \"$@\"; }\n%s", d.awsCLI(), c.shell))
	case c.aws:
		return exec.Command(d.awsCLI(), c.arguments...)
	case c.at == clone:
		return exec.Command("npx", append([]string{"cdk", "--no-color"}, c.arguments...)...)
	}
	return exec.Command(filepath.Join(d.root, "node_modules", ".bin", "cdk"), append([]string{"--app", d.app, "--no-color"}, c.arguments...)...)
}

func (d *Drill) awsCLI() string { return filepath.Join(d.root, ".cache", "aws-venv", "bin", "aws") }

func (d *Drill) nextLog(c command) string {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.commands++
	d.log = filepath.Join(d.dir, "logs", fmt.Sprintf("%02d-%s.log", d.commands, c.name()))
	return d.log
}

// doing is the latest line of the latest command: for people who wait.
func (d *Drill) doing() string {
	d.lock.Lock()
	log := d.log
	d.lock.Unlock()
	text, err := os.ReadFile(log)
	if err != nil {
		return ""
	}
	return lastLines(string(text), 1)
}

func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
