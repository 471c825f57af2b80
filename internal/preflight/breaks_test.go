package preflight_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	s3controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"unishop-pilot-light/drill/emulator"
	"unishop-pilot-light/internal/preflight"
)

const east, west = "us-east-1", "us-west-1"

func keys(pairs ...string) map[string]any {
	all := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

func both(check string) []string { return []string{east + " " + check, west + " " + check} }

func set(s emulator.Settings) func(*testing.T, cloud) {
	return func(t *testing.T, c cloud) { require.NoError(t, c.Set(t.Context(), s)) }
}

// usual undoes what set has set.
var usual = set(emulator.Settings{NotOffered: map[string][]string{}, NotEnabled: map[string]bool{}, Quotas: map[string]int{}})

func notOffered(zone string, classes ...string) func(*testing.T, cloud) {
	return set(emulator.Settings{NotOffered: map[string][]string{zone: classes}})
}

func quota(name string, value int) func(*testing.T, cloud) {
	return set(emulator.Settings{Quotas: map[string]int{name: value}})
}

// breaks are one thing at a time that is not as it must be.
var breaks = map[string]broken{
	"credentials that end soon": {identity: func(i *preflight.Identity) { i.Ends = time.Now().Add(20 * time.Minute) },
		checks: []string{"account credentials last"}, says: "end in 20 minutes", advises: "Log in again"},
	"credentials from the region that may be lost": {identity: func(i *preflight.Identity) { i.IssuedIn = east },
		checks: []string{"account credentials from elsewhere"}, says: "issues them in us-east-1", advises: "must not need us-east-1"},
	"region that does not exist": {keys: keys("primary-region", "eu-west-9"),
		checks: []string{"eu-west-9 region"}, says: "no region eu-west-9", advises: "`primary-region`"},
	"region that is not enabled": {keys: keys("secondary-region", "eu-south-1"),
		do: set(emulator.Settings{NotEnabled: map[string]bool{"eu-south-1": true}}), undo: usual,
		checks: []string{"eu-south-1 region"}, says: "not enabled", advises: "--region-name eu-south-1"},
	"zone that does not exist": {keys: keys("primary-zones", "us-east-1a,us-east-1f"),
		checks: []string{"us-east-1 zones"}, says: "us-east-1f is not available", advises: "`primary-zones`"},
	"one default subnet": {keys: keys("secondary-region", "us-west-2"), do: leaveOneDefaultSubnet,
		checks: []string{"us-west-2 zones"}, says: "1 have one: name two of us-west-2a, us-west-2b, us-west-2c", advises: "`secondary-zones`"},
	"little memory": {keys: keys("server-class", "t2.nano"),
		checks: both("server class"), says: "512 MiB", advises: "2 GiB"},
	"other architecture": {keys: keys("server-class", "mac2.metal"),
		checks: both("server class"), says: "not of x86_64", advises: "t3.small"},
	"unknown class": {keys: keys("server-class", "t9.small"),
		checks: both("server class"), says: "does not know the class t9.small", advises: "t3.small"},
	"zone without the class": {keys: keys("server-class", "t3.small"), do: notOffered("us-east-1b", "t3.small"), undo: usual,
		checks: []string{"us-east-1 server class in the zones"}, says: "us-east-1b does not offer t3.small", advises: "primary-zones"},
	"zone that cannot build": {keys: keys("server-class", "t3.small"), do: notOffered("us-east-1a", "t3.medium", "t3a.medium", "m5.large", "m6i.large"), undo: usual,
		checks: []string{"us-east-1 image's build instance"}, says: "us-east-1a offers none of t3.medium", advises: "server-zone"},
	"unknown engine": {keys: keys("engine-version", "8.0.mysql_aurora.3.10.9"),
		checks: both("engine version"), says: "8.0.mysql_aurora.3.10.4", advises: "describe-db-engine-versions"},
	"unknown database class": {keys: keys("database-class", "db.x9g.large"),
		checks: both("database class"), says: "db.x9g.large is not offered", advises: "db.r6g.large"},
	"database class in another zone": {
		do:   set(emulator.Settings{NotOffered: map[string][]string{"us-west-1a": {"db.r6g.large"}, "us-west-1b": {"db.r6g.large"}}}),
		undo: usual, checks: []string{"us-west-1 database class"}, says: "offered in us-west-1c, and not in us-west-1a, us-west-1b", advises: "secondary-zones"},
	"public access is blocked": {do: block, undo: unblock,
		checks: []string{"account public access"}, says: "blocks public buckets", advises: "--account-id 000000000000"},
	"no bootstrap": {do: func(t *testing.T, c cloud) { c.forget(t, west, "/cdk-bootstrap/hnb659fds/version") },
		undo:   func(t *testing.T, c cloud) { c.bootstrap(t, west, "28") },
		checks: []string{"us-west-1 CDK bootstrap"}, says: "not bootstrapped", advises: "npx cdk bootstrap aws://000000000000/us-west-1"},
	"old bootstrap": {do: func(t *testing.T, c cloud) { c.bootstrap(t, east, "5") },
		undo:   func(t *testing.T, c cloud) { c.bootstrap(t, east, "28") },
		checks: []string{"us-east-1 CDK bootstrap"}, says: "version 5, and the stacks need 6", advises: "npx cdk bootstrap"},
	"bootstrap of another qualifier": {keys: keys("@aws-cdk/core:bootstrapQualifier", "other"),
		checks: both("CDK bootstrap"), says: "/cdk-bootstrap/other/version", advises: "npx cdk bootstrap"},
	"no release bundle": {keys: keys("artifact", "s3://releases/unishop.tar.gz"),
		checks: []string{"us-east-1 release bundle"}, says: "s3://releases/unishop.tar.gz is not there", advises: "Upload it"},
	"stack that failed": {do: failedStack, undo: deleteStack,
		checks: []string{"us-east-1 stack"}, says: "unishop-primary is in ROLLBACK_COMPLETE", advises: "npx cdk destroy unishop-primary"},
	"stack that is being created": {do: waitingStack, undo: deleteStack,
		checks: []string{"us-east-1 stack"}, says: "CREATE_IN_PROGRESS", advises: "Wait"},
	"no more VPCs": {do: quota("L-F678F1CE", 1), undo: usual,
		checks: both("quota: VPCs"), says: "1 of 1 are used, and 1 more are needed", advises: "--quota-code L-F678F1CE"},
	"few vCPUs": {do: quota("L-1216C47A", 3), undo: usual,
		checks: both("quota: vCPUs"), says: "0 of 3 are used, and 4 more are needed", advises: "--quota-code L-1216C47A"},
	"no more DB instances": {do: quota("DBInstances", 0), undo: usual,
		checks: both("quota: databases"), says: "DBInstances", advises: "Service Quotas"},
	"global database": {do: globalCluster, undo: noGlobalCluster,
		checks: []string{"account name: global database"}, says: "global database unishop already", advises: "another name"},
	"DB cluster": {do: cluster, undo: noCluster,
		checks: []string{"us-west-1 name: database"}, says: "DB cluster unishop-secondary already", advises: "another name"},
	"secret": {do: secret, undo: noSecret,
		checks: []string{"us-west-1 name: secret"}, says: "secret unishop/database already", advises: "another name"},
	"secret that is scheduled for deletion": {do: scheduledSecret, undo: noSecret,
		checks: []string{"us-west-1 name: secret"}, says: "scheduled for deletion", advises: "--secret-id unishop/database --force-delete-without-recovery"},
	"log group": {do: logGroup, undo: noLogGroup,
		checks: []string{"us-east-1 name: log groups"}, says: "log group /aws/imagebuilder/unishop already", advises: "another name"},
	"image parameter of the wrong type": {do: func(t *testing.T, c cloud) { c.put(t, west, "/unishop/image", "ami-1") },
		undo:   func(t *testing.T, c cloud) { c.forget(t, west, "/unishop/image") },
		checks: []string{"us-west-1 name: image parameter"}, says: "data type text", advises: "aws ssm delete-parameter --region us-west-1 --name /unishop/image"},
}

// permissions are the actions that the checks need, each with the check that asks first.
var permissions = map[string]string{
	"ec2:DescribeRegions":                     "region",
	"ec2:DescribeAvailabilityZones":           "zones",
	"ec2:DescribeSubnets":                     "zones",
	"ec2:DescribeInstanceTypes":               "server class",
	"ec2:DescribeInstanceTypeOfferings":       "server class in the zones",
	"rds:DescribeDBEngineVersions":            "engine version",
	"rds:DescribeOrderableDBInstanceOptions":  "database class",
	"s3:GetAccountPublicAccessBlock":          "public access",
	"ssm:GetParameter":                        "CDK bootstrap",
	"cloudformation:DescribeStacks":           "stack",
	"servicequotas:GetServiceQuota":           "quota: VPCs",
	"servicequotas:GetAWSDefaultServiceQuota": "quota: VPCs",
	"ec2:DescribeVpcs":                        "quota: VPCs",
	"ec2:DescribeInstances":                   "quota: vCPUs",
	"rds:DescribeAccountAttributes":           "quota: databases",
	"rds:DescribeGlobalClusters":              "name: global database",
	"rds:DescribeDBClusters":                  "name: database",
	"rds:DescribeDBInstances":                 "name: database",
	"secretsmanager:DescribeSecret":           "name: secret",
	"logs:DescribeLogGroups":                  "name: log groups",
}

func leaveOneDefaultSubnet(t *testing.T, c cloud) {
	c.bootstrap(t, "us-west-2", "28")
	client := ec2.NewFromConfig(c.in("us-west-2"))
	found, err := client.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{})
	require.NoError(t, err)
	require.Greater(t, len(found.Subnets), 1)
	for _, subnet := range found.Subnets[1:] {
		_, err := client.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: subnet.SubnetId})
		require.NoError(t, err)
	}
}

