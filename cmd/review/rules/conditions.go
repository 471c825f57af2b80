package rules

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"unishop-pilot-light/cmd/review/diff"
)

// Sections of changes that are in no template.
const (
	// Stack is what the CDK CLI knows of a stack beside its template: where it is, and whether it is protected.
	Stack = "Stack"
	// Activation is what differs between the templates of two modes, although no role change may change it.
	Activation = "Activation"
)

// view is a change, and all changes of its template.
type view struct {
	diff.Change
	all []diff.Change
}

// condition says whether something holds for a change, and what it has found.
type condition func(view) (detail string, holds bool)

// all holds when each does; what the last one has found counts.
func all(conditions ...condition) condition {
	return func(v view) (found string, holds bool) {
		for _, c := range conditions {
			detail, holds := c(v)
			if !holds {
				return "", false
			}
			if detail != "" {
				found = detail
			}
		}
		return found, true
	}
}

func always(view) (string, bool) { return "", true }

func section(name string) condition {
	return func(v view) (string, bool) { return strings.Join(v.Others, ", "), v.Section == name }
}

func kind(types ...string) condition {
	return func(v view) (string, bool) { return "", slices.Contains(types, v.Type()) }
}

func otherThan(kind string) condition {
	return func(v view) (string, bool) { return "", v.Type() != kind }
}

func stateful(v view) (string, bool) {
	before, _ := v.Before["Type"].(string)
	return "", slices.Contains(Stateful, before)
}

func custom(v view) (string, bool) {
	return "", strings.HasPrefix(v.Type(), "Custom::") || v.Type() == "AWS::CloudFormation::CustomResource"
}

func notCustom(v view) (string, bool) {
	_, is := custom(v)
	return "", !is
}

// present: it is there before and after.
func present(v view) (string, bool) { return "", v.Before != nil && v.After != nil }

// removed, or replaced by another of its kind.
func removed(v view) (string, bool) {
	return "", v.Before != nil && (v.After == nil || v.Before["Type"] != v.After["Type"])
}

// impact finds the properties that have it.
func impact(impacts ...diff.Impact) condition {
	return func(v view) (string, bool) {
		var because []string
		for _, name := range slices.Sorted(maps.Keys(v.Properties)) {
			if slices.Contains(impacts, v.Properties[name]) {
				because = append(because, name)
			}
		}
		if len(because) == 0 && v.Before["Type"] != v.After["Type"] {
			because = append(because, "its type")
		}
		return strings.Join(because, ", "), slices.Contains(impacts, v.Impact)
	}
}

func anyProperty(v view) (string, bool) {
	return v.describe(slices.Sorted(maps.Keys(v.Properties))...), len(v.Properties) > 0
}

func anyOther(v view) (string, bool) { return strings.Join(v.Others, ", "), len(v.Others) > 0 }

func changed(property string) condition {
	return func(v view) (string, bool) {
		_, is := v.Properties[property]
		return v.describe(property), is
	}
}

// describe names properties, with their values when these are short.
func (v view) describe(properties ...string) string {
	var said []string
	for _, name := range properties {
		before, after := brief(v.before(name)), brief(v.after(name))
		if before != after && len(before)+len(after) < 60 {
			name += ": " + before + " → " + after
		}
		said = append(said, name)
	}
	return strings.Join(said, ", ")
}

func brief(value any) string {
	switch value.(type) {
	case nil:
		return "none"
	case string:
		return fmt.Sprintf("%q", value)
	}
	return text(value)
}

func text(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		panic(err) // a template comes from JSON
	}
	return string(written)
}

func (v view) before(property string) any { return at(v.Before, property) }
func (v view) after(property string) any  { return at(v.After, property) }

func at(resource map[string]any, property string) any {
	properties, _ := resource["Properties"].(map[string]any)
	return properties[property]
}

// isTrue also of the text, which CloudFormation takes for the boolean.
func isTrue(value any) bool { return value == true || value == "true" }

// lost: a property that was true is not any more, on something that stays.
func lost(property string) condition {
	return all(present, func(v view) (string, bool) {
		return "", isTrue(v.before(property)) && !isTrue(v.after(property))
	})
}

// fell is lost, of a fact of a stack.
func fell(fact string) condition {
	return func(v view) (string, bool) { return "", isTrue(v.Before[fact]) && !isTrue(v.After[fact]) }
}

func differs(fact string) condition {
	return func(v view) (string, bool) {
		before, after := v.Before[fact], v.After[fact]
		return fmt.Sprintf("%v → %v", before, after), before != after
	}
}

func disabled(v view) (string, bool) {
	return "", v.After != nil && v.after("Enabled") != nil && !isTrue(v.after("Enabled")) && (v.before("Enabled") == nil || isTrue(v.before("Enabled")))
}

