package do

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"

	"unishop-pilot-light/drill/stage"
)

// Commit commits a value of the context: cdk.json has it wherever an operator works.
func Commit(key, value string) stage.Action {
	return func(_ context.Context, d *stage.Drill) error {
		return errors.Join(commit(d, string(stage.Office), key, value), commit(d, string(stage.Laptop), key, value))
	}
}

func commit(d *stage.Drill, workstation, key, value string) error {
	name := filepath.Join(d.Dir, workstation, "cdk.json")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var file map[string]any
	if err := json.Unmarshal(text, &file); err != nil {
		return err
	}
	file["context"].(map[string]any)[key] = value
	if text, err = json.Marshal(file); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
