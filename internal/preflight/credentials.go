package preflight

import (
	"context"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// hourOfDeployment is what `deploy --all` may take: docs/production.md, "Minutes and cost".
const hourOfDeployment = time.Hour

// Identity is whose account is asked, and how long that goes on.
type Identity struct {
	Account string
	// Ends is zero when the credentials do not end, or do not say when they do.
	Ends time.Time
	// Temporary credentials end at some time.
	Temporary bool
	// IssuedIn is the region that they are renewed in; empty when that is not known.
	IssuedIn string
}

// Identify asks whose the credentials are. Its error means that nothing can be checked.
func (a *Account) Identify(ctx context.Context, sources ...any) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found, err := a.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		return err
	}
	who, err := sts.NewFromConfig(a.In(a.asked())).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return err
	}
	a.Identity = Identity{Account: aws.ToString(who.Account), Ends: ends(found), Temporary: found.SessionToken != "", IssuedIn: issuedIn(found, sources)}
	return nil
}

// asked is a region that is there whatever the configuration says: the shell's, or the first of the partition.
func (a *Account) asked() string {
	first := a.Config.Primary.Name
	switch {
	case a.AWS.Region != "":
		return a.AWS.Region
	case strings.HasPrefix(first, "cn-"):
		return "cn-north-1"
	case strings.HasPrefix(first, "us-gov-"):
		return "us-gov-west-1"
	}
	return "us-east-1"
}

// ends is when credentials do. Those of the environment say it in a variable of the AWS CLI's:
// https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html
func ends(c aws.Credentials) time.Time {
	if c.CanExpire {
		return c.Expires
	}
	said, err := time.Parse(time.RFC3339, os.Getenv("AWS_CREDENTIAL_EXPIRATION"))
	if err != nil || !strings.HasPrefix(c.Source, "Env") {
		return time.Time{}
	}
	return said
}

// issuedIn is the region of IAM Identity Center, when that issues the credentials.
func issuedIn(c aws.Credentials, sources []any) string {
	if !strings.Contains(c.Source, "SSO") {
		return ""
	}
	for _, source := range sources {
		if profile, ok := source.(awsconfig.SharedConfig); ok {
			if profile.SSOSession != nil {
				return profile.SSOSession.SSORegion
			}
			return profile.SSORegion
		}
	}
	return ""
}

func credentialsLast(_ context.Context, p *place) error {
	left := p.Identity.Ends.Sub(p.Now).Round(time.Minute)
	switch {
	case p.Identity.Ends.IsZero() && p.Identity.Temporary:
		p.note("account %s; until when is not known here", p.Identity.Account)
	case p.Identity.Ends.IsZero():
		p.note("account %s; they do not end", p.Identity.Account)
	case left < hourOfDeployment:
		p.found("they end in %.0f minutes, and a deployment takes up to %.0f", left.Minutes(), hourOfDeployment.Minutes())
	default:
		p.note("account %s; they end in %s", p.Identity.Account, strings.TrimSuffix(left.String(), "0s"))
	}
	return nil
}

// credentialsFromElsewhere: a failover asks nothing of the region that is lost, and so must who types it.
func credentialsFromElsewhere(_ context.Context, p *place) error {
	if p.Identity.IssuedIn == p.Name {
		p.found("IAM Identity Center issues them in %s, and would be lost together with it", p.Name)
	}
	return nil
}
