package rules

import "unishop-pilot-light/cmd/review/diff"

// Documentation that several rules rest on.
const (
	cfn        = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/"
	cfnGuide   = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/"
	behaviours = cfnGuide + "using-cfn-updating-stacks-update-behaviors.html"
	policies   = cfn + "aws-attribute-deletionpolicy.html"
	regionRole = "constructs/functions/region_role.py"
)

// Table is every rule of which each that applies is said.
var Table = []Rule{
	// Data that would be lost or detached.
	{"stateful-replaced", Blocks, all(stateful, impact(diff.Replaced)),
		"is replaced because of {}: what it holds does not come along", behaviours},
	{"stateful-may-be-replaced", Blocks, all(stateful, impact(diff.MayReplaced)),
		"may be replaced because of {}: then what it holds does not come along", behaviours},
	{"stateful-removed", Blocks, all(stateful, impact(diff.Destroyed)),
		"is deleted with what it holds", behaviours},
	{"stateful-orphaned", Blocks, all(stateful, impact(diff.Orphaned)),
		"stays, but no longer belongs to the stack", policies},
	{"detached", Blocks, all(kind("AWS::RDS::DBCluster"), present, changed("GlobalClusterIdentifier")),
		"leaves the global database for good ({}): nothing can make it join again", cfn + "aws-resource-rds-dbcluster.html"},
	{"policy-weakened", Blocks, all(stateful, weakerPolicy),
		"would no longer be kept when it is removed or replaced ({})", policies},
	{"protection-dropped", Blocks, lost("DeletionProtection"),
		"could be deleted by one command: no deletion protection", cfn + "aws-resource-rds-globalcluster.html"},
	{"backups-shortened", Blocks, lowered("BackupRetentionPeriod"),
		"loses the backups that are older ({} days)", "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Managing.Backups.html"},
	{"replica-dropped", Blocks, all(kind("AWS::SecretsManager::Secret"), replicaDropped),
		"loses its replica in {}: without it no shop there can log in after a failover", "https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets.html"},
	{"password-generated", Blocks, all(kind("AWS::SecretsManager::Secret"), present, changed("GenerateSecretString")),
		"gets a new password, which the database does not have: no shop can log in", cfn + "aws-resource-secretsmanager-secret.html"},
	{"key-disabled", Blocks, all(kind("AWS::KMS::Key"), disabled),
		"is disabled: what it encrypts cannot be read", "https://docs.aws.amazon.com/kms/latest/developerguide/enabling-keys.html"},
	{"role-removed", Blocks, all(kind("Custom::RegionRole"), removed),
		"is deleted: its function moves the database to the other region, or refuses", regionRole},
	{"stack-removed", Blocks, all(section(Stack), removed),
		"is no longer declared: it stays deployed as it is, and no command here reaches it", cfnGuide + "stacks.html"},
	{"stack-elsewhere", Blocks, all(section(Stack), present, differs("environment")),
		"would be created elsewhere, without the data: {}", cfnGuide + "stacks.html"},
	{"termination-protection-dropped", Blocks, all(section(Stack), present, fell("terminationProtection")),
		"could be deleted by one command: no termination protection", cfnGuide + "using-cfn-protect-stacks.html"},

	// A deployment that would be refused.
	{"name-taken", Blocks, nameTaken,
		"has the name of what is there still ({}): CloudFormation creates the new one first, and the name is taken", cfn + "aws-properties-name.html"},
	{"name-kept", Blocks, all(impact(diff.Replaced), nameKept),
		"is to be replaced under the same name ({}), which CloudFormation refuses", cfn + "aws-properties-name.html"},
	{"another-function", Blocks, all(custom, present, changed("ServiceToken")),
		"has another function, which CloudFormation refuses", cfn + "aws-resource-cloudformation-customresource.html"},

	// An activation that would change more than it may.
	{"activation", Blocks, section(Activation),
		"differs between the templates of the roles: an activation would change it ({})", "internal/activation/activation.go"},

	// What moves.
	{"role-changed", Moves, all(kind("Custom::RegionRole"), present, anyProperty),
		"is called ({}), and moves the database unless it is where the role wants it", regionRole},
	{"role-created", Moves, all(kind("Custom::RegionRole"), impact(diff.Created)),
		"is called for the first time, and moves the database unless it is where the role wants it", regionRole},
	{"instance-replaced", Moves, all(kind("AWS::EC2::Instance"), impact(diff.Replaced)),
		"is replaced because of {}", cfn + "aws-resource-ec2-instance.html"},
	{"instance-interrupted", Moves, all(kind("AWS::EC2::Instance"), impact(diff.MayReplaced)),
		"is stopped and started, or replaced, because of {}", cfn + "aws-resource-ec2-instance.html"},
	{"instance-launched", Moves, all(kind("AWS::EC2::Instance"), impact(diff.Created)), "is launched", "constructs/server.go"},
	{"instance-terminated", Moves, all(kind("AWS::EC2::Instance"), removed), "is terminated", "constructs/server.go"},
	{"engine-changed", Moves, all(kind("AWS::RDS::DBCluster", "AWS::RDS::GlobalCluster"), present, changed("EngineVersion")),
		"is upgraded by hand, before this is deployed ({})", "docs/runbook.md"},
	{"database-class", Moves, all(kind("AWS::RDS::DBInstance"), present, changed("DBInstanceClass")),
		"restarts as another class ({})", cfn + "aws-resource-rds-dbinstance.html"},

	// What is worth a look.
	{"wildcard", Notes, all(kind("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"), newWildcard),
		"allows more than is named: {}", "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"},
	{"nat-gateway", Notes, all(kind("AWS::EC2::NatGateway"), impact(diff.Created)),
		"is created, and costs by the hour, in a pilot light too", "https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-pricing.html"},
	{"image", Notes, all(kind("AWS::ImageBuilder::Image"), impact(diff.Replaced, diff.Created)),
		"is baked again", "constructs/image.go"},
	{"function-called", Notes, all(custom, otherThan("Custom::RegionRole"), present, anyProperty),
		"is called ({})", cfn + "aws-resource-cloudformation-customresource.html"},
	{"unknown-property", Notes, all(section("Resources"), notCustom, anyProperty, unknownProperty),
		"has a property that the diff library does not know: see its documentation whether it is replaced ({})", cfn + "aws-template-resource-type-ref.html"},
}

