package test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/preflight"
)

// What a deployment needs of an account stands in the templates; who looks beforehand must look for the same.
func TestThePreflightAsksForWhatTheStacksNeed(t *testing.T) {
	a := synthesize(t, map[string]any{"failover": "false"})
	var manifest struct {
		Artifacts map[string]struct {
			Properties struct{ RequiresBootstrapStackVersion int }
		}
	}
	a.read(t, "manifest.json", &manifest)
	highest := 0
	for _, artifact := range manifest.Artifacts {
		highest = max(highest, artifact.Properties.RequiresBootstrapStackVersion)
	}
	assert.Equal(t, highest, preflight.LeastBootstrap)

	var found template
	require.NoError(t, json.Unmarshal(a.text(t, config.Primary), &found))
	_, infrastructure := found.one("AWS::ImageBuilder::InfrastructureConfiguration")
	var built []string
	for _, class := range list(infrastructure.props()["InstanceTypes"]) {
		built = append(built, class.(string))
	}
	assert.Equal(t, built, config.BuildTypes)

	page, err := os.ReadFile(filepath.Join(root, "docs", "runbook.md"))
	require.NoError(t, err)
	assert.Contains(t, string(page), "Any x86_64 class with 2 GiB or more will do", "the least memory of a server")
}
