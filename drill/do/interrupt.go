package do

import (
	"context"
	"errors"
	"fmt"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Killed starts a command, kills the CLI as soon as the side's stack is in a state, and waits until it has settled.
func Killed(c stage.Command, side config.Side, state string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		process, _, err := d.Begin(c)
		if err != nil {
			return err
		}
		waitErr := stage.WaitFor(ctx, func() (bool, error) { return in(side, state)(ctx, d) })
		_ = process.Kill() // it may have ended
		<-process.Exited()
		if waitErr != nil {
			return waitErr
		}
		if !process.Signaled() {
			return fmt.Errorf("%s: ended before it was killed", c)
		}
		// CloudFormation updates no stack that is in the middle of something.
		_, err = d.Settled(ctx, side)
		return err
	}
}

// DieDuring takes the primary down as soon as a planned command moves the database, and does more. The command must fail and
// say the words.
func DieDuring(c stage.Command, words string, more ...stage.Action) stage.Action {
	c.Region = stage.Regions[config.Secondary]
	return func(ctx context.Context, d *stage.Drill) error {
		text, err := meanwhileOf(ctx, d, c, Moves, InOrder(append([]stage.Action{TakeDown(config.Primary)}, more...)...))
		if err == nil {
			return fmt.Errorf("%s: succeeded without %s", c, stage.Regions[config.Primary])
		}
		if stage.HasWords(text, []string{words}) == nil {
			return nil
		}
		return err
	}
}

// Meanwhile types a command, which must succeed, and does something as soon as it is so.
func Meanwhile(c stage.Command, so instant, do stage.Action) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		_, err := meanwhileOf(ctx, d, c, so, do)
		return err
	}
}

// meanwhileOf returns what the command has printed, and how it ended.
func meanwhileOf(ctx context.Context, d *stage.Drill, c stage.Command, so instant, do stage.Action) (string, error) {
	process, log, err := d.Begin(c)
	if err != nil {
		return "", err
	}
	err = stage.WaitFor(ctx, func() (bool, error) { return so(ctx, d) })
	if err == nil {
		err = do(ctx, d)
	}
	text, ended := c.End(ctx, process, log)
	return text, errors.Join(err, ended)
}

// instant of a command says whether it has come.
type instant func(context.Context, *stage.Drill) (bool, error)

// Moves: the database does, as us-west-1 sees it.
func Moves(ctx context.Context, d *stage.Drill) (bool, error) {
	database, err := d.System.Database(ctx, config.Secondary)
	return database.Moving, err
}

// Updates: CloudFormation has begun to update the side's stack.
func Updates(side config.Side) instant { return in(side, "UPDATE_IN_PROGRESS") }

func in(side config.Side, state string) instant {
	return func(ctx context.Context, d *stage.Drill) (bool, error) {
		stack, err := d.System.Stack(ctx, side)
		return stack.Status == state, err
	}
}
