package stage

import (
	"context"
	"errors"
	"time"
)

// Scenario is a sequence of steps on a separate embedded AWS.
type Scenario struct {
	Name  string
	Says  string
	Steps []Step
}

// Step is what is done, and what must be so afterwards.
type Step struct {
	Says  string
	Do    Action
	Check Check // may be nil
}

// Action does something.
type Action func(context.Context, *Drill) error

// Check says what is not as it must be.
type Check = Action

// CarryOut does a step, and checks what must be so afterwards.
func (s Step) CarryOut(ctx context.Context, d *Drill) error {
	if err := s.Do(ctx, d); err != nil {
		return err
	}
	if s.Check == nil {
		return nil
	}
	return s.Check(ctx, d)
}

// patience is how long a check waits for what AWS does on its own.
const patience = 2 * time.Minute

// WaitFor polls until something is so.
func WaitFor(ctx context.Context, so func() (bool, error)) error {
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
