package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/drill/report"
	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/drill/verdict"
)

// atOnce is how many scenarios run side by side: the CDK CLI mostly waits.
const atOnce = 3

// runAll runs scenarios and prints each. One alone is printed step by step, as it happens.
func runAll(ctx context.Context, scenarios []stage.Scenario, out io.Writer) error {
	root, err := stage.Root()
	if err != nil {
		return err
	}
	app, err := build(ctx, root)
	if err != nil {
		return err
	}
	if len(scenarios) == 1 {
		return runOne(ctx, root, app, scenarios[0], out)
	}
	began, errs := time.Now(), make([]error, len(scenarios))
	var group sync.WaitGroup
	places := make(chan struct{}, atOnce)
	var printing sync.Mutex
	for i, s := range scenarios {
		group.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			began := time.Now()
			errs[i] = runOne(ctx, root, app, s, io.Discard)
			printing.Lock()
			defer printing.Unlock()
			printScenario(out, s, errs[i], time.Since(began))
		})
	}
	group.Wait()
	err = errors.Join(errs...)
	fmt.Fprintf(out, "%d scenarios in %.0f s\n", len(scenarios), time.Since(began).Seconds())
	return err
}

// printScenario prints one scenario among several.
func printScenario(out io.Writer, s stage.Scenario, err error, took time.Duration) {
	mark := "✓"
	if err != nil {
		mark = "✗"
	}
	fmt.Fprintf(out, "%s %-20s %-78s %6.1f s\n", mark, s.Name, s.Says, took.Seconds())
}

// runOne runs one scenario from its beginning to its end, judges its history, and reports both.
func runOne(ctx context.Context, root, app string, s stage.Scenario, out io.Writer) (err error) {
	d, err := stage.New(root, app)
	if err != nil {
		return err
	}
	defer func() {
		failed := err != nil && ctx.Err() == nil // who interrupts it knows why
		err = errors.Join(err, d.End(failed))
		if failed {
			err = fmt.Errorf("%s: %w\nlogs: %s", s.Name, err, d.Dir)
		}
	}()
	d.History.Append(history.Event{Kind: history.DrillBegan, ID: s.Name, Words: s.Says})
	if err := d.Start(ctx); err != nil {
		return err
	}
	failed := carryOut(ctx, d, s, report.NewLive(out))
	if ctx.Err() != nil {
		return failed
	}
	h := d.History.History()
	judged := verdict.Of(h, verdict.Objectives(stage.Declared.Objectives))
	made := report.New(h, judged)
	if failed == nil {
		made.Timeline(out)
	}
	if made.Measured() && failed == nil {
		made.Figures(out)
	}
	return errors.Join(judged.Err(), d.History.Err(), store(d, s, made, out))
}

// carryOut does the steps of a scenario, one after the other, up to the first that fails.
func carryOut(ctx context.Context, d *stage.Drill, s stage.Scenario, live *report.Live) error {
	for _, next := range s.Steps {
		d.History.Append(history.Event{Kind: history.StepBegan, Words: next.Says})
		err := live.Step(next.Says, d.Doing, func() error { return next.CarryOut(ctx, d) })
		d.History.Append(history.Event{Kind: history.StepEnded, Words: next.Says, Error: history.Reason(err)})
		if err != nil {
			return fmt.Errorf("%q: %w", next.Says, err)
		}
	}
	return nil
}

// store keeps the history and, where something was measured, the reports: the story's in .cache/drill, every other
// scenario's in a subfolder.
func store(d *stage.Drill, s stage.Scenario, made report.Report, out io.Writer) error {
	folder := filepath.Join(".cache", "drill")
	if s.Name != "story" {
		folder = filepath.Join(folder, s.Name)
	}
	kept := filepath.Join(d.Root, folder)
	if err := os.MkdirAll(kept, 0o755); err != nil {
		return err
	}
	text, err := os.ReadFile(d.Record.Name())
	if err == nil {
		err = os.WriteFile(filepath.Join(kept, "history.jsonl"), text, 0o644)
	}
	if err != nil || !made.Measured() {
		return err
	}
	fmt.Fprintf(out, "report: %s and report.json, made from history.jsonl\n", filepath.Join(folder, "report.html"))
	return made.Keep(kept)
}

// build builds the CDK program once for all commands, unless it is there already.
func build(ctx context.Context, root string) (string, error) {
	app := filepath.Join(root, ".cache", "drill", "app")
	command := exec.CommandContext(ctx, "go", "build", "-o", app, ".")
	command.Dir = root
	if text, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, text)
	}
	return app, nil
}
