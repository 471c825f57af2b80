package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"unishop-pilot-light/internal/config"
)

const active = config.Active

// flag: a typo that is read as "false" during a disaster would be the worst bug that this project can have.
var flag = scenario{
	name: "flag",
	says: "every form of the failover flag is understood, or refused before anything is written",
	steps: []step{
		{"the command line says what is understood", inOrder(
			reads(typedFlag("false"), primary), reads(typedFlag("planned"), secondary), reads(typedFlag("true"), secondary)), nil},
		{"cdk.json says what is understood", inOrder(
			reads(committedFlag(nil), primary), reads(committedFlag(false), primary), reads(committedFlag("false"), primary),
			reads(committedFlag("planned"), secondary)), nil},
		{"the command line says what is not", inOrder(
			doubts(typedFlag("yes"), `failover: "yes" is not allowed`), doubts(typedFlag("True"), `failover: "True" is not allowed`),
			doubts(typedFlag("1"), `failover: "1" is not allowed`), doubts(typedFlag(""), `failover: "" is not allowed`)), nothingIsLeft},
		{"cdk.json says what is not", inOrder(
			doubts(committedFlag(true), `failover: the JSON value true is not allowed`, `"planned"`),
			doubts(committedFlag(1), "failover: the JSON value 1 is not allowed"),
			doubts(committedFlag(""), `failover: "" is not allowed`)), nothingIsLeft},
		{"a key is misspelt, and another one too", inOrder(
			doubts(flagForm{arguments: []string{"-c", "failovr=true", "-c", "artefact=s3://b/k.tar.gz"}},
				"failovr: unknown context key: did you mean failover?", "artefact: unknown context key: did you mean artifact?")), nothingIsLeft},
	},
}

// flagForm is a way to say the flag: in cdk.json, or on the command line.
type flagForm struct {
	committed any  // in cdk.json, instead of its own
	commits   bool // committed counts; nil: the key is not there
	arguments []string
}

func typedFlag(value string) flagForm {
	return flagForm{arguments: []string{"-c", "failover=" + value}}
}

func committedFlag(value any) flagForm { return flagForm{committed: value, commits: true} }

// write writes cdk.json of the office in this form.
func (f flagForm) write(d *Drill) error {
	text, err := os.ReadFile(filepath.Join(d.root, "cdk.json"))
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
	return os.WriteFile(filepath.Join(d.dir, string(office), "cdk.json"), text, 0o644)
}

// reads: with this form the side is the active one.
func reads(f flagForm, side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		if err := f.write(d); err != nil {
			return err
		}
		if _, err := d.synthesize(ctx, side, f.arguments...); err != nil {
			return err
		}
		for _, s := range []config.Side{primary, secondary} {
			template, err := d.template(s)
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

// doubts: this form is refused, in these words and without a stack trace, and no cloud assembly is written.
func doubts(f flagForm, words ...string) action {
	return func(ctx context.Context, d *Drill) error {
		assembly := filepath.Join(d.dir, string(office), "cdk.out")
		if err := errors.Join(f.write(d), os.RemoveAll(assembly)); err != nil {
			return err
		}
		text, err := d.run(ctx, deploying(append([]string{"--all"}, f.arguments...)...))
		if err == nil {
			return fmt.Errorf("%+v: was not refused", f)
		}
		if err := saysAll(text, words); err != nil {
			return fmt.Errorf("%+v: %w", f, err)
		}
		for _, trace := range []string{"goroutine ", "    at "} {
			if saysAll(text, []string{trace}) == nil {
				return fmt.Errorf("%+v: a stack trace is shown:\n%s", f, text)
			}
		}
		if _, err := os.Stat(filepath.Join(assembly, "manifest.json")); err == nil {
			return fmt.Errorf("%+v: was refused, and a cloud assembly was written all the same", f)
		}
		return nil
	}
}
