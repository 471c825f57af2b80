package main

import (
	"context"
	"fmt"
	"strings"

	"unishop-pilot-light/internal/config"
)

// bootstrap prepares both regions for the CDK, as on any account.
func bootstrap(ctx context.Context, d *Drill) error {
	_, err := d.run(ctx, command{at: office, arguments: []string{
		"bootstrap", "aws://000000000000/" + regions[config.Primary], "aws://000000000000/" + regions[config.Secondary],
	}})
	return err
}

// deploying is `cdk deploy` from the office, where the release bundle can be built.
func deploying(arguments ...string) command {
	arguments = append([]string{"deploy"}, arguments...)
	return command{at: office, arguments: append(arguments, "--require-approval", "never")}
}

func deploy(arguments ...string) action { return typed(deploying(arguments...)) }

// failingOver is the documented command: where no bundle can be built, with a region that is up.
func failingOver(to config.Side, arguments ...string) command {
	return alone(to, append([]string{"-c", "failover=" + config.FailoverTo[to]}, arguments...)...)
}

func failOver(to config.Side, arguments ...string) action {
	return typed(failingOver(to, arguments...))
}

// alone is `cdk deploy` of one side's stack where it works without the other region.
func alone(side config.Side, arguments ...string) command {
	arguments = append([]string{"deploy", declared.Names.Stack(side)}, arguments...)
	return command{at: laptop, region: regions[side], arguments: append(arguments, "--require-approval", "never")}
}

// destroying needs no bundle either: nor a JDK and Maven.
func destroying(arguments ...string) command {
	arguments = append([]string{"destroy"}, arguments...)
	return command{at: laptop, arguments: append(arguments, "--force")}
}

func destroy(arguments ...string) action { return typed(destroying(arguments...)) }

// typed has somebody type a command, which must succeed.
func typed(c command) action {
	return func(ctx context.Context, d *Drill) error {
		_, err := d.run(ctx, c)
		return err
	}
}

// refused has somebody type a command that must fail, say all of the words, and leave the system as it was.
func refused(c command, words ...string) action { return unchanged(fails(c, words...)) }

// unchanged does something that must leave the system as it was.
func unchanged(do action) action {
	return func(ctx context.Context, d *Drill) error {
		before, err := facts(ctx, d)
		if err != nil {
			return err
		}
		if err := do(ctx, d); err != nil {
			return err
		}
		after, err := facts(ctx, d)
		if err != nil {
			return err
		}
		if found := changes(before, after); len(found) > 0 {
			return fmt.Errorf("something has changed all the same: %s", strings.Join(found, "; "))
		}
		return nil
	}
}

// fails has somebody type a command that must fail and say all of the words.
func fails(c command, words ...string) action {
	return func(ctx context.Context, d *Drill) error {
		text, err := d.run(ctx, c)
		if err == nil {
			return fmt.Errorf("%s: succeeded, and should have been refused", c)
		}
		if ctx.Err() != nil {
			return err
		}
		if problem := saysAll(text, words); problem != nil {
			return fmt.Errorf("%s: %w", c, problem)
		}
		return nil
	}
}

// inOrder does one thing after the other.
func inOrder(actions ...action) action {
	return func(ctx context.Context, d *Drill) error {
		for _, do := range actions {
			if err := do(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}
}
