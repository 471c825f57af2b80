package main

import (
	"context"
	"fmt"

	"unishop-pilot-light/internal/config"
)

// interrupted: CloudFormation goes on without the CLI, and the CLI takes up what it finds.
var interrupted = scenario{
	name: "interrupted",
	says: "a command that was killed in the middle is run again, and completes",
	steps: []step{
		{"the first deployment is killed in the middle", inOrder(bootstrap, killed(deploying("--all"), primary, "CREATE_IN_PROGRESS")), nil},
		{"run again, it completes", deploy("--all"), all(sells(primary), replicates(secondary), imagePublished)},
		down,
		{"the failover is killed in the middle", killed(failingOver(secondary), secondary, "UPDATE_IN_PROGRESS"), nil},
		{"run again, it completes", failOver(secondary), all(writes(secondary), runs(secondary, 1), says(secondary, active))},
	},
}

// killed starts a command, kills the CLI as soon as the side's stack is in a state, and waits until it has settled.
func killed(c command, side config.Side, state string) action {
	return func(ctx context.Context, d *Drill) error {
		process, _, err := d.begin(c)
		if err != nil {
			return err
		}
		waitErr := waitFor(ctx, func() (bool, error) {
			stack, err := d.system.Stack(ctx, side)
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
		_, err = d.settled(ctx, side)
		return err
	}
}

// hangingSwitchover: the failover asks until AWS accepts it.
var hangingSwitchover = scenario{
	name: "hanging-switchover",
	says: "us-east-1 dies in the middle of a planned move, and the failover gets through",
	steps: []step{
		deployed,
		{"us-east-1 goes down in the middle of a planned move", dieDuring(deploying("--all", "-c", "failover=planned")), nil},
		{"us-west-1 takes over all the same", failOver(secondary),
			all(writes(secondary), runs(secondary, 1), says(secondary, active), changedBy(secondary, "failover"))},
		returned,
		home,
	},
}

// dieDuring takes the primary down as soon as a planned command moves the database, and waits until the command has given up.
func dieDuring(c command) action {
	return func(ctx context.Context, d *Drill) error {
		c.region = west
		process, _, err := d.begin(c)
		if err != nil {
			return err
		}
		if err := waitFor(ctx, func() (bool, error) {
			database, err := d.system.Database(ctx, secondary)
			return database.Moving, err
		}); err != nil {
			return err
		}
		if err := takeDown(primary)(ctx, d); err != nil {
			return err
		}
		<-process.Exited()
		if process.ExitCode() == 0 {
			return fmt.Errorf("%s: succeeded without %s", c, east)
		}
		return nil
	}
}
