package main

import "unishop-pilot-light/internal/config"

// keptTemplate: the commands are the runbook's.
var keptTemplate = scenario{
	name: "kept-template",
	says: "a failover needs neither Go nor npm: a kept template and the AWS CLI will do, as often as it is needed",
	steps: []step{
		deployed,
		{"the templates of both failovers are kept, and customers buy", inOrder(keep, measure, buying(primary)), nil},
		down,
		{"us-west-1 takes over by the AWS CLI alone", moving(failOverKept(secondary)), tookOver(secondary)},
		{"what the outage has cost is counted", inOrder(count("failover", secondary), noMoreMeasuring), nil},
		returned, swapped(primary), down,
		{"us-west-1 takes over by the same template", failOverKept(secondary), tookOver(secondary)},
		returned, home,
	},
}

// keep keeps the templates of both failovers in the folder kept.
var keep = typed(command{at: laptop, equipped: true, shell: "make kept"})

// failOverKept is the failover without Go or npm, as the runbook has it.
func failOverKept(to config.Side) action {
	return runbook("A failover without Go or npm", "update-stack --region "+regions[to])
}
