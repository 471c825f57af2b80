// Package diff compares two templates with the CDK's own library.
package diff

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"unishop-pilot-light/internal/activation"
)

// Impact is the library's word for what happens to a resource.
type Impact string

// The impacts that rules ask for.
const (
	Replaced    Impact = "WILL_REPLACE"
	MayReplaced Impact = "MAY_REPLACE"
	Created     Impact = "WILL_CREATE"
	Destroyed   Impact = "WILL_DESTROY"
	Orphaned    Impact = "WILL_ORPHAN"
	Updated     Impact = "WILL_UPDATE"
	// Unchanged is also what the library says of types that it does not know, and of every custom resource.
	Unchanged Impact = "NO_CHANGE"
)

// Pair is a template before and after a change.
type Pair struct {
	Before activation.Template `json:"before"`
	After  activation.Template `json:"after"`
}

// Change is what happens to one entry of a template.
type Change struct {
	Section string // Resources, Outputs, Parameters ...
	ID      string
	Impact  Impact // of a resource
	// Properties that change, also because what they refer to does, each with what the change of it alone would do.
	Properties map[string]Impact
	Others     []string // attributes that change, such as DependsOn
	// Before and After are the resource; nil where there is none.
	Before, After map[string]any
}

// Type of the resource, the new one if it has changed.
func (c Change) Type() string {
	for _, resource := range []map[string]any{c.After, c.Before} {
		if kind, ok := resource["Type"].(string); ok {
			return kind
		}
	}
	return ""
}

//go:embed diff.js
var script string

// Compare runs the library of node_modules in root.
func Compare(ctx context.Context, root string, pairs []Pair) ([][]Change, error) {
	if len(pairs) == 0 {
		return nil, nil
	}
	given, err := json.Marshal(pairs)
	if err != nil {
		return nil, err
	}
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	var said, complaints bytes.Buffer
	command := exec.CommandContext(ctx, node(root), "-e", script)
	command.Dir, command.Stdin, command.Stdout, command.Stderr = root, bytes.NewReader(given), &said, &complaints
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("the templates cannot be compared: %w: %s", err, strings.TrimSpace(complaints.String()))
	}
	var found [][]Change
	if err := json.Unmarshal(said.Bytes(), &found); err != nil {
		return nil, err
	}
	for i, pair := range pairs {
		for j := range found[i] {
			c := &found[i][j]
			c.Before, c.After = entry(pair.Before, *c), entry(pair.After, *c)
		}
	}
	return found, nil
}

func entry(t activation.Template, c Change) map[string]any {
	section, _ := t[c.Section].(map[string]any)
	found, _ := section[c.ID].(map[string]any)
	return found
}

// node is the pinned one; npm has none for some platforms.
func node(root string) string {
	pinned := filepath.Join(root, "node_modules", ".bin", "node")
	if _, err := os.Stat(pinned); err == nil {
		return pinned
	}
	return "node"
}
