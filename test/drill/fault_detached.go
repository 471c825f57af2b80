package main

const notAMember = "A cluster that is not in the global database"

// detached: what an operator detached is replaced, as the runbook has it, by a database that serves.
var detached = scenario{
	name: "detached",
	says: "a cluster that an operator detached is named with the way out, which leads to a database that serves",
	steps: []step{
		deployed,
		{"everything moves to us-west-1 by plan", deploy("--all", "-c", "failover=planned"), all(sells(secondary), replicates(primary))},
		{"an operator detaches the cluster of us-east-1", typed(command{at: laptop, aws: true, arguments: []string{
			"rds", "remove-from-global-cluster", "--region", east, "--global-cluster-identifier", declared.Names.GlobalCluster(),
			"--db-cluster-identifier", clusterARN(primary)}}), nil},
		{"the only copy of the data is not deactivated, and the message names the way out", refused(darkening, "the only copy of the data", notAMember), nil},
		{"the way out replaces the cluster by one that joins", runbook(notAMember, "create-db-cluster-snapshot", "delete-db-instance"),
			all(writes(secondary), eventually(replicates(primary)))},
		{"reconcile=1 brings the roles about again", deploy("--all", "-c", "failover=planned", "-c", "reconcile=1"), all(sells(secondary), replicates(primary))},
		home,
		{"customers buy", inOrder(measure, buying(primary), noMoreMeasuring), nil},
		{"everything is removed", destroy("--all"), nothingIsLeft},
	},
}
