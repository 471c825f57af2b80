package constructs

import (
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// NewTeardown empties the site's bucket when the stack is deleted: CloudFormation deletes no bucket with objects in
// it. Whatever publishes to the site must depend on the result, so that it is gone by then.
func NewTeardown(scope awsconstructs.Construct, id string, site Site) awscdk.CustomResource {
	this := newScope(scope, id)
	bucket := site.Bucket.BucketArn()
	teardown := newCustomResource(this, customResource{
		Type:       "Custom::Teardown",
		Source:     "teardown.py",
		Properties: map[string]any{"Bucket": site.Bucket.BucketName()},
		Statements: []awsiam.PolicyStatement{
			allow([]string{"s3:ListBucketVersions"}, bucket),
			allow([]string{"s3:DeleteObject", "s3:DeleteObjectVersion"}, jsii.String(*bucket+"/*")),
			allow([]string{"cloudformation:DescribeStacks"}, awscdk.Stack_Of(this).StackId()),
		},
		Timeout: 15 * time.Minute,
	})
	teardown.Node().AddDependency(site.Bucket)
	return teardown
}
