package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"unishop-pilot-light/internal/config"
)

// all checks everything and reports every mistake.
func all(checks ...check) check {
	return func(ctx context.Context, d *Drill) error {
		var errs []error
		for _, c := range checks {
			errs = append(errs, c(ctx, d))
		}
		return errors.Join(errs...)
	}
}

// eventually waits until something is so.
func eventually(c check) check {
	return func(ctx context.Context, d *Drill) error {
		var latest error
		if waitFor(ctx, func() (bool, error) { latest = c(ctx, d); return latest == nil, nil }) != nil {
			return latest
		}
		return nil
	}
}

// sells: the side's region is the only one that does. Its database writes, its one instance runs from the right image,
// and the other region is dark, as both stacks say.
func sells(side config.Side) check {
	dark := side.Other()
	return all(writes(side), runs(side, 1), runs(dark, 0), says(side, config.Active), says(dark, config.PilotLight))
}

// tookOver: an unplanned failover to the side has succeeded, and says what it did. Nothing can be known of the lost region.
func tookOver(side config.Side) check {
	return all(writes(side), runs(side, 1), says(side, config.Active), changedBy(side, "failover"))
}

// writes: the side's cluster is the writer, seen from its own region.
func writes(side config.Side) check {
	return func(ctx context.Context, d *Drill) error {
		database, err := d.system.Database(ctx, side)
		if err != nil {
			return err
		}
		if database.Writer != side {
			return fmt.Errorf("the writer is the cluster of %q, and not of %q", database.Writer, side)
		}
		return nil
	}
}

// replicates: the side's cluster is a connected reader.
func replicates(side config.Side) check {
	return func(ctx context.Context, d *Drill) error {
		database, err := d.system.Database(ctx, side.Other())
		if err != nil {
			return err
		}
		if connected, member := database.Members[side]; !member || !connected || database.Writer == side {
			return fmt.Errorf("the cluster of the %s: member %v, connected %v, writer %q", side, member, connected, database.Writer)
		}
		return nil
	}
}

// runs: so many instances of the side's region run. In the secondary they run from the published image.
func runs(side config.Side, count int) check {
	return func(ctx context.Context, d *Drill) error {
		left, err := d.emulator.Leftovers(ctx)
		if err != nil {
			return err
		}
		machines := d.world.Machines(regions[side])
		if found := left[regions[side]]["instances"]; len(found) != count || len(machines) != count {
			return fmt.Errorf("%d instances of the %s where %d are expected: %v", len(found), side, count, found)
		}
		for _, machine := range machines {
			image := machine.Image
			if !slices.Contains(left[regions[side]]["images"], image) {
				return fmt.Errorf("%s runs from %s, an image that is gone", machine.Instance, image)
			}
			if published, err := d.system.Image(ctx); side == config.Secondary && published != image {
				return fmt.Errorf("%s runs from %s, and published is %s (%v)", machine.Instance, image, published, err)
			}
		}
		return nil
	}
}

// says: the side's stack is complete, with outputs that tell its role.
func says(side config.Side, role config.Role) check {
	return func(ctx context.Context, d *Drill) error {
		stack, err := d.system.Stack(ctx, side)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(stack.Status, "_COMPLETE") || stack.Outputs["Role"] != string(role) {
			return fmt.Errorf("the stack of the %s is %s with the role %q, where %s is expected", side, stack.Status, stack.Outputs["Role"], role)
		}
		for _, output := range []string{"WebsiteURL", "DatabaseEndpoint", "LastRoleChange"} {
			if stack.Outputs[output] == "" {
				return fmt.Errorf("the stack of the %s has no output %s", side, output)
			}
		}
		if _, has := stack.Outputs["InstanceId"]; has != (role == config.Active) {
			return fmt.Errorf("the stack of the %s, %s, has an output InstanceId: %v", side, role, has)
		}
		return nil
	}
}

// changedBy: what the side's role did last, in its own words.
func changedBy(side config.Side, way string) check {
	return func(ctx context.Context, d *Drill) error {
		stack, err := d.system.Stack(ctx, side)
		if err != nil {
			return err
		}
		if said := stack.Outputs["LastRoleChange"]; !strings.HasPrefix(said, way) {
			return fmt.Errorf("the last role change of the %s was %q, and not a %s", side, said, way)
		}
		return nil
	}
}

// imagePublished: the pilot light has an image to boot, which is there.
func imagePublished(ctx context.Context, d *Drill) error {
	published, err := d.system.Image(ctx)
	if err != nil {
		return err
	}
	left, err := d.emulator.Leftovers(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(left[regions[config.Secondary]]["images"], published) {
		return fmt.Errorf("the published image is %q, and there are %v", published, left[regions[config.Secondary]]["images"])
	}
	return nil
}

// nothingIsLeft: every store of the emulator is empty.
func nothingIsLeft(ctx context.Context, d *Drill) error {
	left, err := d.emulator.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("left over: %v", left)
	}
	return nil
}

// facts is what a refused command must leave as it was, by name. A stack's status is no fact: an update that has been
// rolled back shows. Of a region that is down nothing but its stores can be known.
func facts(ctx context.Context, d *Drill) (map[string]string, error) {
	left, err := d.emulator.Leftovers(ctx)
	if err != nil {
		return nil, err
	}
	facts := map[string]string{}
	for where, stores := range left {
		for kind, names := range stores {
			facts[where+" "+kind] = strings.Join(names, " ")
		}
	}
	for _, side := range d.up() {
		stack, err := d.system.Stack(ctx, side)
		if err != nil {
			return nil, err
		}
		facts[string(side)+" stack"] = fmt.Sprint(stack.ID, " ", stack.Outputs["Role"], " ", stack.Outputs["InstanceId"])
		if len(left["global"]["globalClusters"]) == 0 {
			continue
		}
		database, err := d.system.Database(ctx, side)
		if err != nil {
			return nil, err
		}
		facts[string(side)+" database"] = fmt.Sprintf("%+v", database)
	}
	if !d.down[config.Secondary] {
		facts["image"], err = d.system.Image(ctx)
	}
	return facts, err
}

// changes between two moments, fact by fact.
func changes(before, after map[string]string) (found []string) {
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before[name] != after[name] {
			found = append(found, fmt.Sprintf("%s: was %q, is %q", name, before[name], after[name]))
		}
	}
	return found
}