// lowered: a number; one that is not given has CloudFormation's default of 1.
func lowered(property string) condition {
	return all(present, changed(property), func(v view) (string, bool) {
		number := func(value any) float64 {
			n := 1.0
			if value != nil {
				_, _ = fmt.Sscan(fmt.Sprint(value), &n) // else it is an expression, and stays 1
			}
			return n
		}
		before, after := number(v.before(property)), number(v.after(property))
		return fmt.Sprintf("%v → %v", before, after), after < before
	})
}

// replicaDropped finds the regions.
func replicaDropped(v view) (string, bool) {
	if v.After == nil {
		return "", false
	}
	kept := regions(v.after("ReplicaRegions"))
	gone := slices.DeleteFunc(regions(v.before("ReplicaRegions")), func(r string) bool { return slices.Contains(kept, r) })
	return strings.Join(gone, ", "), len(gone) > 0
}

func regions(replicas any) (names []string) {
	list, _ := replicas.([]any)
	for _, each := range list {
		replica, _ := each.(map[string]any)
		names = append(names, strings.Trim(text(replica["Region"]), `"`))
	}
	return names
}

// strength of a DeletionPolicy or an UpdateReplacePolicy.
var strength = map[any]int{"Delete": 0, "Snapshot": 1, "RetainExceptOnCreate": 2, "Retain": 3}

func weakerPolicy(v view) (string, bool) {
	if v.After == nil {
		return "", false
	}
	var weaker []string
	for _, name := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		before, after := policy(v.Before, name), policy(v.After, name)
		if strength[after] < strength[before] {
			weaker = append(weaker, fmt.Sprintf("%s: %v → %v", name, before, after))
		}
	}
	return strings.Join(weaker, ", "), len(weaker) > 0
}

// policy of a resource; without one CloudFormation deletes, but takes a snapshot of a DB cluster that is deleted.
func policy(resource map[string]any, name string) any {
	if given := resource[name]; given != nil {
		return given
	}
	if name == "DeletionPolicy" && resource["Type"] == "AWS::RDS::DBCluster" {
		return "Snapshot"
	}
	return "Delete"
}

// nameTaken: a new resource has the name of one that is removed by the same change.
func nameTaken(v view) (string, bool) {
	if v.Impact != diff.Created {
		return "", false
	}
	name := nameOf(v.After)
	for _, other := range v.all {
		if name != "" && other.After == nil && other.Before["Type"] == v.After["Type"] && nameOf(other.Before) == name {
			return name, true
		}
	}
	return "", false
}

func nameKept(v view) (string, bool) {
	name := nameOf(v.After)
	if v.Before["Type"] != v.After["Type"] {
		return "", false
	}
	for _, property := range Names[v.Type()] {
		if _, other := v.Properties[property]; other {
			return "", false
		}
	}
	return name, name != ""
}

// nameOf a resource; empty when CloudFormation makes one.
func nameOf(resource map[string]any) string {
	kind, _ := resource["Type"].(string)
	var parts []string
	for _, property := range Names[kind] {
		value := at(resource, property)
		if value == nil {
			return ""
		}
		parts = append(parts, strings.Trim(text(value), `"`))
	}
	return strings.Join(parts, " ")
}

// newWildcard finds what is allowed for everything now and was not before.
func newWildcard(v view) (string, bool) {
	known := wildcards(v.Before["Properties"])
	found := slices.DeleteFunc(wildcards(v.After["Properties"]), func(w string) bool { return slices.Contains(known, w) })
	return strings.Join(found, "; "), len(found) > 0
}

// wildcards of all statements below a value that allow something: an action with a star, or any resource or principal.
func wildcards(value any) (found []string) {
	switch v := value.(type) {
	case []any:
		for _, each := range v {
			found = append(found, wildcards(each)...)
		}
	case map[string]any:
		if v["Effect"] == "Allow" {
			return wildcardsOf(v)
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			found = append(found, wildcards(v[key])...)
		}
	}
	return found
}

func wildcardsOf(statement map[string]any) (found []string) {
	plain := func(value any) string { return strings.ReplaceAll(strings.Trim(text(value), `[]"`), `"`, "") }
	actions := plain(statement["Action"])
	if not := statement["NotAction"]; not != nil {
		actions = "all but " + plain(not)
		found = append(found, "Action "+actions)
	} else if strings.Contains(actions, "*") {
		found = append(found, "Action "+actions)
	}
	for _, part := range []string{"Resource", "Principal"} {
		if strings.Contains(text(statement[part]), `"*"`) {
			found = append(found, part+" * for "+actions)
		}
	}
	return found
}

// unknownProperty: the library has an answer for every property of a type that it knows.
func unknownProperty(v view) (string, bool) {
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(v.Properties)) {
		if v.Properties[name] == diff.Unchanged {
			unknown = append(unknown, name)
		}
	}
	return strings.Join(unknown, ", "), len(unknown) > 0
}
