package test

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"unishop-pilot-light/internal/config"
)

// system is every template of every mode: what a promise looks at.
type system map[mode]map[config.Side]template

// template is a CloudFormation template as JSON gives it.
type template map[string]any

// resource is one entry of a template's Resources.
type resource map[string]any

// synthesizeSystem synthesises every mode, with further context.
func synthesizeSystem(t testing.TB, context map[string]any) system {
	t.Helper()
	s := system{}
	for _, m := range modes {
		with := map[string]any{"failover": string(m), "artifact": artifact}
		maps.Copy(with, context)
		a := synthesize(t, with)
		s[m] = map[config.Side]template{}
		for _, side := range sides {
			var tpl template
			require.NoError(t, json.Unmarshal(a.text(t, side), &tpl))
			s[m][side] = tpl
		}
	}
	return s
}

// each visits all templates, in order, with a name for complaints.
func (s system) each(visit func(where string, m mode, side config.Side, t template)) {
	for _, m := range modes {
		for _, side := range sides {
			visit(fmt.Sprintf("failover=%s, %s", m, side), m, side, s[m][side])
		}
	}
}

// active says whether a template's region is active in a mode.
func active(m mode, side config.Side) bool {
	return (m == atHome || m == mirrored) == (side == config.Primary)
}

// unplanned says whether a mode is a failover, which may lose writes.
func unplanned(m mode) bool { return m == failover || m == mirrored }

// section is Resources, Parameters or Outputs; empty when the template has none.
func (t template) section(name string) map[string]any {
	section, _ := t[name].(map[string]any)
	return section
}

// of returns the resources of some types by logical id.
func (t template) of(types ...string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.section("Resources") {
		if r := resource(r.(map[string]any)); slices.Contains(types, r.kind()) {
			found[id] = r
		}
	}
	return found
}

// one returns the only resource of a type; a template that has none, or several, is a broken promise, too.
func (t template) one(kind string) (string, resource) {
	found := t.of(kind)
	if len(found) != 1 {
		panic(fmt.Sprintf("%d resources of type %s, where one is expected", len(found), kind))
	}
	for id, r := range found {
		return id, r
	}
	return "", nil
}

func (r resource) kind() string { return r["Type"].(string) }

// props of the resource, created when there are none, so that a test can break them.
func (r resource) props() map[string]any {
	if _, ok := r["Properties"].(map[string]any); !ok {
		r["Properties"] = map[string]any{}
	}
	return r["Properties"].(map[string]any)
}

func (r resource) dependsOn() []string {
	var ids []string
	switch on := r["DependsOn"].(type) {
	case string:
		ids = append(ids, on)
	case []any:
		for _, id := range on {
			ids = append(ids, id.(string))
		}
	}
	return ids
}

// at follows keys through maps and lists; nil when the way ends.
func at(value any, path ...any) any {
	for _, step := range path {
		switch v := value.(type) {
		case map[string]any:
			key, _ := step.(string)
			value = v[key]
		case resource:
			key, _ := step.(string)
			value = v[key]
		case []any:
			i, ok := step.(int)
			if !ok || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// text is a value as JSON with sorted keys: for comparing, and for showing.
func text(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// list makes one value a list, as CloudFormation does.
func list(value any) []any {
	if values, ok := value.([]any); ok {
		return values
	}
	if value == nil {
		return nil
	}
	return []any{value}
}

// containsText says whether a text occurs in any of the texts below a value.
func containsText(value any, part string) (found bool) {
	walk(value, "", func(_ string, v any) {
		if s, ok := v.(string); ok && strings.Contains(s, part) {
			found = true
		}
	})
	return found
}

// render writes CloudFormation's Sub, Join, Ref and GetAtt as one text: "arn:aws:rds::${AWS::AccountId}:db:unishop".
func render(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	if text, ok := at(value, "Fn::Sub").(string); ok {
		return text
	}
	if id, ok := at(value, "Ref").(string); ok {
		return "${" + id + "}"
	}
	if id, ok := at(value, "Fn::GetAtt", 0).(string); ok {
		return fmt.Sprintf("${%s.%v}", id, at(value, "Fn::GetAtt", 1))
	}
	var joined strings.Builder
	for _, part := range list(at(value, "Fn::Join", 1)) {
		joined.WriteString(render(part))
	}
	if joined.Len() == 0 {
		return text(value)
	}
	return joined.String()
}

// named is the logical id that a Ref or a GetAtt names; empty when there is none.
func named(value any) string {
	if id, ok := at(value, "Ref").(string); ok {
		return id
	}
	id, _ := at(value, "Fn::GetAtt", 0).(string)
	return id
}

// idOf is the logical id that the CDK gives to the construct at a path of a stack, for example "Server/Role/Resource".
// https://github.com/aws/aws-cdk/blob/v2.270.0/packages/aws-cdk-lib/core/lib/private/uniqueid.ts
func idOf(path string) string {
	parts := slices.DeleteFunc(strings.Split(path, "/"), func(part string) bool { return part == "Default" })
	if len(parts) == 1 {
		return parts[0]
	}
	human, last := "", ""
	for _, part := range parts {
		if part != "Resource" && (last == "" || !strings.HasSuffix(last, part)) {
			human, last = human+part, part
		}
	}
	return fmt.Sprintf("%s%X", human, md5.Sum([]byte(strings.Join(parts, "/"))))[:len(human)+8]
}

// keys of a map in order, so that complaints come in order.
func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// walk visits every value below one, with the path to it.
func walk(value any, path string, visit func(path string, value any)) {
	visit(path, value)
	switch v := value.(type) {
	case map[string]any:
		for _, key := range keys(v) {
			walk(v[key], path+"/"+key, visit)
		}
	case []any:
		for i, item := range v {
			walk(item, fmt.Sprintf("%s/%d", path, i), visit)
		}
	}
}

// complaints collects what is wrong with a system.
type complaints []string

func (c *complaints) add(format string, args ...any) { *c = append(*c, fmt.Sprintf(format, args...)) }

// unless adds a complaint when something that is promised is not so.
func (c *complaints) unless(kept bool, format string, args ...any) {
	if !kept {
		c.add(format, args...)
	}
}

// all adds a complaint about each resource that has something else at a path than what all must have; nil is nothing.
func (c *complaints) all(where string, found map[string]resource, want any, path ...any) {
	for _, id := range keys(found) {
		got := at(found[id], path...)
		c.unless(got == want, "%s: %s: %v is %v, where %v is wanted", where, id, path, got, want)
	}
}

func (c complaints) String() string {
	sort.Strings(c)
	return strings.Join(c, "\n")
}
