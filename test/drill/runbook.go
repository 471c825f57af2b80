package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// runbook types a block of commands as it stands in docs/runbook.md: the one of a section that has these words. The answers
// are what is typed when a command asks.
func runbook(section, words string, answers ...string) action {
	return func(ctx context.Context, d *Drill) error {
		block, err := blockOf(filepath.Join(d.root, "docs", "runbook.md"), section, words)
		if err != nil {
			return err
		}
		if len(answers) > 0 {
			block = "exec <<<'" + strings.Join(answers, "\n") + "'\n" + block
		}
		_, err = d.run(ctx, command{at: laptop, shell: block})
		return err
	}
}

// blockOf finds a block of commands in a page.
func blockOf(file, section, words string) (string, error) {
	page, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	_, text, found := strings.Cut(string(page), "\n## "+section+"\n")
	if !found {
		return "", fmt.Errorf("%s has no section %q", file, section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var blocks []string
	for i, block := range strings.Split(text, "```") {
		if i%2 == 1 && strings.Contains(block, words) {
			blocks = append(blocks, block)
		}
	}
	if len(blocks) != 1 {
		return "", fmt.Errorf("%s, %q: %d blocks of commands have %q, where one is expected", file, section, len(blocks), words)
	}
	return blocks[0], nil
}