func (c cloud) forget(t *testing.T, region, name string) {
	_, err := ssm.NewFromConfig(c.in(region)).DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String(name)})
	require.NoError(t, err)
}

// control: the SDK would put the account's number in front of the emulator's name.
func control(c cloud) *s3control.Client {
	return s3control.NewFromConfig(c.aws, func(o *s3control.Options) { o.EndpointResolverV2 = preflight.Endpoint(c.Endpoint()) })
}

var accountID = aws.String("000000000000")

func block(t *testing.T, c cloud) {
	_, err := control(c).PutPublicAccessBlock(t.Context(), &s3control.PutPublicAccessBlockInput{AccountId: accountID,
		PublicAccessBlockConfiguration: &s3controltypes.PublicAccessBlockConfiguration{RestrictPublicBuckets: aws.Bool(true)}})
	require.NoError(t, err)
}

func unblock(t *testing.T, c cloud) {
	_, err := control(c).DeletePublicAccessBlock(t.Context(), &s3control.DeletePublicAccessBlockInput{AccountId: accountID})
	require.NoError(t, err)
}

// failedStack: a global database with neither engine nor source.
func failedStack(t *testing.T, c cloud) {
	c.stack(t, `{"Resources": {"Global": {"Type": "AWS::RDS::GlobalCluster", "Properties": {"GlobalClusterIdentifier": "failed"}}}}`, "ROLLBACK_COMPLETE")
}

