package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"unishop-pilot-light/internal/region"
	"unishop-pilot-light/test/emulator"
)

// bootTime of an instance, from its launch to the signal of its user data.
const bootTime = time.Second

// world is what is real behind the embedded AWS: the instances that boot.
type world struct {
	lock     sync.Mutex
	system   region.System
	machines map[string]emulator.Event // by instance id
	good     map[string]bool           // image ids that have been booted
	bad      bool                      // a new image does not start
}

func newWorld() *world { return &world{machines: map[string]emulator.Event{}, good: map[string]bool{}} }

func (w *world) attach(s region.System) { w.system = s }

// releaseBad says whether images that nobody has booted yet are broken.
func (w *world) releaseBad(bad bool) {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.bad = bad
}

// running lists the instances of a region.
func (w *world) running(region string) (found []emulator.Event) {
	w.lock.Lock()
	defer w.lock.Unlock()
	for _, id := range slices.Sorted(maps.Keys(w.machines)) {
		if w.machines[id].Region == region {
			found = append(found, w.machines[id])
		}
	}
	return found
}

func (w *world) handle(ctx context.Context, event emulator.Event) error {
	w.lock.Lock()
	defer w.lock.Unlock()
	switch event.Name {
	case emulator.InstanceLaunched:
		w.machines[event.Instance] = event
		status := types.ResourceSignalStatusSuccess
		if w.bad && !w.good[event.ImageID] {
			status = types.ResourceSignalStatusFailure
		} else {
			w.good[event.ImageID] = true
		}
		go w.boot(context.WithoutCancel(ctx), event, status)
	case emulator.InstanceTerminated:
		delete(w.machines, event.Instance)
	}
	return nil
}

// boot signals as the instance's user data does.
func (w *world) boot(ctx context.Context, event emulator.Event, status types.ResourceSignalStatus) {
	time.Sleep(bootTime)
	c := w.system.AWS.Copy()
	c.Region = event.Region
	_, err := cloudformation.NewFromConfig(c).SignalResource(ctx, &cloudformation.SignalResourceInput{
		StackName:         aws.String(event.Stack),
		LogicalResourceId: aws.String(event.LogicalID),
		UniqueId:          aws.String(event.Instance),
		Status:            status,
	})
	if err != nil {
		fmt.Printf("instance %s cannot signal: %v\n", event.Instance, err)
	}
}
