package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/region"
	"unishop-pilot-light/internal/shopper"
	"unishop-pilot-light/test/emulator"
	"unishop-pilot-light/test/world"
)

// commandTimeout is many times what a command of the CDK CLI takes here.
const commandTimeout = 10 * time.Minute

// regions of the system that is drilled: the defaults of cdk.json.
var regions = map[config.Side]string{config.Primary: "us-east-1", config.Secondary: "us-west-1"}

// Drill is one embedded AWS, and who works on it.
type Drill struct {
	dir string // everything of this drill; it stays only when the drill fails
	// app is the CDK program, built once.
	app      string
	root     string // of the repository
	emulator *emulator.Emulator
	system   region.System
	world    *world.World
	images   map[string]string // that an instance was launched from, by instance
	guards   guards
	down     map[config.Side]bool // regions that are

	measurement *measurement // nil: nothing is measured
	shopper     shopper.Shopper
	shopsBy     string // what the shopper shops by

	lock     sync.Mutex
	commands int    // so far
	log      string // of the latest command
}

// begin starts an embedded AWS in a folder of its own.
func begin(ctx context.Context, root, app string) (*Drill, error) {
	dir, err := os.MkdirTemp("", "unishop-drill-")
	if err != nil {
		return nil, err
	}
	d := &Drill{dir: dir, root: root, app: app, down: map[config.Side]bool{}, images: map[string]string{}}
	if err := d.makeWorkstations(); err != nil {
		return nil, err
	}
	if d.world, err = world.New(world.Options{Root: root, Dir: filepath.Join(dir, "world")}); err != nil {
		return nil, err
	}
	d.emulator, err = emulator.Start(ctx, emulator.Options{Root: root, Dir: filepath.Join(dir, "aws"), Hook: d.handle})
	if err != nil {
		return nil, errors.Join(err, d.world.Close())
	}
	d.world.Attach(d.emulator)
	d.system = region.System{Names: "unishop", Regions: regions, AWS: aws.Config{
		BaseEndpoint: aws.String(d.emulator.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Region:       regions[config.Primary],
	}}
	return d, nil
}

// handle has the guards see an event before the world.
func (d *Drill) handle(ctx context.Context, event *emulator.Event) error {
	if err := d.guards.handle(ctx, event); err != nil {
		return err
	}
	if event.Name == emulator.InstanceLaunched {
		d.lock.Lock()
		d.images[event.Instance] = event.ImageID
		d.lock.Unlock()
	}
	if err := d.world.Handle(ctx, event); err != nil {
		return err
	}
	d.lock.Lock()
	watching := d.measurement
	d.lock.Unlock()
	watching.happened(event)
	return nil
}

// up lists the sides whose regions are.
func (d *Drill) up() (sides []config.Side) {
	for _, side := range []config.Side{config.Primary, config.Secondary} {
		if !d.down[side] {
			sides = append(sides, side)
		}
	}
	return sides
}

// end stops everything, and removes the drill's folder unless something in it is of interest.
func (d *Drill) end(failed bool) error {
	err := stopMeasuring(context.Background(), d)
	if d.shopper != nil {
		err = errors.Join(err, d.shopper.Close())
	}
	err = errors.Join(err, d.world.Close(), d.emulator.Stop())
	if failed {
		return err
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

// workstation is a folder that somebody works in: it has cdk.json, and perhaps a release bundle.
type workstation string

const (
	// office has the release bundle.
	office workstation = "office"
	// laptop has nothing but what is committed.
	laptop workstation = "laptop"
)

func (d *Drill) makeWorkstations() error {
	for _, w := range []workstation{office, laptop} {
		folder := filepath.Join(d.dir, string(w))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		text, err := os.ReadFile(filepath.Join(d.root, "cdk.json"))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "cdk.json"), text, 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Join(d.dir, "logs"), 0o755); err != nil {
		return err
	}
	// As `make bundle` leaves it.
	return os.Symlink(filepath.Join(d.root, "unishop"), filepath.Join(d.dir, string(office), "unishop"))
}

// command is a command of the CDK CLI, and where somebody types it.
type command struct {
	at        workstation
	region    string // AWS_REGION; empty: not set
	arguments []string
}

func (c command) String() string {
	words := append([]string{"npx", "cdk"}, c.arguments...)
	if c.region != "" {
		words = append([]string{"AWS_REGION=" + c.region}, words...)
	}
	return strings.Join(words, " ")
}

// cdk runs a command to its end and returns what it printed.
func (d *Drill) cdk(ctx context.Context, c command) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	process, log, err := d.start(ctx, c)
	if err != nil {
		return "", err
	}
	err = process.Wait()
	text, readErr := os.ReadFile(log)
	if err == nil {
		return string(text), readErr
	}
	if ctx.Err() != nil {
		return string(text), fmt.Errorf("%s: %w", c, context.Cause(ctx))
	}
	return string(text), fmt.Errorf("%s: %w:\n%s", c, err, lastLines(string(text), 12))
}

// start starts a command in a process group of its own; the group ends with ctx.
func (d *Drill) start(ctx context.Context, c command) (*exec.Cmd, string, error) {
	arguments := append([]string{"--app", d.app, "--no-color"}, c.arguments...)
	process := exec.CommandContext(ctx, filepath.Join(d.root, "node_modules", ".bin", "cdk"), arguments...)
	process.Dir = filepath.Join(d.dir, string(c.at))
	process.Env = d.emulator.Environ()
	if c.region != "" {
		process.Env = append(process.Env, "AWS_REGION="+c.region)
	}
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	process.Cancel = func() error { return syscall.Kill(-process.Process.Pid, syscall.SIGKILL) }
	log, err := os.Create(d.nextLog(c))
	if err != nil {
		return nil, "", err
	}
	defer log.Close() // the process has its own
	fmt.Fprintf(log, "$ %s\n", c)
	process.Stdout, process.Stderr = log, log
	return process, log.Name(), process.Start()
}

func (d *Drill) nextLog(c command) string {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.commands++
	d.log = filepath.Join(d.dir, "logs", fmt.Sprintf("%02d-%s.log", d.commands, c.arguments[0]))
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
