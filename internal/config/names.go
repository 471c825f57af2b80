package config

// Side says which of the two regions something belongs to. It never changes; the [Role] that a side plays does.
type Side string

// The two sides. Their words are part of every stack's and cluster's name.
const (
	Primary   Side = "primary"
	Secondary Side = "secondary"
)

// Other is the opposite side.
func (s Side) Other() Side {
	if s == Primary {
		return Secondary
	}
	return Primary
}

// Names builds every name that the two stacks share without referring to each other. Its value is the prefix, context key "name".
type Names string

// Stack is the CloudFormation stack of a side, for example "unishop-secondary".
func (n Names) Stack(s Side) string { return string(n) + "-" + string(s) }

// GlobalCluster is the identifier of the Aurora global database.
func (n Names) GlobalCluster() string { return string(n) }

// Cluster is the identifier of a side's DB cluster. It must differ between the member regions of a global database:
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-getting-started.html#aurora-global-database.configuration.requirements
func (n Names) Cluster(s Side) string { return string(n) + "-" + string(s) }

// Instance is the identifier of the one DB instance of a side's cluster.
func (n Names) Instance(s Side) string { return n.Cluster(s) + "-1" }

// Secret is the name, equal in both regions, of the database credentials.
func (n Names) Secret() string { return string(n) + "/database" }

// ImageParameter is the SSM parameter in the secondary's region that holds the id of the proven golden image.
func (n Names) ImageParameter() string { return "/" + string(n) + "/image" }

// PreviousImageParameter is the SSM parameter, in both regions, that holds the id of the image that served before.
func (n Names) PreviousImageParameter() string { return n.ImageParameter() + "/previous" }

// BakedParameter is the SSM parameter in the secondary's region that holds when the proven golden image was baked.
func (n Names) BakedParameter() string { return n.ImageParameter() + "/baked" }

// Image is the name of the golden image's component, recipe, infrastructure and distribution.
func (n Names) Image() string { return string(n) }

// ImageLogGroup is where Image Builder logs the build: it derives this name from the recipe's and creates the group
// when it is not declared:
// https://docs.aws.amazon.com/imagebuilder/latest/userguide/monitor-cwlogs.html
func (n Names) ImageLogGroup() string { return "/aws/imagebuilder/" + n.Image() }

// BuildTypes are the classes that the golden image is built on, bigger than the server's: the build waits for it, and pays by
// the minute. Image Builder takes the first that has capacity:
// https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateInfrastructureConfiguration.html
var BuildTypes = []string{"t3.medium", "t3a.medium", "m5.large", "m6i.large"}

// DatabaseLogs of Aurora MySQL that are exported: what went wrong, and which statements take longer than a second.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.CloudWatch.html
var DatabaseLogs = []string{"error", "slowquery"}

// DatabaseLogGroup is where RDS sends a log of a side's cluster, such as "error": it derives this name from the cluster's.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.CloudWatch.html
func (n Names) DatabaseLogGroup(s Side, log string) string {
	return "/aws/rds/cluster/" + n.Cluster(s) + "/" + log
}

// ServerLogGroup is where the CloudWatch agent of a side's server sends the shop's logs.
func (n Names) ServerLogGroup() string { return "/" + string(n) + "/server" }
