package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newJoiningMember creates the cluster that joins the global cluster as a reader, with no user, password or database
// name: RDS refuses them. It is written in CloudFormation's terms because the CDK's DatabaseCluster would
// always bring a secret along: https://github.com/aws/aws-cdk/issues/29880
//
// Its one instance stands ready: without it a failover would first have to wait for one.
func newJoiningMember(scope awsconstructs.Construct, props DatabaseProps, base databaseBase) Database {
	cluster := awsrds.NewCfnDBCluster(scope, jsii.String("Cluster"), &awsrds.CfnDBClusterProps{
		GlobalClusterIdentifier: jsii.String(props.Names.GlobalCluster()),
		SourceRegion:            jsii.String(props.PrimaryRegion),
		DbClusterIdentifier:     jsii.String(props.Names.Cluster(props.Side)),
		Engine:                  jsii.String("aurora-mysql"),
		EngineVersion:           jsii.String(props.EngineVersion),
		DbSubnetGroupName:       base.subnets.SubnetGroupName(),
		VpcSecurityGroupIds:     &[]any{base.securityGroup.SecurityGroupId()},
		StorageEncrypted:        jsii.Bool(true),
		KmsKeyId:                base.key.KeyArn(),
		BackupRetentionPeriod:   jsii.Number(backupDays),
		CopyTagsToSnapshot:      jsii.Bool(true),
		DeletionProtection:      jsii.Bool(props.Protect),
	})
	cluster.ApplyRemovalPolicy(base.removal, nil)
	exportLogs(scope, props, cluster)
	instance := awsrds.NewCfnDBInstance(scope, jsii.String("Instance"), &awsrds.CfnDBInstanceProps{
		DbInstanceIdentifier:    jsii.String(props.Names.Instance(props.Side)),
		DbClusterIdentifier:     cluster.Ref(),
		DbInstanceClass:         jsii.String(props.Class),
		Engine:                  jsii.String("aurora-mysql"),
		AutoMinorVersionUpgrade: jsii.Bool(false),
		PubliclyAccessible:      jsii.Bool(false),
	})
	instance.ApplyRemovalPolicy(awscdk.RemovalPolicy_DESTROY, nil)
	return Database{
		Host:          instance.AttrEndpointAddress(),
		Port:          instance.AttrEndpointPort(),
		Ready:         []awsconstructs.IDependable{scope},
		securityGroup: base.securityGroup,
	}
}