// Otherwise is said of a change to which no rule of the table applies: the first that holds.
var Otherwise = []Rule{
	{"replaced", Notes, impact(diff.Replaced), "is replaced because of {}", behaviours},
	{"may-be-replaced", Notes, impact(diff.MayReplaced), "may be replaced because of {}", behaviours},
	{"created", Notes, impact(diff.Created), "is created", behaviours},
	{"orphaned", Notes, impact(diff.Orphaned), "stays, but no longer belongs to the stack", policies},
	{"removed", Notes, removed, "is deleted", behaviours},
	{"updated", Notes, all(section("Resources"), anyProperty), "is updated ({})", behaviours},
	{"attributes", Notes, all(section("Resources"), anyOther), "stays as it is; in the template differs {}", behaviours},
	{"stack", Notes, section(Stack), "differs in what is not in its template", "stacks/stacks.go"},
	{"other", Notes, always, "differs", cfnGuide + "template-anatomy.html"},
}

// Stateful are the types that hold what cannot be made again: those that may have a DeletionPolicy of Snapshot
// (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html), and secrets,
// keys, buckets and global clusters.
var Stateful = []string{
	"AWS::DocDB::DBCluster", "AWS::EC2::Volume", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ReplicationGroup",
	"AWS::Neptune::DBCluster", "AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "AWS::Redshift::Cluster",
	"AWS::KMS::Key", "AWS::RDS::GlobalCluster", "AWS::S3::Bucket", "AWS::SecretsManager::Secret",
}

// Names are the properties that together are the name of a resource, when a template gives it one.
var Names = map[string][]string{
	"AWS::CloudWatch::Alarm":                         {"AlarmName"},
	"AWS::IAM::InstanceProfile":                      {"InstanceProfileName"},
	"AWS::IAM::Role":                                 {"RoleName"},
	"AWS::ImageBuilder::Component":                   {"Name", "Version"},
	"AWS::ImageBuilder::DistributionConfiguration":   {"Name"},
	"AWS::ImageBuilder::ImageRecipe":                 {"Name", "Version"},
	"AWS::ImageBuilder::InfrastructureConfiguration": {"Name"},
	"AWS::KMS::Alias":                                {"AliasName"},
	"AWS::Lambda::EventInvokeConfig":                 {"FunctionName", "Qualifier"},
	"AWS::Lambda::Function":                          {"FunctionName"},
	"AWS::Logs::LogGroup":                            {"LogGroupName"},
	"AWS::RDS::DBCluster":                            {"DBClusterIdentifier"},
	"AWS::RDS::DBInstance":                           {"DBInstanceIdentifier"},
	"AWS::RDS::DBSubnetGroup":                        {"DBSubnetGroupName"},
	"AWS::RDS::GlobalCluster":                        {"GlobalClusterIdentifier"},
	"AWS::S3::Bucket":                                {"BucketName"},
	"AWS::SNS::Topic":                                {"TopicName"},
	"AWS::SSM::Parameter":                            {"Name"},
	"AWS::SecretsManager::Secret":                    {"Name"},
}
