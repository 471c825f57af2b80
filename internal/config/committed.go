package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// CheckCommitted refuses an unplanned failover that a file of the CDK's declares, such as cdk.json: a stale branch would
// lose data at every later deployment. In the context, the value of such a file looks like one of the command line. A file
// that does not exist declares nothing.
func (c Config) CheckCommitted(files ...string) error {
	if !c.Unplanned() {
		return nil
	}
	for _, file := range files {
		declared, err := declaredFailover(file)
		if err != nil {
			return err
		}
		if declared == "true" || declared == "primary" {
			return fmt.Errorf("failover: %q in %s is not allowed: an unplanned failover comes from the command line only; "+
				`write "planned" or false there, and use -c failover=%s`, declared, file, declared)
		}
	}
	return nil
}

func declaredFailover(file string) (any, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := json.Unmarshal(text, &content); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if context, ok := content["context"].(map[string]any); ok {
		content = context // cdk.json and ~/.cdk.json; cdk.context.json is the context itself
	}
	return content["failover"], nil
}
