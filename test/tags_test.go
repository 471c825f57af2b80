package test

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
)

// The templates are the same with tags and without: see tagPromises.
func TestBothStacksCarryTheTags(t *testing.T) {
	for _, m := range modes {
		a := synthesize(t, map[string]any{"failover": string(m), "artifact": artifact, "tags": "owner=shop team,environment=prod"})
		var manifest struct {
			Artifacts map[string]struct {
				Properties struct{ Tags map[string]string }
			}
		}
		a.read(t, "manifest.json", &manifest)
		for _, side := range sides {
			assert.Equal(t, map[string]string{"owner": "shop team", "environment": "prod"},
				manifest.Artifacts[a.cfg.Names.Stack(side)].Properties.Tags, "failover=%s, %s", m, side)
		}
	}
}

var tagPromises = map[string]promiseOn[change]{
	"tags are the stacks' own: no template changes": {
		check: func(s change) (c complaints) {
			s.Changed.each(func(where string, m mode, side config.Side, t template) {
				c.unless(text(t) == text(s.Plain[m][side]), "%s: a template changes", where)
			})
			return c
		},
		ways: map[string]func(change){
			"a tag in a template": func(s change) {
				_, cluster := s.Changed[planned][config.Secondary].one("AWS::RDS::DBCluster")
				cluster.props()["Tags"] = []any{map[string]any{"Key": "owner", "Value": "shop team"}}
			},
		},
	},
}

// replacedByTags lists, of types, those that CloudFormation replaces when their tags change, by its own schemas.
const replacedByTags = `
import json, sys
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as schemas
replaced = {}
for kind in json.load(sys.stdin):
    schema = schemas.get_resource_schema("us-east-1", kind).schema
    tagging = schema.get("tagging") or {}
    tags = tagging.get("tagProperty", "/properties/Tags")
    taggable = tagging.get("taggable", tags.removeprefix("/properties/") in schema["properties"])
    replaced[kind] = bool(taggable and (tags in schema.get("createOnlyProperties", []) or tagging.get("tagUpdatable") is False))
json.dump(replaced, sys.stdout)
`

// CloudFormation passes stack tags on to what is in the stack: a tag that replaced an instance, an image or a database would
// be no label.
func TestAChangedTagReplacesNothing(t *testing.T) {
	python := lintTool(t, "python")
	kinds := map[string]bool{"AWS::Batch::ComputeEnvironment": true} // to see that the question can be answered with yes
	synthesizeSystem(t, nil).each(func(_ string, _ mode, _ config.Side, tpl template) {
		for _, r := range tpl.section("Resources") {
			if kind := resource(r.(map[string]any)).kind(); !slices.Contains([]string{"Custom::RegionRole", "Custom::PublishedImage", "Custom::Teardown"}, kind) {
				kinds[kind] = true
			}
		}
	})
	asked, err := json.Marshal(keys(kinds))
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), filepath.Clean(python), "-c", replacedByTags)
	command.Stdin = bytes.NewReader(asked)
	said, err := command.Output()
	require.NoError(t, err)
	var replaced map[string]bool
	require.NoError(t, json.Unmarshal(said, &replaced))
	require.Len(t, replaced, len(kinds))
	for kind, is := range replaced {
		assert.Equal(t, kind == "AWS::Batch::ComputeEnvironment", is, kind)
	}
}
