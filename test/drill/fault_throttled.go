package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/test/emulator"
)

// throttled: a disaster of a region brings throttling elsewhere; a failover has 15 minutes.
var throttled = scenario{
	name: "throttled",
	says: "minutes of throttling delay a failover and a planned move, and fail neither; nor does a lost answer",
	steps: []step{
		deployed, down,
		{"us-west-1 takes over through a minute of throttling, and half a minute more once AWS has begun to promote it",
			meanwhile(failingOver(secondary), updates(secondary), inOrder(
				busy(secondary), until(moves), action(faultsMet), withFaults(throttling(emulator.Functions, "rds", 30, secondary)...))),
			all(tookOver(secondary), faultsMet)},
		returned,
		{"us-east-1 is deactivated", deploy("unishop-primary", "-c", "failover=planned"), sells(secondary)},
		{"everything comes home through a minute of throttling in both regions",
			meanwhile(deploying("--all"), updates(primary), busy(primary, secondary)),
			all(sells(primary), replicates(secondary), changedBy(primary, "switchover"), faultsMet)},
		down,
		{"us-west-1 takes over, though AWS's answer to the failover is lost", inOrder(withFaults(emulator.Fault{
			Region: west, Service: "rds", Actions: []string{"FailoverGlobalCluster"}, Caller: emulator.Functions, Answer: emulator.Lost, Calls: 1}),
			failOver(secondary)), all(tookOver(secondary), changedBy(secondary, "failover (its answer was lost)"), faultsMet)},
	},
}

// busy: of the functions of these sides, CloudFormation throttles the calls for half a minute, so that they come to nothing
// else, and RDS those of the half minute after it; of the first side's machines, every service.
func busy(sides ...config.Side) action {
	return withFaults(slices.Concat(throttling(emulator.Machines, "", 30, sides[0]),
		throttling(emulator.Functions, "cloudformation", 30, sides...), throttling(emulator.Functions, "rds", 60, sides...))...)
}

func throttling(caller emulator.Caller, service string, seconds time.Duration, sides ...config.Side) (faults []emulator.Fault) {
	for _, side := range sides {
		faults = append(faults, emulator.Fault{
			Region: regions[side], Service: service, Caller: caller, Answer: emulator.Throttled, For: seconds * time.Second})
	}
	return faults
}

func withFaults(faults ...emulator.Fault) action {
	return func(ctx context.Context, d *Drill) error { return d.emulator.SetFaults(ctx, faults...) }
}

// faultsMet: every fault that was set last was met, or the scenario proves nothing.
func faultsMet(ctx context.Context, d *Drill) error {
	met, err := d.emulator.FaultsMet(ctx)
	for i, calls := range met {
		if calls == 0 {
			return fmt.Errorf("no call has met fault %d of %d", i+1, len(met))
		}
	}
	return err
}

// until waits.
func until(so instant) action {
	return func(ctx context.Context, d *Drill) error {
		return waitFor(ctx, func() (bool, error) { return so(ctx, d) })
	}
}
