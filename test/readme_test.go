package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
)

// rowOfKeys is a row of README's table of context keys: their names, and their defaults.
var rowOfKeys = regexp.MustCompile("(?m)^\\| (`[a-z-]+`(?:, `[a-z-]+`)*) \\|([^|]*)\\| ")

func TestREADMEHasTheDefaultOfEveryContextKey(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	defaultsFile, err := os.ReadFile(filepath.Join(root, "cdk.json"))
	require.NoError(t, err)
	var file struct{ Context map[string]any }
	require.NoError(t, json.Unmarshal(defaultsFile, &file))
	listed := map[string]bool{}
	for _, row := range rowOfKeys.FindAllStringSubmatch(string(readme), -1) {
		names, defaults := strings.Split(row[1], ", "), strings.Split(strings.TrimSpace(row[2]), ", ")
		for i, name := range names {
			name = strings.Trim(name, "`")
			listed[name] = true
			if len(defaults) == len(names) && strings.HasPrefix(defaults[i], "`") {
				value, isText := file.Context[name].(string)
				if !isText {
					value = text(file.Context[name])
				}
				assert.Equal(t, value, strings.Trim(defaults[i], "`"), name)
			}
		}
	}
	for _, key := range config.Keys() {
		assert.True(t, listed[key], "%s is not in README's table", key)
	}
}
