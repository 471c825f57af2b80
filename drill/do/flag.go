package do

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// FlagForm is a way to say the flag: in cdk.json, or on the command line.
type FlagForm struct {
	committed any  // in cdk.json, instead of the committed value
	commits   bool // committed counts; nil: the key is not there
	Arguments []string
}

// TypedFlag says the flag on the command line.
func TypedFlag(value string) FlagForm {
	return FlagForm{Arguments: []string{"-c", "failover=" + value}}
}

// CommittedFlag says the flag in cdk.json; nil: it is not there.
func CommittedFlag(value any) FlagForm { return FlagForm{committed: value, commits: true} }

// write writes cdk.json of the office in this form.
func (f FlagForm) write(d *stage.Drill) error {
	text, err := os.ReadFile(filepath.Join(d.Root, "cdk.json"))
	if err != nil {
		return err
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	context := file["context"].(map[string]any)
	if f.commits && f.committed == nil {
		delete(context, "failover")
	} else if f.commits {
		context["failover"] = f.committed
	}
	if text, err = json.Marshal(file); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.Dir, string(stage.Office), "cdk.json"), text, 0o644)
}

// Reads: with this form the side is the active one.
func Reads(f FlagForm, side config.Side) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		if err := f.write(d); err != nil {
			return err
		}
		if _, err := d.Synthesize(ctx, side, f.Arguments...); err != nil {
			return err
		}
		for _, s := range []config.Side{config.Primary, config.Secondary} {
			template, err := d.Template(s)
			if err != nil {
				return err
			}
			outputs, _ := template["Outputs"].(map[string]any)
			if role := fmt.Sprint(outputs["Role"]); (role == "map[Value:active]") != (s == side) {
				return fmt.Errorf("%+v: the role of the %s is %s", f, s, role)
			}
		}
		return nil
	}
}

// Doubts: this form is refused, in these words and without a stack trace, and no cloud assembly is written.
func Doubts(f FlagForm, words ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		assembly := filepath.Join(d.Dir, string(stage.Office), "cdk.out")
		if err := errors.Join(f.write(d), os.RemoveAll(assembly)); err != nil {
			return err
		}
		text, err := d.Run(ctx, Deploying(append([]string{"--all"}, f.Arguments...)...))
		if err == nil {
			return fmt.Errorf("%+v: was not refused", f)
		}
		if err := stage.HasWords(text, words); err != nil {
			return fmt.Errorf("%+v: %w", f, err)
		}
		for _, trace := range []string{"goroutine ", "    at "} {
			if stage.HasWords(text, []string{trace}) == nil {
				return fmt.Errorf("%+v: a stack trace is shown:\n%s", f, text)
			}
		}
		if _, err := os.Stat(filepath.Join(assembly, "manifest.json")); err == nil {
			return fmt.Errorf("%+v: was refused, and a cloud assembly was written all the same", f)
		}
		return nil
	}
}
