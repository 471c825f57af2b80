package do

import (
	"context"
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
		waitErr := stage.WaitFor(ctx, func() (bool, error) {
			stack, err := d.System.Stack(ctx, side)
			return stack.Status == state, err
		})
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

// DieDuring takes the primary down as soon as a planned command moves the database, and waits until the command has given up.
func DieDuring(c stage.Command) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		c.Region = stage.Regions[config.Secondary]
		process, _, err := d.Begin(c)
		if err != nil {
			return err
		}
		if err := stage.WaitFor(ctx, func() (bool, error) {
			database, err := d.System.Database(ctx, config.Secondary)
			return database.Moving, err
		}); err != nil {
			return err
		}
		if err := TakeDown(config.Primary)(ctx, d); err != nil {
			return err
		}
		<-process.Exited()
		if process.ExitCode() == 0 {
			return fmt.Errorf("%s: succeeded without %s", c, stage.Regions[config.Primary])
		}
		return nil
	}
}
