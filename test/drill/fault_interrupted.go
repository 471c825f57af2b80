package main

import (
	"context"
	"errors"
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
		waitErr := waitFor(ctx, func() (bool, error) { return in(side, state)(ctx, d) })
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
		{"us-east-1 goes down in the middle of a planned move", dieDuring(deploying("--all", "-c", "failover=planned"), east+" is silent"), nil},
		{"us-west-1 takes over all the same", failOver(secondary),
			all(writes(secondary), runs(secondary, 1), says(secondary, active), changedBy(secondary, "failover"))},
		returned,
		home,
	},
}

// dieDuring takes the primary down as soon as a planned command moves the database, and does more. The command must fail and
// say the words.
func dieDuring(c command, words string, more ...action) action {
	c.region = west
	return func(ctx context.Context, d *Drill) error {
		text, err := d.meanwhile(ctx, c, moves, inOrder(append([]action{takeDown(primary)}, more...)...))
		if err == nil {
			return fmt.Errorf("%s: succeeded without %s", c, east)
		}
		if saysAll(text, []string{words}) == nil {
			return nil
		}
		return err
	}
}

// meanwhile types a command, which must succeed, and does something as soon as it is so.
func meanwhile(c command, so instant, do action) action {
	return func(ctx context.Context, d *Drill) error {
		_, err := d.meanwhile(ctx, c, so, do)
		return err
	}
}

// meanwhile returns what the command has printed, and how it ended.
func (d *Drill) meanwhile(ctx context.Context, c command, so instant, do action) (string, error) {
	process, log, err := d.begin(c)
	if err != nil {
		return "", err
	}
	err = waitFor(ctx, func() (bool, error) { return so(ctx, d) })
	if err == nil {
		err = do(ctx, d)
	}
	text, ended := c.end(ctx, process, log)
	return text, errors.Join(err, ended)
}

// instant of a command says whether it has come.
type instant func(context.Context, *Drill) (bool, error)

// moves: the database does, as us-west-1 sees it.
func moves(ctx context.Context, d *Drill) (bool, error) {
	database, err := d.system.Database(ctx, secondary)
	return database.Moving, err
}

// updates: CloudFormation has begun to update the side's stack.
func updates(side config.Side) instant { return in(side, "UPDATE_IN_PROGRESS") }

func in(side config.Side, state string) instant {
	return func(ctx context.Context, d *Drill) (bool, error) {
		stack, err := d.system.Stack(ctx, side)
		return stack.Status == state, err
	}
}
