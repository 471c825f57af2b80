package main

import (
	"context"
	"errors"
	"io"

	"unishop-pilot-light/drill/report"
	"unishop-pilot-light/drill/sandbox"
	"unishop-pilot-light/drill/stage"
)

// openSandbox deploys both regions and keeps them for a person, until they leave the shell. Nothing is left, not even of a
// deployment that failed: its reason is printed.
func openSandbox(ctx context.Context, out io.Writer) (err error) {
	if err := stage.CheckTerminal(); err != nil {
		return err
	}
	root, err := stage.Root()
	if err != nil {
		return err
	}
	app, err := build(ctx, root)
	if err != nil {
		return err
	}
	d, err := stage.New(root, app)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.End(false)) }()
	if err := d.Start(ctx); err != nil {
		return err
	}
	if err := carryOut(ctx, d, sandbox.Deployment, report.NewLive(out)); err != nil {
		return err
	}
	return sandbox.Open(ctx, d, out)
}
