package do

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Keep keeps the templates of both failovers in the folder kept.
var Keep = Typed(stage.Command{At: stage.Laptop, Equipped: true, Shell: "make kept"})

// FailOverKept is the failover without Go or npm, as the runbook has it.
func FailOverKept(to config.Side) stage.Action {
	return Runbook("A failover without Go or npm", "update-stack --region "+stage.Regions[to])
}

// Runbook types blocks of commands as they stand in docs/runbook.md, in one shell: of a section, those that have these words.
func Runbook(section string, words ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		_, err := typeRunbook(ctx, d, "", section, words...)
		return err
	}
}

// typeRunbook types the answer, too, when a command asks. It returns what was printed.
func typeRunbook(ctx context.Context, d *stage.Drill, answer, section string, words ...string) (string, error) {
	text := "exec <<<'" + answer + "'\n"
	for _, w := range words {
		block, err := Block(filepath.Join(d.Root, "docs", "runbook.md"), section, w)
		if err != nil {
			return "", err
		}
		text += block
	}
	return d.Run(ctx, stage.Command{At: stage.Laptop, Shell: text})
}

// Block finds a block of commands in a page.
func Block(file, section, words string) (string, error) {
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
