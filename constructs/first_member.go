package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newFirstMember creates the global cluster, empty, and the cluster that joins it first and so becomes its writer.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-globalcluster.html
//
// The global cluster is created from an engine, not from a source cluster: the live value of
// SourceDBClusterIdentifier changes with every swap of the roles, and the template would no longer be true.
func newFirstMember(scope awsconstructs.Construct, props DatabaseProps, base databaseBase) Database {
	global := awsrds.NewCfnGlobalCluster(scope, jsii.String("Global"), &awsrds.CfnGlobalClusterProps{
		GlobalClusterIdentifier: jsii.String(props.Names.GlobalCluster()),
		Engine:                  jsii.String("aurora-mysql"),
		EngineVersion:           jsii.String(props.EngineVersion),
		StorageEncrypted:        jsii.Bool(true),
		DeletionProtection:      jsii.Bool(props.Protect),
	})
	cluster := awsrds.NewDatabaseCluster(scope, jsii.String("Cluster"), &awsrds.DatabaseClusterProps{
		Engine: awsrds.DatabaseClusterEngine_AuroraMysql(&awsrds.AuroraMysqlClusterEngineProps{
			Version: awsrds.AuroraMysqlEngineVersion_Of(jsii.String(props.EngineVersion), jsii.String("8.0")),
		}),
		ClusterIdentifier:    jsii.String(props.Names.Cluster(props.Side)),
		Credentials:          awsrds.Credentials_FromSecret(newSecret(scope, props), jsii.String(masterUser)),
		Vpc:                  props.Network.Vpc,
		SubnetGroup:          base.subnets,
		SecurityGroups:       &[]awsec2.ISecurityGroup{base.securityGroup},
		StorageEncryptionKey: base.key,
		Backup:               &awsrds.BackupProps{Retention: awscdk.Duration_Days(jsii.Number(backupDays))},
		CopyTagsToSnapshot:   jsii.Bool(true),
		DeletionProtection:   jsii.Bool(props.Protect),
		RemovalPolicy:        base.removal,
		Writer: awsrds.ClusterInstance_Provisioned(jsii.String("Instance"), &awsrds.ProvisionedClusterInstanceProps{
			InstanceIdentifier:      jsii.String(props.Names.Instance(props.Side)),
			InstanceType:            props.instanceType(),
			AutoMinorVersionUpgrade: jsii.Bool(false), // has no effect in a global database, says AWS; false says so
			PubliclyAccessible:      jsii.Bool(false),
		}),
	})
	cfnCluster := cluster.Node().DefaultChild().(awsrds.CfnDBCluster)
	cfnCluster.SetGlobalClusterIdentifier(global.Ref())
	exportLogs(scope, props, cfnCluster)
	instance := cluster.Node().FindChild(jsii.String("Instance")).Node().DefaultChild().(awsrds.CfnDBInstance)
	return Database{
		Host: instance.AttrEndpointAddress(),
		// Not InstanceEndpoints' port: that is the cluster's.
		Port:          instance.AttrEndpointPort(),
		Ready:         []awsconstructs.IDependable{scope},
		securityGroup: base.securityGroup,
	}
}

// newSecret creates the credentials and their replica. RDS cannot manage the password of a global database:
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-secrets-manager.html#rds-secrets-manager-limitations
//
// The host that RDS writes into it is the primary's: nothing reads it.
func newSecret(scope awsconstructs.Construct, props DatabaseProps) awssecretsmanager.Secret {
	return awssecretsmanager.NewSecret(scope, jsii.String("Secret"), &awssecretsmanager.SecretProps{
		SecretName:  jsii.String(props.Names.Secret()),
		Description: jsii.String("User and password of the database, in both regions"),
		GenerateSecretString: &awssecretsmanager.SecretStringGenerator{
			SecretStringTemplate: jsii.Sprintf(`{"username":%q}`, masterUser),
			GenerateStringKey:    jsii.String("password"),
			PasswordLength:       jsii.Number(32),
			ExcludePunctuation:   jsii.Bool(true),
		},
		ReplicaRegions: &[]*awssecretsmanager.ReplicaRegion{{Region: jsii.String(props.SecondaryRegion)}},
		RemovalPolicy:  awscdk.RemovalPolicy_DESTROY,
	})
}
