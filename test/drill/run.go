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
)

// scenario is a story told on an embedded AWS of its own.
type scenario struct {
	name  string
	says  string
	steps []step
}

// step is one sentence of a story: what is done, and what must be so when the sentence is over.
type step struct {
	says  string
	do    action
	check check // may be nil
}

type (
	action func(context.Context, *Drill) error
	check  func(context.Context, *Drill) error
)

// atOnce is how many scenarios run side by side: the CDK CLI mostly waits.
const atOnce = 3

// runAll runs scenarios and tells of each. One alone is told step by step, as it happens.
func runAll(ctx context.Context, scenarios []scenario, out io.Writer) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	app, err := build(ctx, root)
	if err != nil {
		return err
	}
	if len(scenarios) == 1 {
		return run(ctx, root, app, scenarios[0], newNarrator(out))
	}
	began, errs := time.Now(), make([]error, len(scenarios))
	var group sync.WaitGroup
	places := make(chan struct{}, atOnce)
	var tell sync.Mutex
	for i, s := range scenarios {
		group.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			began, quiet := time.Now(), newNarrator(io.Discard)
			errs[i] = run(ctx, root, app, s, quiet)
			tell.Lock()
			defer tell.Unlock()
			tellScenario(out, s, errs[i], time.Since(began))
		})
	}
	group.Wait()
	err = errors.Join(errs...)
	fmt.Fprintf(out, "%d scenarios in %.0f s\n", len(scenarios), time.Since(began).Seconds())
	return err
}

// run tells one scenario from its beginning to its end.
func run(ctx context.Context, root, app string, s scenario, tell *narrator) (err error) {
	d, err := newDrill(root, app)
	if err != nil {
		return err
	}
	defer func() {
		failed := err != nil && ctx.Err() == nil // who interrupts it knows why
		err = errors.Join(err, d.end(failed))
		if failed {
			err = fmt.Errorf("%s: %w\nlogs: %s", s.name, err, d.dir)
		}
	}()
	if err := d.start(ctx); err != nil {
		return err
	}
	for _, next := range s.steps {
		if err := tell.step(next.says, d.doing, func() error { return carryOut(ctx, d, next) }); err != nil {
			return fmt.Errorf("%q: %w", next.says, err)
		}
	}
	tell.timeline(s)
	return d.report(s, tell)
}

func carryOut(ctx context.Context, d *Drill, s step) error {
	if err := s.do(ctx, d); err != nil {
		return err
	}
	if s.check == nil {
		return nil
	}
	return s.check(ctx, d)
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

// findRoot goes up to the folder of go.mod.
func findRoot() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "cdk.json")); err == nil {
			return folder, nil
		}
		if folder == filepath.Dir(folder) {
			return "", errors.New("not in the repository: no cdk.json in this folder or above it")
		}
		folder = filepath.Dir(folder)
	}
}
