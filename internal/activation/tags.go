package activation

import (
	"fmt"
	"maps"
	"slices"
)

// TagChanges names the stack tags that differ. They are in no template, but CloudFormation puts them on everything in the
// stack that can be tagged, IAM roles among it.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
func TagChanges(deployed, wanted map[string]string) (found []string) {
	both := maps.Clone(wanted)
	if both == nil {
		both = map[string]string{}
	}
	maps.Copy(both, deployed)
	for _, key := range slices.Sorted(maps.Keys(both)) {
		before, was := deployed[key]
		after, is := wanted[key]
		if before != after || was != is {
			found = append(found, fmt.Sprintf("the tag %q of every resource: %q is deployed, and %q is wanted", key, before, after))
		}
	}
	return found
}
