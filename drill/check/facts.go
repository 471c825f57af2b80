package check

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// Facts is what a refused command must leave as it was, by name. A stack's status is no fact: an update that has been
// rolled back shows. During the outage of a region only its stores can be read.
func Facts(ctx context.Context, d *stage.Drill) (map[string]string, error) {
	left, err := d.Emulator.Leftovers(ctx)
	if err != nil {
		return nil, err
	}
	facts := map[string]string{}
	for where, stores := range left {
		for kind, names := range stores {
			slices.Sort(names) // what is made again comes last
			facts[where+" "+kind] = strings.Join(names, " ")
		}
	}
	for _, side := range d.Up() {
		stack, err := d.System.Stack(ctx, side)
		if err != nil {
			return nil, err
		}
		facts[string(side)+" stack"] = fmt.Sprint(stack.ID, " ", stack.Outputs["Role"], " ", stack.Outputs["InstanceId"])
		if len(left["global"]["globalClusters"]) == 0 {
			continue
		}
		database, err := d.System.Database(ctx, side)
		if err != nil {
			return nil, err
		}
		facts[string(side)+" database"] = fmt.Sprintf("%+v", database)
	}
	if !d.Down[config.Secondary] {
		facts["image"], err = d.System.Image(ctx)
	}
	return facts, err
}

// Changes between two moments, fact by fact.
func Changes(before, after map[string]string) (found []string) {
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] != after[name] {
			found = append(found, fmt.Sprintf("%s: was %q, is %q", name, before[name], after[name]))
		}
	}
	return found
}