func waitingStack(t *testing.T, c cloud) {
	c.stack(t, `{"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}, "Wait": {"Type": "AWS::CloudFormation::WaitCondition",
		"Properties": {"Handle": {"Ref": "Handle"}, "Timeout": "5"}}}}`, "CREATE_IN_PROGRESS")
}

func (c cloud) stack(t *testing.T, template, state string) {
	client := cloudformation.NewFromConfig(c.aws)
	_, err := client.CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("unishop-primary"), TemplateBody: aws.String(template)})
	require.NoError(t, err)
	c.settles(t, state)
}

func (c cloud) settles(t *testing.T, state string) {
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		found, err := cloudformation.NewFromConfig(c.aws).DescribeStacks(c.context, &cloudformation.DescribeStacksInput{StackName: aws.String("unishop-primary")})
		if state == "" {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, state, string(found.Stacks[0].StackStatus))
	}, 30*time.Second, 100*time.Millisecond)
}

// deleteStack waits until an operation is over: the emulator refuses nothing meanwhile, but goes on with it.
func deleteStack(t *testing.T, c cloud) {
	client := cloudformation.NewFromConfig(c.aws)
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		found, err := client.DescribeStacks(c.context, &cloudformation.DescribeStacksInput{StackName: aws.String("unishop-primary")})
		require.NoError(t, err)
		require.NotContains(t, string(found.Stacks[0].StackStatus), "_IN_PROGRESS")
	}, 30*time.Second, 100*time.Millisecond)
	_, err := client.DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("unishop-primary")})
	require.NoError(t, err)
	c.settles(t, "")
}

