package main

// keptTemplate: the commands are the runbook's.
var keptTemplate = scenario{
	name: "kept-template",
	says: "a failover needs neither Go nor npm: a kept template and the AWS CLI will do",
	steps: []step{
		deployed,
		{"the template of a failover is kept, and customers buy", inOrder(typed(command{at: laptop, arguments: []string{
			"synth", "unishop-secondary", "--quiet", "-c", "failover=true", "-o", "kept"}}), measure, buying(primary)), nil},
		down,
		{"us-west-1 takes over by the AWS CLI alone", moving(inOrder(
			typed(command{at: laptop, aws: true, arguments: []string{
				"cloudformation", "update-stack", "--region", "us-west-1", "--stack-name", "unishop-secondary",
				"--template-body", "file://kept/unishop-secondary.template.json", "--capabilities", "CAPABILITY_IAM"}}),
			typed(command{at: laptop, aws: true, arguments: []string{
				"cloudformation", "wait", "stack-update-complete", "--region", "us-west-1", "--stack-name", "unishop-secondary"}}))),
			all(writes(secondary), runs(secondary, 1), says(secondary, active), changedBy(secondary, "failover"))},
		{"what the outage has cost is counted", inOrder(count("failover", secondary), recovered, noMoreMeasuring), nil},
		returned,
		home,
	},
}
