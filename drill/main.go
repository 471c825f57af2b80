// Command drill deploys the whole system with the real CDK CLI to an embedded AWS, begins an outage of the active region,
// fails over to the other one, fails back and removes it all.
//
//	drill              the story
//	drill NAME...      scenarios of faults, by name
//	drill faults       every scenario
//	drill sandbox      no scenario: both regions are deployed and kept for a person, with a shell
//
// The variable OUTAGE says how a region fails in the story: as a whole, or only its site.
//
// A drill judges nothing while it runs. Everything goes into one history, from which all results are worked out:
//
//	scenarios    steps: what is done, and what must be so afterwards
//	    │
//	    ├────────────────┬─────────────────┐
//	    ▼                ▼                 ▼
//	    do           measure            check
//	commands,       customers,        asks AWS, and
//	outages         looks for writes  reads the history
//	    │                │                 ▲
//	    ▼                │                 │
//	  stage ─ events ────┤                 │
//	workstations,        ▼                 │
//	embedded AWS      history ─────────────┤
//	(emulator,        append-only log      │
//	world, systemd,      │                 │
//	mariadb, reaper,     ▼                 │
//	port)             verdict ─────────────┘
//	                  pure functions: RTO in verdict/rto.go, RPO in verdict/rpo.go
//	                     │
//	                     ▼
//	                  report
//	                  text, report.json, report.html
//
// Between scenarios and do stands pages, which types the commands of docs as they are printed. The room sandbox stands beside
// the scenarios: it does what a person asks for, and measures and judges nothing.
//
// A room imports only rooms below it, in the order of architecture_test.go.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"unishop-pilot-light/drill/scenarios"
	"unishop-pilot-light/drill/stage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, names []string) error {
	if slices.Equal(names, []string{"sandbox"}) {
		return openSandbox(ctx, os.Stdout)
	}
	wanted, err := chosen(names)
	if err != nil {
		return err
	}
	return runAll(ctx, wanted, os.Stdout)
}

// chosen finds the scenarios that are asked for.
func chosen(names []string) ([]stage.Scenario, error) {
	o, ok := scenarios.Outages[cmp.Or(os.Getenv("OUTAGE"), "region")]
	if !ok {
		return nil, fmt.Errorf("OUTAGE=%q is not allowed: use region or site", os.Getenv("OUTAGE"))
	}
	if len(names) == 0 {
		names = []string{"story"}
	}
	if len(names) == 1 && names[0] == "faults" {
		return scenarios.Faults, nil
	}
	all := append([]stage.Scenario{scenarios.Story(o), scenarios.Lossy}, scenarios.Faults...)
	var found []stage.Scenario
	for _, name := range names {
		i := slices.IndexFunc(all, func(s stage.Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("%q: unknown scenario: use one of %s", name, strings.Join(known(all), ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

func known(all []stage.Scenario) (names []string) {
	for _, s := range all {
		names = append(names, s.Name)
	}
	return names
}
