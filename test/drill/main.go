// Command drill deploys the whole system with the real CDK CLI to an embedded AWS, takes the primary's region down, lights
// up the secondary, brings everything home and removes it all.
//
//	drill              the story
//	drill NAME...      scenarios of faults, by name
//	drill faults       every scenario
//
// The variable OUTAGE says how us-east-1 fails in the story: as a region, or only its site.
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
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	wanted, err := chosen(os.Args[1:])
	if err == nil {
		err = runAll(ctx, wanted, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

// chosen finds the scenarios that are asked for.
func chosen(names []string) ([]scenario, error) {
	o, ok := outages[cmp.Or(os.Getenv("OUTAGE"), "region")]
	if !ok {
		return nil, fmt.Errorf("OUTAGE=%q is not allowed: use region or site", os.Getenv("OUTAGE"))
	}
	if len(names) == 0 {
		names = []string{"story"}
	}
	if len(names) == 1 && names[0] == "faults" {
		return faults, nil
	}
	all := append([]scenario{story(o), lossy}, faults...)
	var found []scenario
	for _, name := range names {
		i := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
		if i < 0 {
			return nil, fmt.Errorf("%q: unknown scenario: use one of %s", name, strings.Join(known(all), ", "))
		}
		found = append(found, all[i])
	}
	return found, nil
}

func known(all []scenario) (names []string) {
	for _, s := range all {
		names = append(names, s.name)
	}
	return names
}
