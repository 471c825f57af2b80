// Package do holds the actions of the steps: what operators type, and what fails.
package do

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"unishop-pilot-light/drill/check"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Bootstrap prepares both regions for the CDK, as on any account.
func Bootstrap(ctx context.Context, d *stage.Drill) error {
	_, err := d.Run(ctx, stage.Command{At: stage.Office, Arguments: []string{
		"bootstrap", "aws://000000000000/" + stage.Regions[config.Primary], "aws://000000000000/" + stage.Regions[config.Secondary],
	}})
	return err
}

// Deploying is `cdk deploy` from the office, where the release bundle can be built.
func Deploying(arguments ...string) stage.Command {
	arguments = append([]string{"deploy"}, arguments...)
	return stage.Command{At: stage.Office, Arguments: append(arguments, "--require-approval", "never")}
}

// Deploy types [Deploying], which must succeed.
func Deploy(arguments ...string) stage.Action { return Typed(Deploying(arguments...)) }

// FailingOver is the documented command: where no bundle can be built, with a region that is up.
func FailingOver(to config.Side, arguments ...string) stage.Command {
	return Alone(to, append([]string{"-c", "failover=" + config.FailoverTo[to]}, arguments...)...)
}

// FailOver types [FailingOver], which must succeed.
func FailOver(to config.Side, arguments ...string) stage.Action {
	return Typed(FailingOver(to, arguments...))
}

// Alone is `cdk deploy` of one side's stack where it works without the other region.
func Alone(side config.Side, arguments ...string) stage.Command {
	arguments = append([]string{"deploy", stage.Declared.Names.Stack(side)}, arguments...)
	return stage.Command{At: stage.Laptop, Region: stage.Regions[side], Arguments: append(arguments, "--require-approval", "never")}
}

// Destroying needs no bundle either: nor a JDK and Maven.
func Destroying(arguments ...string) stage.Command {
	arguments = append([]string{"destroy"}, arguments...)
	return stage.Command{At: stage.Laptop, Arguments: append(arguments, "--force")}
}

// Destroy types [Destroying], which must succeed.
func Destroy(arguments ...string) stage.Action { return Typed(Destroying(arguments...)) }

// Typed has an operator type a command, which must succeed.
func Typed(c stage.Command) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		_, err := d.Run(ctx, c)
		return err
	}
}

// Refused has an operator type a command that must fail, print all of the words, and leave the system as it was.
func Refused(c stage.Command, words ...string) stage.Action { return Unchanged(Fails(c, words...)) }

// Unchanged does something that must leave the system as it was.
func Unchanged(do stage.Action) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		before, err := check.Facts(ctx, d)
		if err != nil {
			return err
		}
		if err := do(ctx, d); err != nil {
			return err
		}
		after, err := check.Facts(ctx, d)
		if err != nil {
			return err
		}
		if found := check.Changes(before, after); len(found) > 0 {
			return fmt.Errorf("something changed, want no change: %s", strings.Join(found, "; "))
		}
		return nil
	}
}

// Fails has an operator type a command that must fail and print all of the words.
func Fails(c stage.Command, words ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		text, err := d.Run(ctx, c)
		if err == nil {
			return fmt.Errorf("%s: succeeded, and should have been refused", c)
		}
		if ctx.Err() != nil {
			return err
		}
		if problem := stage.HasWords(text, words); problem != nil {
			return fmt.Errorf("%s: %w", c, problem)
		}
		return nil
	}
}

// InOrder does one thing after the other.
func InOrder(actions ...stage.Action) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		for _, do := range actions {
			if err := do(ctx, d); err != nil {
				return err
			}
		}
		return nil
	}
}

// FromLaptop types a command where it works without us-east-1.
func FromLaptop(c stage.Command) stage.Command {
	c.At, c.Region = stage.Laptop, stage.Regions[config.Secondary]
	return c
}

// Commit commits a value of the context: cdk.json has it wherever an operator works.
func Commit(key, value string) stage.Action {
	return func(_ context.Context, d *stage.Drill) error {
		return errors.Join(commit(d, string(stage.Office), key, value), commit(d, string(stage.Laptop), key, value))
	}
}

func commit(d *stage.Drill, workstation, key, value string) error {
	name := filepath.Join(d.Dir, workstation, "cdk.json")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	file["context"].(map[string]any)[key] = value
	if text, err = json.Marshal(file); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
