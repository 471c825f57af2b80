package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/config"
)

// imageProps name the release bundle. A missing one is an annotation, not an error of the program: the CDK CLI then
// refuses every command that would deploy the primary, and lets a failover and a clean-up pass.
func imageProps(stack awscdk.Stack, cfg config.Config, network constructs.Network) constructs.ImageProps {
	artifact := cfg.Artifact
	if artifact.Missing() {
		awscdk.Annotations_Of(stack).AddError(jsii.String(
			"artifact: no release bundle is named, and without one there is no image to boot: use -c artifact=s3://bucket/unishop-<version>.tar.gz"))
		artifact = config.Artifact{Bucket: "missing", Key: "missing"}
	}
	return constructs.ImageProps{
		Names:   cfg.Names,
		Network: network,
		Bundle:  constructs.Bundle{Bucket: &artifact.Bucket, Key: &artifact.Key, Version: artifact.String()},
		Regions: []string{cfg.Primary.Name, cfg.Secondary.Name},
	}
}
