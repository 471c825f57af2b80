// Package check holds the checks of what must be true after a step.
package check

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
)

// All checks everything and reports every mistake.
func All(checks ...stage.Check) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		var errs []error
		for _, c := range checks {
			errs = append(errs, c(ctx, d))
		}
		return errors.Join(errs...)
	}
}

// Eventually waits until something is so.
func Eventually(c stage.Check) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		var latest error
		if stage.WaitFor(ctx, func() (bool, error) { latest = c(ctx, d); return latest == nil, nil }) != nil {
			return latest
		}
		return nil
	}
}

// Serves: the side's region is the only one that does. Its database writes, its one instance runs from the right image,
// and the other region is the pilot light, as both stacks show.
func Serves(side config.Side) stage.Check {
	standby := side.Other()
	return All(Writes(side), Runs(side, 1), Runs(standby, 0), HasRole(side, config.Active), HasRole(standby, config.PilotLight))
}

// FailedOver: an unplanned failover to the side has succeeded, and the output LastRoleChange shows it. Nothing can be known
// of the lost region.
func FailedOver(side config.Side) stage.Check {
	return All(Writes(side), Runs(side, 1), HasRole(side, config.Active), ChangedBy(side, "failover"))
}

// Writes: the side's cluster is the writer, seen from its own region.
func Writes(side config.Side) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		database, err := d.System.Database(ctx, side)
		if err != nil {
			return err
		}
		if database.Writer != side {
			return fmt.Errorf("the writer is the cluster of the %q, want the %q", database.Writer, side)
		}
		return nil
	}
}

// Replicates: the side's cluster is a connected reader.
func Replicates(side config.Side) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		database, err := d.System.Database(ctx, side.Other())
		if err != nil {
			return err
		}
		if connected, member := database.Members[side]; !member || !connected || database.Writer == side {
			return fmt.Errorf("the cluster of the %s: member %v, connected %v, writer %q", side, member, connected, database.Writer)
		}
		return nil
	}
}

// Runs: so many instances of the side's region run. In the secondary they run from the published image.
func Runs(side config.Side, count int) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		left, err := d.Emulator.Leftovers(ctx)
		if err != nil {
			return err
		}
		machines := d.World.Machines(stage.Regions[side])
		if found := left[stage.Regions[side]]["instances"]; len(found) != count || len(machines) != count {
			return fmt.Errorf("found %d instances of the %s, want %d: %v", len(found), side, count, found)
		}
		for _, machine := range machines {
			image := machine.Image
			if !slices.Contains(left[stage.Regions[side]]["images"], image) {
				return fmt.Errorf("%s runs from image %s, which is gone", machine.Instance, image)
			}
			published, err := d.System.Image(ctx)
			if side == config.Secondary && err != nil {
				return err
			}
			if side == config.Secondary && published != image {
				return fmt.Errorf("%s runs from image %s, want the published image %s", machine.Instance, image, published)
			}
		}
		return nil
	}
}

// HasRole: the side's stack is complete, with outputs that show its role.
func HasRole(side config.Side, role config.Role) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		stack, err := d.System.Stack(ctx, side)
		if err != nil {
			return err
		}
		if !strings.HasSuffix(stack.Status, "_COMPLETE") || stack.Outputs["Role"] != string(role) {
			return fmt.Errorf("the stack of the %s is %s with the role %q, want %s", side, stack.Status, stack.Outputs["Role"], role)
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

// ChangedBy: what the side's role did last, in its own words.
func ChangedBy(side config.Side, way string) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		stack, err := d.System.Stack(ctx, side)
		if err != nil {
			return err
		}
		if said := stack.Outputs["LastRoleChange"]; !strings.HasPrefix(said, way) {
			return fmt.Errorf("the last role change of the %s was %q, want a %s", side, said, way)
		}
		return nil
	}
}

