// Package stage is where a drill takes place: the embedded AWS, the real servers behind it, and the workstations at which
// commands are typed.
package stage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/reaper"
	"unishop-pilot-light/drill/world"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/region"
	"unishop-pilot-light/internal/shopper"
)

// Drill is one embedded AWS, and who works on it.
type Drill struct {
	Root     string // of the repository
	app      string // the CDK program, built once
	Dir      string // everything of this drill; it stays only when the drill fails
	reaper   *reaper.Reaper
	Emulator *emulator.Emulator
	System   region.System
	World    *world.World
	Guards   guards
	Down     map[config.Side]bool // regions that are

	History *history.Log // what has happened
	Record  *os.File     // of the history

	Sites         map[config.Side]string // that customers know, from when they are measured on
	StopMeasuring func()
	Shopper       shopper.Shopper // nil: none yet
	ShopsBy       string          // what the shopper shops by

	Undamaged time.Time // the last time at which the data were good
	Restored  string    // where the restored database listens

	lock     sync.Mutex
	commands int    // so far
	log      string // of the latest command
}

// New makes a drill that has not started. All of it ends by [Drill.End], and with the program, even when that is
// killed.
func New(root, app string) (*Drill, error) {
	r, err := reaper.New()
	if err != nil {
		return nil, err
	}
	record, err := os.Create(filepath.Join(r.Dir, "history.jsonl"))
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return &Drill{Root: root, app: app, Dir: r.Dir, reaper: r, Down: map[config.Side]bool{},
		History: history.NewLog(record), Record: record, StopMeasuring: func() {}}, nil
}

// Start starts an embedded AWS, and the World behind it.
func (d *Drill) Start(ctx context.Context) (err error) {
	if err := d.makeWorkstations(); err != nil {
		return err
	}
	if d.World, err = world.New(world.Options{Root: d.Root, Dir: filepath.Join(d.Dir, "world"), Reaper: d.reaper}); err != nil {
		return err
	}
	d.Emulator, err = emulator.Start(ctx, emulator.Options{
		Root: d.Root, Dir: filepath.Join(d.Dir, "aws"), Reaper: d.reaper, Hook: d.handle, Front: d.World.Front()})
	if err != nil {
		return err
	}
	d.World.Attach(d.Emulator)
	d.System = region.System{Names: Declared.Names, Regions: Regions, AWS: aws.Config{
		BaseEndpoint: aws.String(d.Emulator.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		Region:       Regions[config.Primary],
	}}
	return nil
}

// End stops everything. The drill's folder goes, unless something in it is of interest.
func (d *Drill) End(failed bool) (err error) {
	if failed {
		err = d.reaper.Keep()
	}
	d.StopMeasuring()
	if d.Shopper != nil {
		err = errors.Join(err, d.Shopper.Close())
	}
	if d.World != nil {
		err = errors.Join(err, d.World.Close())
	}
	if d.Emulator != nil {
		err = errors.Join(err, d.Emulator.Stop())
	}
	return errors.Join(err, d.Record.Close(), d.reaper.Close())
}

// handle has the guards see an event before the World. What the World has made real has happened.
func (d *Drill) handle(ctx context.Context, event *emulator.Event) error {
	if err := d.Guards.handle(ctx, event); err != nil {
		return err
	}
	if err := d.World.Handle(ctx, event); err != nil {
		return err
	}
	switch event.Name {
	case emulator.InstanceLaunched:
		d.History.Append(history.Event{Kind: history.InstanceLaunched, Region: event.Region, ID: event.Instance})
	case emulator.WriterChanged:
		d.History.Append(history.Event{Kind: history.DatabasePromoted, Region: event.To.Region, ID: event.To.Cluster})
	}
	return nil
}

// Up lists the sides whose regions are.
func (d *Drill) Up() (sides []config.Side) {
	for _, side := range []config.Side{config.Primary, config.Secondary} {
		if !d.Down[side] {
			sides = append(sides, side)
		}
	}
	return sides
}

// S3 is S3 in a side's region. The emulator has no host name for each bucket.
func (d *Drill) S3(side config.Side) *s3.Client {
	return s3.NewFromConfig(d.System.In(side), func(o *s3.Options) { o.UsePathStyle = true })
}

// Object of a bucket in the primary's region.
func (d *Drill) Object(ctx context.Context, bucket, key string) ([]byte, error) {
	found, err := d.S3(config.Primary).GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return nil, err
	}
	defer found.Body.Close()
	return io.ReadAll(found.Body)
}

// Dial leads every public name to the World.
func (d *Drill) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, d.World.Front())
}

// Rows counts those of a table of a side's cluster, where they are kept.
func (d *Drill) Rows(ctx context.Context, side config.Side, table string) (string, error) {
	return d.World.Rows(ctx, emulator.Member{Region: Regions[side], Cluster: d.System.Names.Cluster(side)}, table)
}

// Bucket is the name of the one bucket that a side's stack has.
func (d *Drill) Bucket(ctx context.Context, side config.Side) (string, error) {
	found, err := cloudformation.NewFromConfig(d.System.In(side)).DescribeStackResources(ctx,
		&cloudformation.DescribeStackResourcesInput{StackName: aws.String(d.System.Names.Stack(side))})
	if err != nil {
		return "", err
	}
	for _, resource := range found.StackResources {
		if aws.ToString(resource.ResourceType) == "AWS::S3::Bucket" {
			return aws.ToString(resource.PhysicalResourceId), nil
		}
	}
	return "", fmt.Errorf("the stack of the %s has no bucket", side)
}

// AtShop has a customer without a page do something at the shop of a side's site.
func (d *Drill) AtShop(ctx context.Context, side config.Side, do func(*shopper.Shop) error) error {
	stack, err := d.System.Stack(ctx, side)
	if err != nil {
		return err
	}
	client := shopper.NewHTTP(d.Dial)
	defer client.Close()
	shop, err := client.Open(ctx, stack.Outputs["WebsiteURL"])
	if err != nil {
		return err
	}
	return do(shop)
}
