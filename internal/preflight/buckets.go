package preflight

import (
	"context"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
)

// publicAccess: the account's settings, which may be the organization's, override the sites' own.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
func publicAccess(ctx context.Context, p *place) error {
	client := s3control.NewFromConfig(p.aws, func(o *s3control.Options) {
		if p.aws.BaseEndpoint != nil {
			o.EndpointResolverV2 = Endpoint(*p.aws.BaseEndpoint)
		}
	})
	found, err := client.GetPublicAccessBlock(ctx, &s3control.GetPublicAccessBlockInput{AccountId: aws.String(p.Identity.Account)})
	if hasCode(err, "NoSuchPublicAccessBlockConfiguration") {
		return nil
	}
	if err != nil {
		return err
	}
	blocks := found.PublicAccessBlockConfiguration
	if aws.ToBool(blocks.BlockPublicPolicy) || aws.ToBool(blocks.RestrictPublicBuckets) {
		p.found("the account or its organization blocks public buckets (BlockPublicPolicy %t, RestrictPublicBuckets %t), and the sites are public",
			aws.ToBool(blocks.BlockPublicPolicy), aws.ToBool(blocks.RestrictPublicBuckets))
	}
	return nil
}

// Endpoint is one that was set (AWS_ENDPOINT_URL): the SDK would put the account's number in front of its host name.
type Endpoint string

// ResolveEndpoint says where it is.
func (e Endpoint) ResolveEndpoint(context.Context, s3control.EndpointParameters) (smithyendpoints.Endpoint, error) {
	uri, err := url.Parse(string(e))
	if err != nil {
		return smithyendpoints.Endpoint{}, err
	}
	return smithyendpoints.Endpoint{URI: *uri}, nil
}

func bundleIsThere(ctx context.Context, p *place) error {
	bundle := p.Config.Artifact
	_, err := s3.NewFromConfig(p.aws).HeadObject(ctx, &s3.HeadObjectInput{Bucket: aws.String(bundle.Bucket), Key: aws.String(bundle.Key)})
	switch {
	// A bucket of another region redirects, and the build instance reads it in this one.
	case hasCode(err, "NotFound", "NoSuchKey", "NoSuchBucket", "MovedPermanently", "PermanentRedirect", "BadRequest"):
		p.found("%s is not there, or not in %s", bundle, p.Name)
	case err != nil:
		return err
	}
	return nil
}
