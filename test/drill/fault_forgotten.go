package main

import (
	"context"
	"fmt"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/test/emulator"
)

// resynchronisation of the primary's database is held until the scenario lets it go on.
var resynchronisation = hold(emulator.MemberResynchronised)

// darkening is what somebody types who has forgotten the flag.
var darkening = deploying("unishop-secondary", "--exclusively")

var forgottenFlag = scenario{
	name: "forgotten-flag",
	says: "nobody darkens the region that sells, unless the other one sells first",
	steps: []step{
		deployed, down, failedOver,
		{"us-east-1 is down: darkening the only copy is refused", refused(fromLaptop(darkening), "the only copy of the data"),
			all(writes(secondary), runs(secondary, 1))},
		{"us-east-1 returns, and is not resynchronised yet", inOrder(resynchronisation.begin, bringBack(primary)), eventually(isMember(primary))},
		{"darkening is refused while it is resynchronised", refused(darkening, "no region would be active: unishop-primary is not ready", "being resynchronised"),
			all(writes(secondary), runs(secondary, 1))},
		{"it is resynchronised", resynchronisation.release, eventually(replicates(primary))},
		rested,
		{"darkening is refused while us-east-1 is at rest", refused(darkening, "no region would be active: unishop-primary is not ready"),
			sells(secondary)},
		{"by plain CloudFormation too", unchanged(darkenByTemplate), sells(secondary)},
		home,
		down, failedOver, returned,
		{"us-east-1 is ready to sell: the darkening hands back", typed(darkening),
			all(sells(primary), replicates(secondary), changedBy(secondary, "switchover"))},
	},
}

// fromLaptop types a command where it works without us-east-1.
func fromLaptop(c command) command {
	c.at, c.region = laptop, regions[secondary]
	return c
}

func isMember(side config.Side) check {
	return func(ctx context.Context, d *Drill) error {
		database, err := d.system.Database(ctx, side.Other())
		if _, member := database.Members[side]; err == nil && !member {
			err = fmt.Errorf("the cluster of the %s is no member", side)
		}
		return err
	}
}

func darkenByTemplate(ctx context.Context, d *Drill) error {
	template, err := d.synthesize(ctx, secondary)
	if err != nil {
		return err
	}
	return d.rolledBack(ctx, secondary, template)
}
