package stage

import (
	"context"
	"sync"

	"unishop-pilot-light/drill/emulator"
)

// guards stand between the emulator and the World: each is shown one kind of event first, may hold it, and may refuse
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

// Put puts a guard before a kind of event, in the place of whichever stood there; nil: none.
func (g *guards) Put(event string, stands guard) {
	g.lock.Lock()
	defer g.lock.Unlock()
	if g.of == nil {
		g.of = map[string]guard{}
	}
	g.of[event] = stands
}
