package constructs

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/unishop"
)

// signalTimeout is how long CloudFormation waits for the shop to answer. A first boot reads its disk from a snapshot,
// which is slow; a shop that cannot start says so in seconds.
const signalTimeout = 10 * time.Minute

// ServerProps are equal for both regions but for the image.
type ServerProps struct {
	Names    config.Names
	Network  Network
	Database Database
	Site     Site
	// Active says whether the instance runs.
	Active bool
	// ImageID of the golden image in this region; only an active region needs it.
	ImageID *string
	// Type of the instance, for example "t3.small".
	Type string
	// Zone, 1 or 2, of the region's two.
	Zone int
	// After lists the instance's dependencies: it is launched after them and terminated before them.
	After []awsconstructs.IDependable
}

// Server is the one instance that the shop runs on, and what it needs. Only the instance itself depends on whether
// the region is active: roles and security groups stand ready in a pilot light.
type Server struct {
	// Instance is nil in a pilot light.
	Instance awsec2.Instance
	// Ready lists what stands ready in a pilot light too.
	Ready []awsconstructs.IDependable

	securityGroup awsec2.SecurityGroup
}

// NewServer creates the server's security group, role, profile and log group, and the instance in an active region.
// CloudFormation waits until the shop on it answers.
func NewServer(scope awsconstructs.Construct, id string, props ServerProps) Server {
	this := newScope(scope, id)
	securityGroup := awsec2.NewSecurityGroup(this, jsii.String("SecurityGroup"), &awsec2.SecurityGroupProps{
		Description: jsii.String("The server: HTTP from everywhere"),
		Vpc:         props.Network.Vpc,
	})
	securityGroup.AddIngressRule(awsec2.Peer_AnyIpv4(), awsec2.Port_HTTP(), jsii.String("The shop, for everybody"), nil)
	logs := newLogGroup(this, "Logs", props.Names.ServerLogGroup())
	role := newServerRole(this, props, *logs.LogGroupArn())
	profile := awsiam.NewInstanceProfile(this, jsii.String("Profile"), &awsiam.InstanceProfileProps{Role: role})
	server := Server{securityGroup: securityGroup, Ready: []awsconstructs.IDependable{securityGroup, logs, profile}}
	if props.Active {
		server.Instance = newInstance(this, props, securityGroup, profile)
	}
	return server
}

func newInstance(scope awsconstructs.Construct, props ServerProps, securityGroup awsec2.SecurityGroup, profile awsiam.InstanceProfile) awsec2.Instance {
	logicalID := instanceLogicalID()
	subnets := *props.Network.Vpc.SelectSubnets(props.Network.Public).Subnets
	instance := awsec2.NewInstance(scope, jsii.String("Instance"), &awsec2.InstanceProps{
		InstanceName:  awscdk.Aws_STACK_NAME(),
		InstanceType:  awsec2.NewInstanceType(jsii.String(props.Type)),
		MachineImage:  awsec2.MachineImage_GenericLinux(&map[string]*string{*awscdk.Stack_Of(scope).Region(): props.ImageID}, nil),
		Vpc:           props.Network.Vpc,
		VpcSubnets:    &awsec2.SubnetSelection{Subnets: &[]awsec2.ISubnet{subnets[props.Zone-1]}},
		SecurityGroup: securityGroup,
		// With role instead of a profile the CDK would create a profile together with the instance: IAM, whose control
		// plane lives in the region with the outage.
		InstanceProfile: profile,
		// Not requireImdsv2: it brings a launch template.
		HttpTokens:            awsec2.HttpTokens_REQUIRED,
		BlockDevices:          &[]*awsec2.BlockDevice{encryptedRoot()},
		UserData:              awsec2.UserData_Custom(jsii.String(userData(props, logicalID))),
		ResourceSignalTimeout: duration(signalTimeout),
	})
	instance.Node().DefaultChild().(awsec2.CfnInstance).OverrideLogicalId(jsii.String(logicalID))
	// With its public address the instance needs the way out when it boots, and holds it fast when all is deleted:
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html#gatewayattachment
	instance.Node().AddDependency(subnets[props.Zone-1].InternetConnectivityEstablished())
	for _, needed := range props.After {
		instance.Node().AddDependency(needed)
	}
	return instance
}

// encryptedRoot is the root device of Amazon Linux, encrypted with the account's own EBS key of the region.
func encryptedRoot() *awsec2.BlockDevice {
	return &awsec2.BlockDevice{
		DeviceName: jsii.String("/dev/xvda"),
		Volume: awsec2.BlockDeviceVolume_Ebs(jsii.Number(8), &awsec2.EbsDeviceOptions{
			VolumeType: awsec2.EbsDeviceVolumeType_GP3,
			Encrypted:  jsii.Bool(true),
		}),
	}
}

// instanceLogicalID changes with the user data's text: CloudFormation would only restart the instance, and user data
// runs at the first boot. As a new resource it is launched, waited for, and the old one terminated.
func instanceLogicalID() string {
	return fmt.Sprintf("ServerInstance%x", sha256.Sum256([]byte(unishop.UserData)))[:len("ServerInstance")+8]
}

// userData has what depends on the region and stack; everything else is baked into its image.
func userData(props ServerProps, logicalID string) string {
	stack := awscdk.Aws_STACK_NAME()
	return strings.NewReplacer(
		"{{DB_HOST}}", *props.Database.Host,
		"{{DB_PORT}}", *props.Database.Port,
		"{{DB_SECRET_ID}}", props.Names.Secret(),
		"{{SITE_BUCKET}}", *props.Site.Bucket.BucketName(),
		"{{SITE_ORIGIN}}", *props.Site.URL,
		"{{REGION}}", *awscdk.Aws_REGION(),
		"{{LOG_GROUP}}", props.Names.ServerLogGroup(),
		"{{STACK}}", *stack,
		"{{LOGICAL_ID}}", logicalID,
	).Replace(unishop.UserData)
}

// newServerRole may read one secret, write one bucket, log to one group and signal one stack.
func newServerRole(scope awsconstructs.Construct, props ServerProps, logGroupARN string) awsiam.Role {
	bucket := props.Site.Bucket.BucketArn()
	statements := []awsiam.PolicyStatement{
		allow([]string{"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}, arn(scope, "secretsmanager", "secret:"+props.Names.Secret()+"-??????")),
		allow([]string{"s3:ListBucket"}, bucket),
		allow([]string{"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}, jsii.String(*bucket+"/*")),
		allow([]string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}, jsii.String(logGroupARN)),
		allow([]string{"cloudformation:SignalResource"}, awscdk.Aws_STACK_ID()),
	}
	return awsiam.NewRole(scope, jsii.String("Role"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("ec2.amazonaws.com"), nil),
		ManagedPolicies: &[]awsiam.IManagedPolicy{
			// Systems Manager instead of SSH.
			awsiam.ManagedPolicy_FromAwsManagedPolicyName(jsii.String("AmazonSSMManagedInstanceCore")),
		},
		InlinePolicies: &map[string]awsiam.PolicyDocument{
			"Shop": awsiam.NewPolicyDocument(&awsiam.PolicyDocumentProps{Statements: &statements}),
		},
	})
}