func globalCluster(t *testing.T, c cloud) {
	_, err := rds.NewFromConfig(c.aws).CreateGlobalCluster(t.Context(), &rds.CreateGlobalClusterInput{
		GlobalClusterIdentifier: aws.String("unishop"), Engine: aws.String("aurora-mysql")})
	require.NoError(t, err)
}

func noGlobalCluster(t *testing.T, c cloud) {
	_, err := rds.NewFromConfig(c.aws).DeleteGlobalCluster(t.Context(), &rds.DeleteGlobalClusterInput{GlobalClusterIdentifier: aws.String("unishop")})
	require.NoError(t, err)
}

func cluster(t *testing.T, c cloud) {
	_, err := rds.NewFromConfig(c.in(west)).CreateDBCluster(t.Context(), &rds.CreateDBClusterInput{DBClusterIdentifier: aws.String("unishop-secondary"),
		Engine: aws.String("aurora-mysql"), MasterUsername: aws.String("unishop"), MasterUserPassword: aws.String("not-of-use")})
	require.NoError(t, err)
}

func noCluster(t *testing.T, c cloud) {
	_, err := rds.NewFromConfig(c.in(west)).DeleteDBCluster(t.Context(), &rds.DeleteDBClusterInput{
		DBClusterIdentifier: aws.String("unishop-secondary"), SkipFinalSnapshot: aws.Bool(true)})
	require.NoError(t, err)
}

func secret(t *testing.T, c cloud) {
	_, err := secretsmanager.NewFromConfig(c.in(west)).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String("unishop/database"), SecretString: aws.String("{}")})
	require.NoError(t, err)
}

func scheduledSecret(t *testing.T, c cloud) {
	secret(t, c)
	_, err := secretsmanager.NewFromConfig(c.in(west)).DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{
		SecretId: aws.String("unishop/database"), RecoveryWindowInDays: aws.Int64(7)})
	require.NoError(t, err)
}

func noSecret(t *testing.T, c cloud) {
	_, err := secretsmanager.NewFromConfig(c.in(west)).DeleteSecret(t.Context(), &secretsmanager.DeleteSecretInput{
		SecretId: aws.String("unishop/database"), ForceDeleteWithoutRecovery: aws.Bool(true)})
	require.NoError(t, err)
}

func logGroup(t *testing.T, c cloud) {
	_, err := cloudwatchlogs.NewFromConfig(c.aws).CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String("/aws/imagebuilder/unishop")})
	require.NoError(t, err)
}

func noLogGroup(t *testing.T, c cloud) {
	_, err := cloudwatchlogs.NewFromConfig(c.aws).DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String("/aws/imagebuilder/unishop")})
	require.NoError(t, err)
}
