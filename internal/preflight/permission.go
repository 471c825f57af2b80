package preflight

import (
	"errors"
	"slices"

	"github.com/aws/smithy-go"
)

// prefixes of IAM's actions, by the names that the SDK has for services.
var prefixes = map[string]string{
	"CloudFormation": "cloudformation", "CloudWatch Logs": "logs", "EC2": "ec2", "RDS": "rds", "S3": "s3", "S3 Control": "s3",
	"Secrets Manager": "secretsmanager", "Service Quotas": "servicequotas", "SSM": "ssm", "STS": "sts",
}

// otherwise are the actions that are not called as their operations are.
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
var otherwise = map[string]string{"HeadObject": "GetObject", "GetPublicAccessBlock": "GetAccountPublicAccessBlock"}

// missingPermission is the action, as IAM names it, that an error says was not allowed.
func missingPermission(err error) (action string, denied bool) {
	var refused smithy.APIError
	var operation *smithy.OperationError
	// A HEAD request has no body to name the error in: "Forbidden" is all that S3 says.
	codes := []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Forbidden"}
	if !errors.As(err, &refused) || !slices.Contains(codes, refused.ErrorCode()) || !errors.As(err, &operation) {
		return "", false
	}
	name := operation.Operation()
	if other, ok := otherwise[name]; ok {
		name = other
	}
	return prefixes[operation.Service()] + ":" + name, true
}

// hasCode says whether AWS answered with an error of one of these names.
func hasCode(err error, codes ...string) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && slices.Contains(codes, refused.ErrorCode())
}
