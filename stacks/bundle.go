package stacks

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/constructs"
	"unishop-pilot-light/unishop"
)

func imageProps(r region, images constructs.Images) constructs.ImageProps {
	return constructs.ImageProps{
		Names:   r.cfg.Names,
		Network: r.network,
		Bundle:  bundle(r),
		Regions: []string{r.cfg.Primary.Name, r.cfg.Secondary.Name},
		Zone:    r.cfg.ServerZone,
		Date:    r.cfg.ImageDate,
		Images:  images,
	}
}

// bundle is the artifact that is named, or else the bundle of the sources that this program was built with.
//
// The cloud assembly names a command for it instead of a file: the CDK CLI runs it when it deploys the primary and the
// object is not there yet, and in no other case. So neither synth, diff, a failover nor a clean-up needs a bundle, a JDK or
// Maven. The CLI runs it in the folder in which cdk was typed, `--app cdk.out` or not. `go run` finds the package by
// its import path from any folder of the repository, so that the assembly holds no path of a machine; outside of the
// repository it says that the package is unknown. The object's key is the version, without an extension.
func bundle(r region) constructs.Bundle {
	if artifact := r.cfg.Artifact; !artifact.Missing() {
		return constructs.Bundle{Bucket: &artifact.Bucket, Key: &artifact.Key, Version: artifact.String()}
	}
	version := unishop.Version()
	object := r.synthesizer.AddFileAsset(&awscdk.FileAssetSource{
		SourceHash:  &version,
		Executable:  jsii.Strings("go", "run", "unishop-pilot-light/unishop/bundle", version),
		DisplayName: jsii.String("release bundle"),
	})
	return constructs.Bundle{Bucket: object.BucketName, Key: object.ObjectKey, Version: version}
}
