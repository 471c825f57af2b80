package constructs

import (
	"slices"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
)

// RegionRoleProps say which role a region is to play, and beside whom.
type RegionRoleProps struct {
	Names config.Names
	Own   config.Region
	Other config.Region
	// Reconcile and Attempt have CloudFormation call the function: it does so only when a property changes. A new value of
	// Reconcile asks for all that is declared to be brought about or checked again; a new Attempt, the time of an unplanned
	// failover, for the failover, which then can never end as "no changes".
	Reconcile, Attempt string
	// Network, Database and Server, all but the instance, must stand before the role is brought about, and so are
	// deleted only after its function has agreed. CloudFormation deletes at once whatever nothing depends on: what is
	// missing here (a route, for example) is deleted even if the function refuses.
	Network  Network
	Database Database
	// Server: its instance too is waited for in every switchover, so that an instance that fails moves nothing. In a
	// failover launch and promotion start side by side.
	Server Server
	// After lists everything else in the stack.
	After []awsconstructs.IDependable
}

// NewRegionRole declares the role of the region; its function makes the database agree, and refuses what would leave
// no region active or delete the only copy of the data. Its attribute Done reports what it did.
func NewRegionRole(scope awsconstructs.Construct, id string, props RegionRoleProps) awscdk.CustomResource {
	this := newScope(scope, id)
	names, own, other := props.Names, props.Own, props.Other
	role := newCustomResource(this, customResource{
		Type:   "Custom::RegionRole",
		Source: "region_role.py",
		Properties: map[string]any{
			"Role":      string(own.Role),
			"Way":       string(own.Way),
			"Attempt":   props.Attempt,
			"Reconcile": props.Reconcile,
		},
		Environment: map[string]string{
			"SIDE":           string(own.Side),
			"GLOBAL_CLUSTER": names.GlobalCluster(),
			"CLUSTER":        names.Cluster(own.Side),
			"INSTANCE":       names.Instance(own.Side),
			"SECRET":         names.Secret(),
			"OTHER_REGION":   other.Name,
			"OTHER_STACK":    names.Stack(other.Side),
			"OTHER_CLUSTER":  names.Cluster(other.Side),
		},
		Statements: regionRoleStatements(this, names, own, other),
		Timeout:    15 * time.Minute,
	})
	for _, needed := range slices.Concat(props.Network.Ready, props.Database.Ready, props.Server.Ready, props.After) {
		role.Node().AddDependency(needed)
	}
	if own.Active() && own.Way == config.Switchover {
		role.Node().AddDependency(props.Server.Instance)
	}
	return role
}

// regionRoleStatements name every resource; only CloudWatch knows no resources to read metrics of:
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
func regionRoleStatements(scope awsconstructs.Construct, names config.Names, own, other config.Region) []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		// One statement, as each of these actions applies to its own kinds of resources only:
		// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
		allow([]string{"rds:DescribeGlobalClusters", "rds:FailoverGlobalCluster", "rds:SwitchoverGlobalCluster", "rds:DescribeDBClusters", "rds:DescribeDBInstances"},
			regionalARN(scope, "rds", own.Name, "cluster:"+names.Cluster(own.Side)),
			regionalARN(scope, "rds", other.Name, "cluster:"+names.Cluster(other.Side)),
			regionalARN(scope, "rds", "", "global-cluster:"+names.GlobalCluster()),
			arn(scope, "rds", "db:"+names.Instance(own.Side))),
		allow([]string{"cloudformation:DescribeStacks"},
			arn(scope, "cloudformation", "stack/"+names.Stack(own.Side)+"/*"),
			regionalARN(scope, "cloudformation", other.Name, "stack/"+names.Stack(other.Side)+"/*")),
		// Secrets Manager puts six characters behind the name: https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
		allow([]string{"secretsmanager:DescribeSecret"}, arn(scope, "secretsmanager", "secret:"+names.Secret()+"-??????")),
		allow([]string{"cloudwatch:GetMetricStatistics"}, jsii.String("*")),
	}
}
