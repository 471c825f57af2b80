package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// NetworkProps say where the network lies.
type NetworkProps struct {
	// CIDR is cut into four subnets of equal size. It must not overlap with the other region's.
	CIDR string
	// Zones are the names of the two availability zones. Empty: the first two that CloudFormation lists, which are only
	// those with a default subnet when any zone has one:
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
	Zones []string
}

// Network is a VPC over two availability zones, without NAT: what must reach out has a public address.
type Network struct {
	Vpc awsec2.Vpc
	// Public subnets assign public addresses on launch: the build instance of the golden image cannot ask for one.
	Public *awsec2.SubnetSelection
	// Database subnets have no way out and no way in.
	Database *awsec2.SubnetSelection
	// Ready lists what is finished last: who depends on it depends on the whole network, routes included.
	Ready []awsconstructs.IDependable
}

// NewNetwork creates the VPC, its S3 gateway endpoint and a flow log of rejected traffic.
func NewNetwork(scope awsconstructs.Construct, id string, props NetworkProps) Network {
	this := newScope(scope, id)
	vpcProps := &awsec2.VpcProps{
		IpAddresses: awsec2.IpAddresses_Cidr(jsii.String(props.CIDR)),
		NatGateways: jsii.Number(0),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{
			{Name: jsii.String("Public"), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(true)},
			{Name: jsii.String("Database"), SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED},
		},
	}
	if len(props.Zones) > 0 {
		vpcProps.AvailabilityZones = jsii.Strings(props.Zones...)
	} else {
		vpcProps.MaxAzs = jsii.Number(2)
	}
	vpc := awsec2.NewVpc(this, jsii.String("Vpc"), vpcProps)
	endpoint := vpc.AddGatewayEndpoint(jsii.String("S3"), &awsec2.GatewayVpcEndpointOptions{Service: awsec2.GatewayVpcEndpointAwsService_S3()})
	flowLog := vpc.AddFlowLog(jsii.String("Rejected"), &awsec2.FlowLogOptions{
		TrafficType: awsec2.FlowLogTrafficType_REJECT,
		Destination: awsec2.FlowLogDestination_ToCloudWatchLogs(newLogGroup(this, "FlowLogs", ""), nil),
	})
	// Read only by the CDK when it looks a VPC up, which this program does not do.
	for _, tag := range []string{"aws-cdk:subnet-name", "aws-cdk:subnet-type"} {
		awscdk.Tags_Of(vpc).Remove(jsii.String(tag), nil)
	}
	public := &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC}
	database := &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PRIVATE_ISOLATED}
	return Network{
		Vpc:      vpc,
		Public:   public,
		Database: database,
		Ready: []awsconstructs.IDependable{
			vpc.SelectSubnets(public).InternetConnectivityEstablished,
			vpc.SelectSubnets(database).InternetConnectivityEstablished,
			endpoint,
			flowLog,
		},
	}
}

// newLogGroup declares a log group, so that it leaves with the stack: what a service creates on its own stays.
// An empty name lets CloudFormation choose one.
func newLogGroup(scope awsconstructs.Construct, id, name string) awslogs.LogGroup {
	props := &awslogs.LogGroupProps{
		Retention:     awslogs.RetentionDays_ONE_MONTH,
		RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	}
	if name != "" {
		props.LogGroupName = jsii.String(name)
	}
	group := awslogs.NewLogGroup(scope, jsii.String(id), props)
	// CloudFormation deletes what has no policy, and what a template may hold is limited.
	// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html
	for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		group.Node().DefaultChild().(awslogs.CfnLogGroup).AddDeletionOverride(jsii.String(policy))
	}
	return group
}
