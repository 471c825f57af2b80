// Package constructs holds the parts of a region: network, database, site, image, server, and the functions that act
// for CloudFormation. Both regions are made of the same parts; a part receives facts and never reads the context.
package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// newScope opens a namespace for the resources of one part.
func newScope(scope awsconstructs.Construct, id string) awsconstructs.Construct {
	return awsconstructs.NewConstruct(scope, jsii.String(id))
}

// arn names a resource in the region and account of the stack that scope belongs to.
func arn(scope awsconstructs.Construct, service, resource string) *string {
	return regionalARN(scope, service, *awscdk.Stack_Of(scope).Region(), resource)
}

// regionalARN names a resource of the same account in any region. Fn::Sub is shorter than the Fn::Join that the CDK
// would write.
func regionalARN(scope awsconstructs.Construct, service, region, resource string) *string {
	partition := *awscdk.Stack_Of(scope).Partition()
	if *awscdk.Token_IsUnresolved(partition) { // of a region that this CDK does not know
		partition = "${AWS::Partition}"
	}
	return awscdk.Fn_Sub(jsii.Sprintf("arn:%s:%s:%s:${AWS::AccountId}:%s", partition, service, region, resource), nil)
}