// ImagePublished: the pilot light has an image to boot, which is there.
func ImagePublished(ctx context.Context, d *stage.Drill) error {
	published, err := d.System.Image(ctx)
	if err != nil {
		return err
	}
	left, err := d.Emulator.Leftovers(ctx)
	if err != nil {
		return err
	}
	if !slices.Contains(left[stage.Regions[config.Secondary]]["images"], published) {
		return fmt.Errorf("the published image is %q, want one of %v", published, left[stage.Regions[config.Secondary]]["images"])
	}
	return nil
}

// BootedPrevious: the side's one instance runs from the image that served before, and not from the one of the release.
func BootedPrevious(side config.Side) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		want, err := d.Parameter(ctx, side, d.System.Names.PreviousImageParameter())
		if err != nil {
			return err
		}
		booted, err := d.Booted(side)
		if err == nil && booted != want {
			err = fmt.Errorf("the %s runs from %q, want %s", side, booted, want)
		}
		return err
	}
}

// Kept: so many images are there in each region, each with its snapshot.
func Kept(count int) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		left, err := d.Emulator.Leftovers(ctx)
		if err != nil {
			return err
		}
		for _, region := range stage.Regions {
			images, snapshots := left[region]["images"], left[region]["snapshots"]
			if len(images) != count || len(snapshots) != count {
				return fmt.Errorf("%s keeps the images %v and the snapshots %v, want %d of each", region, images, snapshots, count)
			}
		}
		return nil
	}
}

// SameBake: the primary's stack shows when the image was baked that the pilot light would boot, and the secondary's stack
// would read the same time.
func SameBake(ctx context.Context, d *stage.Drill) error {
	published, err := d.System.Image(ctx)
	if err != nil {
		return err
	}
	made, err := d.Baked(ctx, config.Secondary, published)
	if err != nil {
		return err
	}
	stack, err := d.System.Stack(ctx, config.Primary)
	if err != nil {
		return err
	}
	// The copies are made one after the other.
	shown, err := time.Parse(time.RFC3339, stack.Outputs["ImageBaked"])
	if err != nil {
		return fmt.Errorf("the output ImageBaked: %w", err)
	}
	if shown.Sub(made).Abs() > 5*time.Second {
		return fmt.Errorf("the output ImageBaked is %s, want about %s", shown, made)
	}
	read, err := d.Parameter(ctx, config.Secondary, d.System.Names.BakedParameter())
	if err == nil && read != stack.Outputs["ImageBaked"] {
		err = fmt.Errorf("the pilot light's image was baked at %q, want %q", read, stack.Outputs["ImageBaked"])
	}
	return err
}

// NothingIsLeft: every store of the emulator is empty.
func NothingIsLeft(ctx context.Context, d *stage.Drill) error {
	left, err := d.Emulator.Leftovers(ctx)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return fmt.Errorf("left over: %v", left)
	}
	return nil
}

// SnapshotsAreLeft checks that each region has a final snapshot of its cluster, a key, and nothing else.
func SnapshotsAreLeft(ctx context.Context, d *stage.Drill) error {
	left, err := d.Emulator.Leftovers(ctx)
	if err != nil {
		return err
	}
	for _, side := range []config.Side{config.Primary, config.Secondary} {
		stores := left[stage.Regions[side]]
		if len(stores) != 2 || len(stores["keys"]) != 1 ||
			!slices.Equal(stores["dbClusterSnapshots"], []string{d.System.Names.Cluster(side) + "-final"}) {
			return fmt.Errorf("left over: %v, want a snapshot and a key in each region", left)
		}
	}
	return nil
}

// IsMember: the side's cluster is one of the global database's, connected or not.
func IsMember(side config.Side) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		database, err := d.System.Database(ctx, side.Other())
		if _, member := database.Members[side]; err == nil && !member {
			err = fmt.Errorf("the cluster of the %s is no member", side)
		}
		return err
	}
}

// StackIs checks the status of the side's stack.
func StackIs(side config.Side, status string) stage.Check {
	return func(ctx context.Context, d *stage.Drill) error {
		stack, err := d.System.Stack(ctx, side)
		if err == nil && stack.Status != status {
			err = fmt.Errorf("the stack of the %s is %s, want %s", side, stack.Status, status)
		}
		return err
	}
}
