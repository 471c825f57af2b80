// Package pages types commands as they stand in the pages of docs, so that a page that is wrong fails its scenario.
package pages

import (
	"context"
	"fmt"
	"os"
	"strings"

	"unishop-pilot-light/drill/stage"
)

// typeBlocks types blocks of a page's section in the shell that is there. It returns what was printed.
func typeBlocks(ctx context.Context, d *stage.Drill, c stage.Command, file, section string, words ...string) (string, error) {
	text, err := blocksOf(file, section, words...)
	if err != nil {
		return "", err
	}
	c.Shell += text
	return d.Run(ctx, c)
}

// sectionOf is the text of a page's section.
func sectionOf(file, section string) (string, error) {
	page, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	_, text, found := strings.Cut(string(page), "\n## "+section+"\n")
	if !found {
		return "", fmt.Errorf("%s has no section %q", file, section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text, nil
}

// blocksOf a section, in the order of the words that they have.
func blocksOf(file, section string, words ...string) (text string, err error) {
	for _, w := range words {
		block, err := Block(file, section, w)
		if err != nil {
			return "", err
		}
		text += block
	}
	return text, nil
}

// Block finds the block of commands in a page's section that has these words.
func Block(file, section, words string) (string, error) {
	text, err := sectionOf(file, section)
	if err != nil {
		return "", err
	}
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
