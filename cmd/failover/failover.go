package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"unishop-pilot-light/internal/activation"
	"unishop-pilot-light/internal/config"
)

// failover is one run of the command.
type failover struct {
	cfg      config.Config
	to       config.Region // the region to activate
	further  []string      // arguments of the CDK CLI
	assembly string        // a separate folder: what is compared is what is deployed
}

// newFailover reads cdk.json of the working folder, and what the arguments change in it.
func newFailover(to config.Side, arguments []string) (*failover, error) {
	flag, known := config.FailoverTo[to]
	if !known {
		return nil, fmt.Errorf("-to: %q is not allowed: use secondary or primary", to)
	}
	context := config.Typed(arguments)
	context["failover"] = flag
	cfg, err := config.Read("cdk.json", context)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "failover-")
	return &failover{cfg: cfg, to: cfg.Region(to), further: arguments, assembly: folder}, err
}

func (f *failover) cleanUp() { _ = os.RemoveAll(f.assembly) } // temporary

func (f *failover) stack() string { return f.cfg.Names.Stack(f.to.Side) }

func (f *failover) lost() config.Region { return f.cfg.Region(f.to.Side.Other()) }

// target is the argument with which `make failover` comes here again.
func (f *failover) target() string {
	if f.to.Side == config.Secondary {
		return ""
	}
	return " TO=" + string(f.to.Side)
}

func (f *failover) synthesize(ctx context.Context) error {
	arguments := []string{"synth", f.stack(), "--quiet", "--output", f.assembly}
	for key, value := range config.Typed(f.further) {
		arguments = append(arguments, "-c", key+"="+value.(string))
	}
	return f.cdk(ctx, append(arguments, "-c", "failover="+config.FailoverTo[f.to.Side])...)
}

// deploy deploys what was synthesized.
func (f *failover) deploy(ctx context.Context) error {
	return f.cdk(ctx, append([]string{"deploy", f.stack(), "--app", f.assembly}, f.further...)...)
}

// cdk runs the pinned CDK CLI where it asks the region that is up.
func (f *failover) cdk(ctx context.Context, arguments ...string) error {
	command := exec.CommandContext(ctx, "npx", append([]string{"cdk"}, arguments...)...)
	command.Cancel = func() error { return nil } // an interrupt reaches the CLI by itself, and it ends in its own way
	command.Env = append(os.Environ(), "AWS_REGION="+f.to.Name, "AWS_DEFAULT_REGION="+f.to.Name)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

// compare refuses a failover that would change more than one may.
func (f *failover) compare(ctx context.Context) error {
	text, err := os.ReadFile(filepath.Join(f.assembly, f.stack()+".template.json"))
	if err != nil {
		return err
	}
	var wanted activation.Template
	if err := json.Unmarshal(text, &wanted); err != nil {
		return err
	}
	template, tags, err := deployed(ctx, f.to.Name, f.stack(), f.assembly)
	if err != nil {
		return fmt.Errorf("the deployed template of %s cannot be read: %w", f.stack(), err)
	}
	changes := append(activation.Changes(template, wanted), activation.TagChanges(tags, f.cfg.Tags)...)
	if len(changes) == 0 {
		return nil
	}
	return fmt.Errorf("%s is deployed from release %s, and this is release %s. Beside the role, the instance and the outputs this failover would change\n  %s\n"+
		"IAM, S3 buckets and other parts cannot be changed during the outage of the region that controls them. Use a clone of release %s, with\n"+
		"the context that it was deployed with, or its kept template: docs/runbook.md, \"An outage of %s\"",
		f.stack(), activation.Release(template), activation.Release(wanted), strings.Join(changes, "\n  "), activation.Release(template), f.lost().Name)
}
