// Command drill deploys the whole system with the real CDK CLI to an embedded AWS, takes the primary's region down, lights
// up the secondary, brings everything home and removes it all.
//
//	drill              the story
//	drill NAME...      scenarios of faults, by name
//	drill faults       every scenario
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	scenarios, err := chosen(os.Args[1:])
	if err == nil {
		err = runAll(ctx, scenarios, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "drill:", err)
		os.Exit(1)
	}
}

// chosen finds the scenarios that are asked for.
func chosen(names []string) ([]scenario, error) {
	if len(names) == 0 {
		return []scenario{story}, nil
	}
	if len(names) == 1 && names[0] == "faults" {
		return faults, nil
	}
	var found []scenario
	for _, name := range names {
		s, ok := find(name)
		if !ok {
			return nil, fmt.Errorf("%q: unknown scenario: use one of %s", name, strings.Join(known(), ", "))
		}
		found = append(found, s)
	}
	return found, nil
}

func find(name string) (scenario, bool) {
	for _, s := range append(faults, story, lossy) {
		if s.name == name {
			return s, true
		}
	}
	return scenario{}, false
}

func known() (names []string) {
	for _, s := range append(faults, story, lossy) {
		names = append(names, s.name)
	}
	return names
}
