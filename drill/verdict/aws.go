package verdict

// Published is a value that AWS, or an engineer who measured it there, has published.
type Published struct {
	Says   string  `json:"says"`
	Takes  Seconds `json:"takes,omitzero"` // where the drill counts with it
	Source string  `json:"source"`
}

// What happens at once in the drill and takes its time on AWS, by the slowest value that was found published: a composed
// RTO should rather be too long.
var (
	// AWS itself says "in the order of minutes".
	promotion = Published{"promotion of the secondary cluster: 8 minutes, measured from outside", 480,
		"https://github.com/keycloak/keycloak-benchmark/issues/445"}

	// Amazon Linux 2023 from the call to an open port took 25.8 s in 2026; others see 40 s.
	// https://github.com/brevdev/ec2-coldboot-research/blob/main/docs/cold-baseline-results.md
	launch = Published{"launch of an EC2 instance: 40 s until its boot has ended", 40,
		"https://github.com/aws/karpenter-provider-aws/issues/6285"}

	// A first boot reads the release with its AOT cache (100 MB), a JDK (100 MB) and as much of Amazon Linux as it needs.
	firstRead = Published{"first read of 500 MiB of a volume from a snapshot, at 5 MiB/s", 100,
		"https://github.com/github-aws-runners/terraform-aws-github-runner/issues/5163"}

	replicationLag = Published{"replication lag of a global database: under a second, typically", 1, aurora}
)

// AWSWaits are in the composed figures and in no measured one.
var AWSWaits = []Published{promotion, launch, firstRead, replicationLag}

const (
	aurora           = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database.html"
	disasterRecovery = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html"
	reliability      = "https://docs.aws.amazon.com/wellarchitected/latest/reliability-pillar/rel_planning_for_recovery_disaster_recovery.html"
)

// Documented is what AWS says of the same figures.
var Documented = []Published{
	{"Pilot light: an RPO of minutes, an RTO of tens of minutes", 0, reliability},
	{"Aurora Global Database: an RTO in the order of minutes", 0, disasterRecovery},
	{"A failover: an RPO of seconds, typically; the secondary is the writer within a few minutes, typically", 0, disasterRecovery},
	{"A switchover: an RPO of 0", 0, disasterRecovery},
	{"Replication: a lag of under a second, typically", 0, aurora},
}
