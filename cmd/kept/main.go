// Command kept writes to the folder kept what a failover needs on a machine that has neither Go nor npm: the template of
// each side's unplanned failover, and the runbook with the names and regions of this system. Both templates have a fixed
// word as their attempt, which the runbook's command replaces by the time before each use.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/kept"
)

const folder = "kept"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "kept:", err)
		os.Exit(1)
	}
}

func run() error {
	cfg, err := config.Read("cdk.json", nil)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for side, flag := range config.FailoverTo {
		stack := cfg.Names.Stack(side)
		templates, err := kept.Templates(cfg.Region(side).Name, []string{stack}, []string{"failover=" + flag})
		if err != nil {
			return err
		}
		if err := write(stack+".template.json", templates[stack]); err != nil {
			return err
		}
	}
	runbook, err := kept.Page("runbook.md", cfg)
	if err != nil {
		return err
	}
	if err := write("runbook.md", runbook); err != nil {
		return err
	}
	fmt.Println("Keep this folder outside both regions, and renew it after each release: " + folder)
	return nil
}

func write(name, content string) error {
	return os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644)
}
