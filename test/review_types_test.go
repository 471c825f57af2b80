package test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/cmd/review/diff"
	"unishop-pilot-light/cmd/review/rules"
)

// schema of a resource type, as cfn-lint has it from CloudFormation's registry.
// https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html
type schema struct {
	Properties            map[string]any
	ReadOnly              []string   `json:"readOnlyProperties"`
	CreateOnly            []string   `json:"createOnlyProperties"`
	ConditionalCreateOnly []string   `json:"conditionalCreateOnlyProperties"`
	PrimaryIdentifier     []string   `json:"primaryIdentifier"`
	AdditionalIdentifiers [][]string `json:"additionalIdentifiers"`
}

// replaces is what a change of a property does.
func (s schema) replaces(property string) diff.Impact {
	switch pointer := "/properties/" + property; {
	case slices.Contains(s.CreateOnly, pointer):
		return diff.Replaced
	case slices.Contains(s.ConditionalCreateOnly, pointer):
		return diff.MayReplaced
	}
	return diff.Updated
}

// settable are the properties that a template may have.
func (s schema) settable() []string {
	return slices.DeleteFunc(keys(s.Properties), func(p string) bool { return slices.Contains(s.ReadOnly, "/properties/"+p) })
}

// schemasOf finds the schema of a type; a type that is in no registry fails.
func schemasOf(t *testing.T) func(kind string) schema {
	t.Helper()
	lintTool(t, "cfn-lint")
	found, err := filepath.Glob(filepath.Join(root, ".cache/lint-venv/lib/python3*/site-packages/cfnlint/data/schemas"))
	require.NoError(t, err)
	require.Len(t, found, 1)
	files := map[string]string{}
	readJSON(t, filepath.Join(found[0], "providers", "us-east-1.json"), &files)
	return func(kind string) (s schema) {
		require.Contains(t, files, kind, "no registry knows the type")
		readJSON(t, filepath.Join(found[0], "resources", files[kind]+".json"), &s)
		return s
	}
}

func readJSON(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, into))
}

// inUse are the resources of all snapshots, by type. Custom ones are in no registry: every property of theirs has a rule.
func inUse(t *testing.T) map[string][]resource {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.template.json")
	require.NoError(t, err)
	found := map[string][]resource{}
	for _, file := range files {
		var tpl template
		readJSON(t, file, &tpl)
		for _, r := range tpl.section("Resources") {
			if r := resource(r.(map[string]any)); !strings.HasPrefix(r.kind(), "Custom::") {
				found[r.kind()] = append(found[r.kind()], r)
			}
		}
	}
	require.NotEmpty(t, found["AWS::RDS::DBCluster"])
	return found
}

// milder are the properties of types in use of which the diff library says less than the registry. No template has one.
var milder = []string{"AWS::ImageBuilder::Image ImagePipelineExecutionSettings", "AWS::Lambda::Function DurableConfig"}

// What is replaced is not overlooked: the diff library knows each type, and each property that replaces its resource in
// CloudFormation's registry replaces it there, too.
func TestTheDiffLibrarySaysOfEveryTypeInUseWhatIsReplaced(t *testing.T) {
	schemaOf, used := schemasOf(t), inUse(t)
	var pairs []diff.Pair
	for _, kind := range keys(used) {
		s := schemaOf(kind)
		for _, property := range s.settable() {
			pairs = append(pairs, pairOf(kind, property, at(s.Properties[property], "type") == "array"))
		}
	}
	answers, err := diff.Compare(t.Context(), root, pairs)
	require.NoError(t, err)
	severity := map[diff.Impact]int{diff.MayReplaced: 1, diff.Replaced: 2}
	known, less := map[string]bool{}, []string{}
	for _, answer := range answers {
		kind := answer[0].Type()
		for property, library := range answer[0].Properties {
			known[kind] = known[kind] || library != diff.Unchanged
			if severity[library] < severity[schemaOf(kind).replaces(property)] {
				less = append(less, kind+" "+property)
			}
		}
	}
	assert.ElementsMatch(t, milder, less)
	for _, kind := range keys(used) {
		assert.True(t, known[kind], "the diff library does not know %s", kind)
	}
	for _, what := range milder {
		kind, property, _ := strings.Cut(what, " ")
		for _, r := range used[kind] {
			assert.NotContains(t, r.props(), property, "%s needs a rule", kind)
		}
	}
}

func TestADiffLibraryThatDoesNotKnowATypeIsNoticed(t *testing.T) {
	answers, err := diff.Compare(t.Context(), root, []diff.Pair{pairOf("AWS::Shop::Basket", "Price", false)})
	require.NoError(t, err)
	assert.Equal(t, map[string]diff.Impact{"Price": diff.Unchanged}, answers[0][0].Properties)
}

// A name that a template gives is one that two resources cannot have.
func TestTheRulesKnowEveryNameInUse(t *testing.T) {
	schemaOf, used := schemasOf(t), inUse(t)
	found := 0
	for _, kind := range keys(used) {
		s := schemaOf(kind)
		for _, pointer := range append(slices.Concat(s.AdditionalIdentifiers...), s.PrimaryIdentifier...) {
			property := strings.TrimPrefix(pointer, "/properties/")
			for _, r := range used[kind] {
				if _, given := r.props()[property].(string); given {
					assert.Contains(t, rules.Names[kind], property, "%s %s", kind, property)
					found++
				}
			}
		}
	}
	assert.NotZero(t, found)
	for kind, properties := range rules.Names {
		for _, property := range properties {
			assert.Contains(t, schemaOf(kind).settable(), property, kind)
		}
	}
}

// The types that the rules call stateful are those that CloudFormation takes a snapshot of, as cfn-lint has them, and four
// more of which a snapshot is no question.
func TestTheStatefulTypesAreThoseWithSnapshots(t *testing.T) {
	schemaOf := schemasOf(t)
	for _, kind := range rules.Stateful {
		schemaOf(kind)
	}
	said, err := exec.Command(filepath.Join(root, ".cache", "lint-venv", "bin", "python"), "-c",
		"from cfnlint.helpers import valid_snapshot_types; print(*valid_snapshot_types)").Output()
	require.NoError(t, err)
	for _, kind := range strings.Fields(string(said)) {
		assert.Contains(t, rules.Stateful, kind)
	}
	assert.Equal(t, len(strings.Fields(string(said)))+4, len(rules.Stateful))
}

// pairOf changes one property. The library wants a policy of everything that may have one.
func pairOf(kind, property string, list bool) diff.Pair {
	of := func(value string) template {
		properties := map[string]any{"PolicyDocument": map[string]any{"Statement": []any{}}}
		properties[property] = map[string]any{"Statement": []any{}, "Changed": value}
		if list {
			properties[property] = []any{properties[property]}
		}
		return template{"Resources": map[string]any{"It": map[string]any{"Type": kind, "Properties": properties}}}
	}
	return diff.Pair{Before: of("a"), After: of("b")}
}
