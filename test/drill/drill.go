package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/region"
	"unishop-pilot-light/internal/shopper"
	"unishop-pilot-light/test/emulator"
	"unishop-pilot-light/test/world"
	"unishop-pilot-light/test/world/reaper"
)

// declared is what cdk.json declares: the drill deploys this system.
var declared = readDeclared()

// regions of the system. Sentences call them by their names.
var (
	regions    = map[config.Side]string{primary: declared.Primary.Name, secondary: declared.Secondary.Name}
	east, west = regions[primary], regions[secondary]
)

func readDeclared() config.Config {
	root, err := findRoot()
	var found config.Config
	if err == nil {
		found, err = config.Read(filepath.Join(root, "cdk.json"), nil)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
	return found
}

// Drill is one embedded AWS, and who works on it.
type Drill struct {
	root     string // of the repository
	app      string // the CDK program, built once
	dir      string // everything of this drill; it stays only when the drill fails
	reaper   *reaper.Reaper
	emulator *emulator.Emulator
	system   region.System
	world    *world.World
	guards   guards
	down     map[config.Side]bool // regions that are

	history *history.Log // what has happened
	record  *os.File     // of the history

	sites         map[config.Side]string // that customers know, from when they are measured on
	stopMeasuring func()
	shopper       shopper.Shopper // nil: none yet
	shopsBy       string          // what the shopper shops by

	lock     sync.Mutex
	commands int    // so far
	log      string // of the latest command
}

// newDrill makes a drill that has not started. All of it ends by [Drill.end], and with the program, even when that is
// killed.
func newDrill(root, app string) (*Drill, error) {
	r, err := reaper.New()
	if err != nil {
		return nil, err
	}
	record, err := os.Create(filepath.Join(r.Dir, "history.jsonl"))
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &Drill{root: root, app: app, dir: r.Dir, reaper: r, down: map[config.Side]bool{},
		history: history.NewLog(record), record: record, stopMeasuring: func() {}}, nil
}

// start starts an embedded AWS, and the World behind it.
func (d *Drill) start(ctx context.Context) (err error) {
	if err := d.makeWorkstations(); err != nil {
		return err
	}
	if d.world, err = world.New(world.Options{Root: d.root, Dir: filepath.Join(d.dir, "world"), Reaper: d.reaper}); err != nil {
		return err
	}
	d.emulator, err = emulator.Start(ctx, emulator.Options{
		Root: d.root, Dir: filepath.Join(d.dir, "aws"), Reaper: d.reaper, Hook: d.handle, Front: d.world.Front()})
	if err != nil {
		return err
	}
	d.world.Attach(d.emulator)
	d.system = region.System{Names: declared.Names, Regions: regions, AWS: aws.Config{
		BaseEndpoint: aws.String(d.emulator.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Region:       regions[config.Primary],
	}}
	return nil
}

// end stops everything. The drill's folder goes, unless something in it is of interest.
func (d *Drill) end(failed bool) (err error) {
	if failed {
		err = d.reaper.Keep()
	}
	d.stopMeasuring()
	if d.shopper != nil {
		err = errors.Join(err, d.shopper.Close())
	}
	if d.world != nil {
		err = errors.Join(err, d.world.Close())
	}
	if d.emulator != nil {
		err = errors.Join(err, d.emulator.Stop())
	}
	return errors.Join(err, d.record.Close(), d.reaper.Close())
}

// handle has the guards see an event before the world. What the world has made real has happened.
func (d *Drill) handle(ctx context.Context, event *emulator.Event) error {
	if err := d.guards.handle(ctx, event); err != nil {
		return err
	}
	if err := d.world.Handle(ctx, event); err != nil {
		return err
	}
	switch event.Name {
	case emulator.InstanceLaunched:
		d.history.Append(history.Event{Kind: history.InstanceLaunched, Region: event.Region, ID: event.Instance})
	case emulator.WriterChanged:
		d.history.Append(history.Event{Kind: history.DatabasePromoted, Region: event.To.Region, ID: event.To.Cluster})
	}
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

// s3 is S3 in a side's region. The emulator has no host name for each bucket.
func (d *Drill) s3(side config.Side) *s3.Client {
	return s3.NewFromConfig(d.system.In(side), func(o *s3.Options) { o.UsePathStyle = true })
}

// patience is how long a check waits for what AWS does on its own.
const patience = 2 * time.Minute

// waitFor polls until something is so.
func waitFor(ctx context.Context, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errors.New("it took too long"))
	defer cancel()
	for {
		if done, err := so(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
