package stage

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/reaper"
)

// commandTimeout is many times what a command takes here.
const commandTimeout = 10 * time.Minute

// Command is a command of the CDK CLI or of the AWS CLI, and where an operator types it.
type Command struct {
	At        workstation
	Region    string // AWS_REGION; empty: not set
	AWS       bool   // of the AWS CLI
	Equipped  bool   // a JDK and Maven are there, as always in the office
	Arguments []string
	Shell     string // instead: a block of commands
	On        string // the folder of the machine whose shell it is typed in, by Session Manager; empty: none
}

// String is the command as it is typed.
func (c Command) String() string {
	if c.Shell != "" {
		return strings.TrimSpace(c.Shell)
	}
	words := append([]string{"npx", "cdk"}, c.Arguments...)
	if c.AWS {
		words = append([]string{"aws"}, c.Arguments...)
	}
	if c.Region != "" {
		words = append([]string{"AWS_REGION=" + c.Region}, words...)
	}
	return strings.Join(words, " ")
}

// name is that of the log.
func (c Command) name() string {
	if c.Shell != "" {
		return "shell"
	}
	return c.Arguments[0]
}

// Run runs a command to its end and returns what it printed.
func (d *Drill) Run(ctx context.Context, c Command) (text string, err error) {
	d.History.Append(history.Event{Kind: history.CommandBegan, Words: c.String()})
	defer func() {
		d.History.Append(history.Event{Kind: history.CommandEnded, Words: c.String(), Error: history.Reason(err)})
	}()
	return d.runToEnd(ctx, c)
}

func (d *Drill) runToEnd(ctx context.Context, c Command) (string, error) {
	process, log, err := d.Begin(c)
	if err != nil {
		return "", err
	}
	return c.End(ctx, process, log)
}

// End waits until a command that has begun is over, and returns what it printed.
func (c Command) End(ctx context.Context, process *reaper.Process, log string) (string, error) {
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
		return string(text), fmt.Errorf("%s: ended with status %d:\n%s", c, process.ExitCode(), LastLines(string(text), 12))
	}
	return string(text), nil
}

// Begin starts a command, whose output goes to a log.
func (d *Drill) Begin(c Command) (*reaper.Process, string, error) {
	process := d.typedAs(c)
	process.Dir = filepath.Join(d.Dir, string(c.At))
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
func (d *Drill) typedAs(c Command) *exec.Cmd {
	switch {
	case c.Shell != "":
		return exec.Command("bash", "-euo", "pipefail", "-c",
			fmt.Sprintf("aws() { '%s' --endpoint-url '%s' \"$@\"; }\n%s%s", d.AWSCLI(), d.Emulator.Endpoint(), d.session(c), c.Shell))
	case c.AWS:
		return exec.Command(d.AWSCLI(), append([]string{"--endpoint-url", d.Emulator.Endpoint()}, c.Arguments...)...)
	case c.At == Clone:
		return exec.Command("npx", append([]string{"cdk", "--no-color"}, c.Arguments...)...)
	}
	return exec.Command(filepath.Join(d.Root, "node_modules", ".bin", "cdk"), append([]string{"--app", d.app, "--no-color"}, c.Arguments...)...)
}

// session is what a shell on a machine has that a workstation has not: the machine's files, and the packages of Amazon
// Linux. Names of databases lead to this machine, where each server has its own port.
func (d *Drill) session(c Command) string {
	if c.On == "" {
		return ""
	}
	clients := filepath.Join(d.Root, ".cache", "mariadb", "*", "bin")
	return fmt.Sprintf(`
sudo() {
  case "$1 $2" in
    'cat /'*) command cat '%s/root'"$2" ;;
    'dnf '*) ;;
    *) return 127 ;;
  esac
}
client() {
  local program=$1 arguments=() argument
  shift
  for argument; do
    [[ $argument == *.rds.amazonaws.com ]] && argument=127.0.0.1
    arguments+=("$argument")
  done
  %s/"$program" "${arguments[@]}"
}
mysql() { client mariadb "$@"; }
mysqldump() { client mariadb-dump "$@"; }
`, c.On, clients)
}

// AWSCLI is version 1, all that PyPI has. It ignores AWS_ENDPOINT_URL for RDS in us-east-1, but not the option of that name.
func (d *Drill) AWSCLI() string { return filepath.Join(d.Root, ".cache", "aws-venv", "bin", "aws") }

func (d *Drill) nextLog(c Command) string {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.commands++
	d.log = filepath.Join(d.Dir, "logs", fmt.Sprintf("%02d-%s.log", d.commands, c.name()))
	return d.log
}

// Doing is the latest line of the latest command: for people who wait.
func (d *Drill) Doing() string {
	d.lock.Lock()
	log := d.log
	d.lock.Unlock()
	text, err := os.ReadFile(log)
	if err != nil {
		return ""
	}
	return LastLines(string(text), 1)
}

func LastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}
