// Package activation says what differs between a region's pilot-light template and its active one. It reads templates as
// JSON gives them and does not know the CDK.
package activation

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Template is a CloudFormation template as JSON gives it.
type Template = map[string]any

// Whole is the type of the resource that only an active region has.
const Whole = "AWS::EC2::Instance"

// Varies lists, by resource type, the properties that a role change or an operator's command may change. The static
// stability of a failover depends on this list being short: IAM, S3 buckets and DNS are changed in us-east-1 alone.
// https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
var Varies = map[string][]string{
	"Custom::RegionRole":     {"Role", "Way", "Attempt", "Reconcile"},
	"Custom::PublishedImage": {"Reconcile", "Serves"},
	// Follows server-zone, where the next image is built.
	"AWS::ImageBuilder::InfrastructureConfiguration": {"SubnetId"},
}

// Parameters that read what stands in Systems Manager.
const (
	// Image is what an active secondary boots.
	Image = "Image"
	// PreviousImage is what an active region of either side boots instead, when it is to serve from the image before.
	PreviousImage = "PreviousImage"
	// Baked is when the secondary's image was baked. An unplanned failover does without.
	Baked = "Baked"
)

// Standing is what a template has in every role: the template without the instance, what depends on it being there, the
// properties of [Varies], the parameters [Image], [PreviousImage] and [Baked], and the outputs. The template itself is not changed.
func Standing(t Template) Template {
	standing := copyOf(t)
	delete(standing, "Outputs")
	resources, _ := standing["Resources"].(map[string]any)
	instances := idsOf(resources, Whole)
	for id := range instances {
		delete(resources, id)
	}
	for _, r := range resources {
		resource, _ := r.(map[string]any)
		withoutDependencies(resource, instances)
		kind, _ := resource["Type"].(string)
		properties, _ := resource["Properties"].(map[string]any)
		for _, name := range Varies[kind] {
			delete(properties, name)
		}
	}
	if parameters, ok := standing["Parameters"].(map[string]any); ok {
		for _, varies := range []string{Image, PreviousImage, Baked} {
			delete(parameters, varies)
		}
		if len(parameters) == 0 {
			delete(standing, "Parameters")
		}
	}
	return standing
}

// Differences names what two templates do not have in common although no role change may change it, in order: "Resources
// ServerRoleB6C85082 (AWS::IAM::Role)". There is none when one can be deployed over the other in an outage.
func Differences(a, b Template) (found []string) {
	a, b = Standing(a), Standing(b)
	for _, section := range union(a, b) {
		before, isMap := a[section].(map[string]any)
		after, areMaps := b[section].(map[string]any)
		if !isMap && !areMaps {
			if text(a[section]) != text(b[section]) {
				found = append(found, section)
			}
			continue
		}
		for _, id := range union(before, after) {
			if text(before[id]) != text(after[id]) {
				found = append(found, section+" "+id+kindOf(before[id], after[id]))
			}
		}
	}
	return found
}

// Changes names what CloudFormation would change, beside a role change, if it updated a stack of the first template to the
// second one: resources by type and properties, and what these take from mappings. Texts, orders and policies change
// nothing that is deployed, and are no reason to stop a failover.
func Changes(deployed, wanted Template) []string {
	return Differences(effective(deployed), effective(wanted))
}

func effective(t Template) Template {
	t = copyOf(t)
	for _, section := range []string{"Description", "Metadata", "Rules"} {
		delete(t, section)
	}
	resources, _ := t["Resources"].(map[string]any)
	for _, r := range resources {
		resource, _ := r.(map[string]any)
		maps.DeleteFunc(resource, func(part string, _ any) bool {
			return part != "Type" && part != "Properties" && part != "Condition"
		})
	}
	return t
}

// Release is the output of a template that distinguishes releases; "unknown" when it has none.
func Release(t Template) string {
	outputs, _ := t["Outputs"].(map[string]any)
	output, _ := outputs["Release"].(map[string]any)
	if release, ok := output["Value"].(string); ok {
		return release
	}
	return "unknown"
}

func kindOf(values ...any) string {
	for _, value := range values {
		if resource, ok := value.(map[string]any); ok && resource["Type"] != nil {
			return fmt.Sprintf(" (%v)", resource["Type"])
		}
	}
	return ""
}

func idsOf(resources map[string]any, kind string) map[string]bool {
	ids := map[string]bool{}
	for id, r := range resources {
		if resource, ok := r.(map[string]any); ok && resource["Type"] == kind {
			ids[id] = true
		}
	}
	return ids
}

// withoutDependencies leaves a resource's other dependencies, as a list.
func withoutDependencies(resource map[string]any, on map[string]bool) {
	all, isList := resource["DependsOn"].([]any)
	if one, isText := resource["DependsOn"].(string); isText {
		all, isList = []any{one}, true
	}
	if !isList {
		return
	}
	left := []any{}
	for _, id := range all {
		if name, _ := id.(string); !on[name] {
			left = append(left, id)
		}
	}
	resource["DependsOn"] = left
	if len(left) == 0 {
		delete(resource, "DependsOn")
	}
}

func union(a, b map[string]any) []string {
	both := maps.Clone(a)
	if both == nil {
		both = map[string]any{}
	}
	maps.Copy(both, b)
	return slices.Sorted(maps.Keys(both))
}

// copyOf goes through JSON, so that values compare as CloudFormation keeps them.
func copyOf(t Template) (copied Template) {
	if err := json.Unmarshal([]byte(text(t)), &copied); err != nil {
		panic(err) // it has just been written
	}
	return copied
}

// text is a value as JSON: its keys are sorted.
func text(value any) string {
	written, err := json.Marshal(value)
	if err != nil {
		panic(err) // a template comes from JSON
	}
	return string(written)
}
