package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"strings"
)

// Flags are all values of the context key "failover", as a command line has them.
var Flags = []string{"false", "planned", "true", "primary"}

// FailoverTo is the value of the context key "failover" of an unplanned failover to a side.
var FailoverTo = map[Side]string{Secondary: "true", Primary: "primary"}

// Read reads the context of a cdk.json, changed as a command line would. It is for programs that are no CDK app: to an
// app, the CLI hands the whole context.
func Read(file string, changes map[string]any) (Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Config{}, fmt.Errorf("%w: use this command in the repository", err)
	}
	var content struct{ Context map[string]any }
	if err := json.Unmarshal(text, &content); err != nil {
		return Config{}, fmt.Errorf("%s: %w", file, err)
	}
	if content.Context == nil {
		content.Context = map[string]any{}
	}
	maps.Copy(content.Context, changes)
	return Parse(content.Context)
}

// Typed are the context values among arguments of the CDK CLI: -c key=value, --context key=value, --context=key=value.
func Typed(arguments []string) map[string]any {
	values := map[string]any{}
	for i, argument := range arguments {
		pair, joined := strings.CutPrefix(argument, "--context=")
		if !joined && i > 0 && (arguments[i-1] == "-c" || arguments[i-1] == "--context") {
			pair = argument
		} else if !joined {
			continue
		}
		if key, value, ok := strings.Cut(pair, "="); ok {
			values[key] = value
		}
	}
	return values
}
