package checkout

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"unishop-pilot-light/internal/activation"
	"unishop-pilot-light/internal/config"
)

// Assembly is what one synthesis has written.
type Assembly struct {
	folder    string
	Templates map[string]activation.Template // by stack
	// Facts that the CDK CLI knows of a stack beside its template.
	Facts map[string]map[string]any
}

// File of a stack's template.
func (a Assembly) File(stack string) string { return filepath.Join(a.folder, stack+".template.json") }

// Read the assembly in a folder.
func Read(folder string) (Assembly, error) {
	a := Assembly{folder: folder}
	err := a.read()
	return a, err
}

// stamp is the time at which an unplanned failover was synthesized; the two sides would differ in it.
var stamp = regexp.MustCompile(`("Attempt":\s*)"\d{4}-[^"]*"`)

// read the templates, after the attempt has become a fixed word in them.
func (a *Assembly) read() error {
	text, err := os.ReadFile(filepath.Join(a.folder, "manifest.json"))
	if err != nil {
		return err
	}
	var manifest struct {
		Artifacts map[string]struct {
			Type, Environment string
			Properties        struct{ TerminationProtection bool }
			Dependencies      []string
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return fmt.Errorf("manifest.json: %w", err)
	}
	a.Templates, a.Facts = map[string]activation.Template{}, map[string]map[string]any{}
	for stack, artifact := range manifest.Artifacts {
		if artifact.Type != "aws:cloudformation:stack" {
			continue
		}
		if a.Templates[stack], err = unstamped(a.File(stack)); err != nil {
			return err
		}
		a.Facts[stack] = map[string]any{
			"environment":           artifact.Environment,
			"terminationProtection": artifact.Properties.TerminationProtection,
			"waits for":             strings.Join(artifact.Dependencies, " "),
		}
	}
	return nil
}

func unstamped(file string) (template activation.Template, err error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	text = stamp.ReplaceAll(text, []byte(`$1"`+config.Unstamped+`"`))
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, err
	}
	return template, json.Unmarshal(text, &template)
}
