package main

import (
	"context"
	"errors"
	"sync"

	"unishop-pilot-light/test/emulator"
)

// guards stand between the emulator and the world: each is shown one kind of event first, may hold it, and may refuse
// it, which fails in AWS too.
type guards struct {
	lock sync.Mutex
	of   map[string]guard
}

type guard func(context.Context, *emulator.Event) error

func (g *guards) handle(ctx context.Context, event *emulator.Event) error {
	g.lock.Lock()
	stands := g.of[event.Name]
	g.lock.Unlock()
	if stands == nil {
		return nil
	}
	return stands(ctx, event)
}

// put puts a guard before a kind of event, in the place of whichever stood there; nil: none.
func (g *guards) put(event string, stands guard) {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.of == nil {
		g.of = map[string]guard{}
	}
	g.of[event] = stands
}

// held holds events of one kind until they are released.
type held struct {
	event string
	gate  chan struct{}
}

func hold(event string) *held { return &held{event, make(chan struct{})} }

func (h *held) begin(_ context.Context, d *Drill) error {
	d.guards.put(h.event, func(ctx context.Context, _ *emulator.Event) error {
		select {
		case <-h.gate:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
	return nil
}

func (h *held) release(_ context.Context, d *Drill) error {
	d.guards.put(h.event, nil)
	close(h.gate)
	return nil
}

// shortage refuses the instances of a region. With after, an event, it does so only once that has happened.
func shortage(region, after string) action {
	return func(_ context.Context, d *Drill) error {
		happened := make(chan struct{})
		if after == "" {
			close(happened)
		} else {
			var once sync.Once
			d.guards.put(after, func(context.Context, *emulator.Event) error {
				once.Do(func() { close(happened) })
				return nil
			})
		}
		d.guards.put(emulator.InstanceLaunched, func(ctx context.Context, event *emulator.Event) error {
			if event.Region != region || event.InstanceType != declared.ServerClass {
				return nil
			}
			select {
			case <-happened:
				return errors.New("no capacity for " + declared.ServerClass)
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		return nil
	}
}

// endShortage lets every instance start again.
func endShortage(_ context.Context, d *Drill) error {
	d.guards.put(emulator.InstanceLaunched, nil)
	return nil
}
