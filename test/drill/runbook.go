package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// runbook types blocks of commands as they stand in docs/runbook.md, in one shell: of a section, those that have these words.
func runbook(section string, words ...string) action {
	return func(ctx context.Context, d *Drill) error {
		_, err := d.typeRunbook(ctx, "", section, words...)
		return err
	}
}

// typeRunbook types the answer, too, when a command asks. It returns what was printed.
func (d *Drill) typeRunbook(ctx context.Context, answer, section string, words ...string) (string, error) {
	text := "exec <<<'" + answer + "'\n"
	for _, w := range words {
		block, err := blockOf(filepath.Join(d.root, "docs", "runbook.md"), section, w)
		if err != nil {
			return "", err
		}
		text += block
	}
	return d.run(ctx, command{at: laptop, shell: text})
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
