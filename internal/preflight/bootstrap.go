package preflight

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// LeastBootstrap is the version of the CDK's bootstrap that the stacks ask for: test/preflight_test.go compares it with the assembly.
const LeastBootstrap = 6

// bootstrapVersion is the parameter that the bootstrap writes.
// https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
func (a *Account) bootstrapVersion() string {
	return "/cdk-bootstrap/" + a.Config.Qualifier + "/version"
}

func bootstrapped(ctx context.Context, p *place) error {
	found, err := ssm.NewFromConfig(p.aws).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(p.bootstrapVersion())})
	if hasCode(err, "ParameterNotFound") {
		p.found("the region is not bootstrapped: there is no parameter %s", p.bootstrapVersion())
		return nil
	}
	if err != nil {
		return err
	}
	version, _ := strconv.Atoi(aws.ToString(found.Parameter.Value)) // 0 when it is no number
	if version < LeastBootstrap {
		p.found("the bootstrap has version %s, and the stacks need %d", aws.ToString(found.Parameter.Value), LeastBootstrap)
	}
	p.note("version %s", aws.ToString(found.Parameter.Value))
	return nil
}
