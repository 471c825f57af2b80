package constructs

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
)

const (
	databasePort = 3306

	// backupDays is equal in both regions: the snapshot that AWS takes of the writes lost in a failover lives exactly as
	// long as the backups of the cluster that lost them:
	// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html#aurora-global-database-failover.managed-unplanned
	backupDays = 7

	// masterUser is the name in the secret. Aurora does not reserve "admin", but scanners look for it first.
	masterUser = "unishop"
)

// DatabaseProps are equal for both regions but for the Side.
type DatabaseProps struct {
	Names   config.Names
	Side    config.Side
	Network Network
	// PrimaryRegion is where the global cluster and the secret are created, and SecondaryRegion where they reach.
	PrimaryRegion, SecondaryRegion string
	// EngineVersion of Aurora MySQL with which the clusters are created, for example "8.0.mysql_aurora.3.10.4".
	EngineVersion string
	// Class of the DB instance, with its prefix: "db.r6g.large". Memory-optimised, or it cannot join a global database.
	Class string
	// Protect turns on deletion protection and leaves a final snapshot.
	Protect bool
}

// Database is a region's member of the Aurora global database: a cluster with one instance.
//
// No property of it depends on the role that the region plays: dropping GlobalClusterIdentifier from a live cluster
// detaches it for good.
type Database struct {
	// Host is the endpoint of the DB instance. It always resolves, is read-only while its cluster is a reader of the
	// global database and writable once promoted; the cluster endpoint of a reader is inactive and does not resolve.
	Host *string
	// Port is the endpoint's own.
	Port *string
	// Ready lists what must exist before the region's role can be brought about: all of it.
	Ready []awsconstructs.IDependable

	securityGroup awsec2.SecurityGroup
}

// NewDatabase creates the cluster of a side: in the primary together with the global cluster that it is the first to
// join and with the secret, in the secondary as one that joins.
func NewDatabase(scope awsconstructs.Construct, id string, props DatabaseProps) Database {
	this := newScope(scope, id)
	base := newDatabaseBase(this, props)
	if props.Side == config.Primary {
		return newFirstMember(this, props, base)
	}
	return newJoiningMember(this, props, base)
}

// AllowFrom opens the database to the server, and to nothing else.
func (d Database) AllowFrom(server Server) {
	d.securityGroup.AddIngressRule(server.securityGroup, awsec2.Port_Tcp(jsii.Number(databasePort)), jsii.String("MySQL from the server"), nil)
}

// databaseBase is what a cluster of either kind stands on.
type databaseBase struct {
	subnets       awsrds.SubnetGroup
	securityGroup awsec2.SecurityGroup
	// key: in a global database each region encrypts with its own key.
	key     awskms.Key
	removal awscdk.RemovalPolicy
}

func newDatabaseBase(scope awsconstructs.Construct, props DatabaseProps) databaseBase {
	removal := awscdk.RemovalPolicy_DESTROY
	keyRemoval := removal
	if props.Protect {
		// A snapshot is worth as much as the key that opens it.
		removal, keyRemoval = awscdk.RemovalPolicy_SNAPSHOT, awscdk.RemovalPolicy_RETAIN
	}
	return databaseBase{
		removal: removal,
		subnets: awsrds.NewSubnetGroup(scope, jsii.String("Subnets"), &awsrds.SubnetGroupProps{
			Description:   jsii.String("Isolated subnets of the database"),
			Vpc:           props.Network.Vpc,
			VpcSubnets:    props.Network.Database,
			RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
		}),
		securityGroup: awsec2.NewSecurityGroup(scope, jsii.String("SecurityGroup"), &awsec2.SecurityGroupProps{
			Description:      jsii.String("The database: reachable from the server only"),
			Vpc:              props.Network.Vpc,
			AllowAllOutbound: jsii.Bool(false),
		}),
		key: awskms.NewKey(scope, jsii.String("Key"), &awskms.KeyProps{
			Description:       jsii.Sprintf("Storage of the database cluster %s", props.Names.Cluster(props.Side)),
			EnableKeyRotation: jsii.Bool(true),
			RemovalPolicy:     keyRemoval,
		}),
	}
}

// instanceType turns RDS's word into EC2's: "db.r6g.large" is "r6g.large" to the CDK.
func (p DatabaseProps) instanceType() awsec2.InstanceType {
	return awsec2.NewInstanceType(jsii.String(strings.TrimPrefix(p.Class, "db.")))
}
