package do

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Held holds events of one kind until they are released.
type Held struct {
	event string
	gate  chan struct{}
}

// Hold is for events of one kind, which it holds between its Begin and its Release.
func Hold(event string) *Held { return &Held{event, make(chan struct{})} }

// Begin holds every event from now on.
func (h *Held) Begin(_ context.Context, d *stage.Drill) error {
	d.Guards.Put(h.event, func(ctx context.Context, _ *emulator.Event) error {
		select {
		case <-h.gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return nil
}

// Release lets go on what was held, and holds nothing more.
func (h *Held) Release(_ context.Context, d *stage.Drill) error {
	d.Guards.Put(h.event, nil)
	close(h.gate)
	return nil
}

// Shortage refuses the instances of a region. With after, an event, it does so only once that has happened.
func Shortage(region, after string) stage.Action {
	return func(_ context.Context, d *stage.Drill) error {
		happened := make(chan struct{})
		if after == "" {
			close(happened)
		} else {
			var once sync.Once
			d.Guards.Put(after, func(context.Context, *emulator.Event) error {
				once.Do(func() { close(happened) })
				return nil
			})
		}
		d.Guards.Put(emulator.InstanceLaunched, func(ctx context.Context, event *emulator.Event) error {
			if event.Region != region || event.InstanceType != stage.Declared.ServerClass {
				return nil
			}
			select {
			case <-happened:
				return errors.New("no capacity for " + stage.Declared.ServerClass)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		return nil
	}
}

// EndShortage lets every instance start again.
func EndShortage(_ context.Context, d *stage.Drill) error {
	d.Guards.Put(emulator.InstanceLaunched, nil)
	return nil
}

// Busy: CloudFormation and RDS throttle a side's functions, each for half a minute from the first call; every service throttles
// the side's machines.
func Busy(side config.Side) stage.Action {
	return WithFaults(ThrottledFor(30*time.Second, emulator.Machines, "", side),
		ThrottledFor(30*time.Second, emulator.Functions, "cloudformation", side), ThrottledFor(30*time.Second, emulator.Functions, "rds", side))
}

// ThrottledFor is a service's throttling of a caller, from its first call on.
func ThrottledFor(length time.Duration, caller emulator.Caller, service string, side config.Side) emulator.Fault {
	return emulator.Fault{Region: stage.Regions[side], Service: service, Caller: caller, Answer: emulator.Throttled, For: length}
}

// Throttled is a service's throttling of the functions' first calls, whenever they come. A function waits two seconds before it
// calls again.
func Throttled(service string, side config.Side, calls int) emulator.Fault {
	return emulator.Fault{Region: stage.Regions[side], Service: service, Caller: emulator.Functions, Answer: emulator.Throttled, Calls: calls}
}

func WithFaults(faults ...emulator.Fault) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error { return d.Emulator.SetFaults(ctx, faults...) }
}

// FaultsMet: every fault that was set last was met, or the scenario proves nothing.
func FaultsMet(ctx context.Context, d *stage.Drill) error {
	met, err := d.Emulator.FaultsMet(ctx)
	for i, calls := range met {
		if calls == 0 {
			return fmt.Errorf("no call has met fault %d of %d", i+1, len(met))
		}
	}
	return err
}

// Until waits.
func Until(so instant) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		return stage.WaitFor(ctx, func() (bool, error) { return so(ctx, d) })
	}
}

// TakeDown takes a side's region down: its AWS first, then what is real behind it.
func TakeDown(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		d.Down[side] = true
		err := d.Emulator.TakeDown(ctx, stage.Regions[side])
		d.History.Append(history.Event{Kind: history.OutageBegan, Region: stage.Regions[side], ID: "region"})
		return errors.Join(err, d.World.TakeDown(stage.Regions[side]))
	}
}

// BringBack ends the outage of a side's region.
func BringBack(side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		delete(d.Down, side)
		err := errors.Join(d.World.BringBack(ctx, stage.Regions[side]), d.Emulator.BringBack(ctx, stage.Regions[side]))
		d.History.Append(history.Event{Kind: history.OutageEnded, Region: stage.Regions[side], ID: "region"})
		return err
	}
}

// BlockSite has the bucket of a site keep the public out, or let it in as its stack does.
func BlockSite(side config.Side, blocked bool) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		bucket, err := d.Bucket(ctx, side)
		if err != nil {
			return err
		}
		client := d.S3(side)
		_, err = client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
			Bucket: aws.String(bucket),
			PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
				BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true),
				BlockPublicPolicy: aws.Bool(blocked), RestrictPublicBuckets: aws.Bool(blocked),
			},
		})
		kind := history.OutageEnded
		if blocked {
			kind = history.OutageBegan
		}
		d.History.Append(history.Event{Kind: kind, Region: stage.Regions[side], ID: "site"})
		return err
	}
}

// Delayed makes every reader apply each write so much later, in whole seconds.
func Delayed(by time.Duration) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error { return d.World.SetReplicationDelay(ctx, by) }
}

// Pause waits.
func Pause(length time.Duration) stage.Action {
	return func(ctx context.Context, _ *stage.Drill) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(length):
			return nil
		}
	}
}
