package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// Site is the S3 website of a region. It is empty until the region's server publishes the page.
type Site struct {
	Bucket awss3.Bucket
	URL    *string // http://..., website endpoints have no https
}

// NewSite creates the website bucket: readable by everybody through its policy, and through no ACL.
func NewSite(scope awsconstructs.Construct, id string) Site {
	bucket := awss3.NewBucket(newScope(scope, id), jsii.String("Bucket"), &awss3.BucketProps{
		WebsiteIndexDocument: jsii.String("index.html"),
		BlockPublicAccess:    awss3.BlockPublicAccess_BLOCK_ACLS_ONLY(),
		PublicReadAccess:     jsii.Bool(true),
		Encryption:           awss3.BucketEncryption_S3_MANAGED,
		ObjectOwnership:      awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		RemovalPolicy:        awscdk.RemovalPolicy_DESTROY,
	})
	return Site{Bucket: bucket, URL: bucket.BucketWebsiteUrl()}
}
