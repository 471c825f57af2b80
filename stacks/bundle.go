package stacks

import (
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/unishop"
)

// What `make bundle` writes, seen from the folder of cdk.json.
const (
	bundleFile        = "unishop/target/unishop.tar.gz"
	bundleVersionFile = "unishop/target/unishop.version"
)

func imageProps(stack awscdk.Stack, cfg config.Config, network constructs.Network) constructs.ImageProps {
	return constructs.ImageProps{
		Names:   cfg.Names,
		Network: network,
		Bundle:  bundle(stack, cfg.Artifact),
		Regions: []string{cfg.Primary.Name, cfg.Secondary.Name},
		Zone:    cfg.ServerZone,
	}
}

// bundle is the artifact that is named, or else the one that has been built here, whose version is that of its sources.
//
// A missing one is an annotation, not an error of the program: the CDK CLI then refuses every command that would deploy
// the primary, and lets a failover and a clean-up pass.
func bundle(stack awscdk.Stack, artifact config.Artifact) constructs.Bundle {
	if !artifact.Missing() {
		return constructs.Bundle{Bucket: &artifact.Bucket, Key: &artifact.Key, Version: artifact.String()}
	}
	version := unishop.Version()
	if err := checkBuilt(version); err != nil {
		awscdk.Annotations_Of(stack).AddError(jsii.Sprintf(
			"%v: run `make bundle`, or name one that is in S3: -c artifact=s3://bucket/unishop-<version>.tar.gz", err))
		return constructs.Bundle{Bucket: jsii.String("missing"), Key: jsii.String("missing"), Version: version}
	}
	asset := awss3assets.NewAsset(stack, jsii.String("Bundle"), &awss3assets.AssetProps{
		Path:          jsii.String(bundleFile),
		AssetHash:     jsii.String(version),
		AssetHashType: awscdk.AssetHashType_CUSTOM,
	})
	return constructs.Bundle{Bucket: asset.S3BucketName(), Key: asset.S3ObjectKey(), Version: version}
}

// checkBuilt: there is a bundle, built from the sources that this program knows. An older one would be released under
// the new version.
func checkBuilt(version string) error {
	if _, err := os.Stat(bundleFile); err != nil {
		return fmt.Errorf("%s: there is no release bundle, and without one there is no image to boot", bundleFile)
	}
	built, err := os.ReadFile(bundleVersionFile)
	if err != nil {
		return fmt.Errorf("%s: nothing says which sources it was built from", bundleFile)
	}
	if strings.TrimSpace(string(built)) != version {
		return fmt.Errorf("%s: it was built from other sources than the ones here", bundleFile)
	}
	return nil
}
