package preflight

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"unishop-pilot-light/internal/config"
)

// stackCanBeDeployed also says whether what has the system's names belongs to it.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
func stackCanBeDeployed(ctx context.Context, p *place) error {
	found, err := cloudformation.NewFromConfig(p.aws).DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(p.Config.Names.Stack(p.Side))})
	// CloudFormation has no separate error for a stack that is not there.
	if hasCode(err, "ValidationError") && strings.Contains(err.Error(), "does not exist") {
		return nil
	}
	if err != nil {
		return err
	}
	state := string(found.Stacks[0].StackStatus)
	switch {
	case strings.HasSuffix(state, "_IN_PROGRESS") && state != "REVIEW_IN_PROGRESS":
		p.found("%s is in %s", p.Config.Names.Stack(p.Side), state)
		p.advice = "Wait until it is over."
	// What a failed creation has left would fail again for the same reason.
	case state == "ROLLBACK_COMPLETE" || state == "ROLLBACK_FAILED" || state == "DELETE_FAILED" || state == "UPDATE_ROLLBACK_FAILED":
		p.found("%s is in %s", p.Config.Names.Stack(p.Side), state)
	// One that is only reviewed has no resources yet; a failure without rollback is gone on from.
	case state != "REVIEW_IN_PROGRESS":
		p.deployed = true
		p.note("%s: its names are its own", state)
	}
	return nil
}

// taken reports that a name is, unless the system's own stack has it.
func (p *place) taken(what string, err error, codes ...string) error {
	switch {
	case hasCode(err, codes...):
		return nil
	case err != nil:
		return err
	case !p.deployed:
		p.found("there is a %s already, and no stack %s that it could belong to", what, p.Config.Names.Stack(p.Side))
	}
	return nil
}

func nameOfGlobalCluster(ctx context.Context, p *place) error {
	name := p.Config.Names.GlobalCluster()
	_, err := rds.NewFromConfig(p.aws).DescribeGlobalClusters(ctx, &rds.DescribeGlobalClustersInput{GlobalClusterIdentifier: aws.String(name)})
	return p.taken("global database "+name, err, "GlobalClusterNotFoundFault")
}

func nameOfCluster(ctx context.Context, p *place) error {
	client := rds.NewFromConfig(p.aws)
	name := p.Config.Names.Cluster(p.Side)
	_, err := client.DescribeDBClusters(ctx, &rds.DescribeDBClustersInput{DBClusterIdentifier: aws.String(name)})
	if err := p.taken("DB cluster "+name, err, "DBClusterNotFoundFault"); err != nil {
		return err
	}
	name = p.Config.Names.Instance(p.Side)
	_, err = client.DescribeDBInstances(ctx, &rds.DescribeDBInstancesInput{DBInstanceIdentifier: aws.String(name)})
	return p.taken("DB instance "+name, err, "DBInstanceNotFound", "DBInstanceNotFoundFault")
}

// nameOfSecret: one that is deleted keeps its name until its days are over; and no replica goes over a secret that is there.
// https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
func nameOfSecret(ctx context.Context, p *place) error {
	name := p.Config.Names.Secret()
	found, err := secretsmanager.NewFromConfig(p.aws).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(name)})
	if err == nil && found.DeletedDate != nil && !p.deployed {
		p.found("the secret %s is scheduled for deletion on %s, and keeps its name until then", name, found.DeletedDate.Format(time.DateOnly))
		p.advice = "If it is of no use any more: `aws secretsmanager delete-secret --region {region} --secret-id {secret} --force-delete-without-recovery`; or choose another `name`."
		return nil
	}
	return p.taken("secret "+name, err, "ResourceNotFoundException")
}

func nameOfLogGroups(ctx context.Context, p *place) error {
	names := []string{p.Config.Names.ServerLogGroup()}
	if p.Side == config.Primary {
		names = append(names, p.Config.Names.ImageLogGroup())
	}
	for _, log := range config.DatabaseLogs {
		names = append(names, p.Config.Names.DatabaseLogGroup(p.Side, log))
	}
	for _, name := range names {
		found, err := cloudwatchlogs.NewFromConfig(p.aws).DescribeLogGroups(ctx, &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(name)})
		if err != nil {
			return err
		}
		for _, group := range found.LogGroups {
			if aws.ToString(group.LogGroupName) == name {
				_ = p.taken("log group "+name, nil)
			}
		}
	}
	return nil
}

func nameOfImageParameter(ctx context.Context, p *place) error {
	found, err := ssm.NewFromConfig(p.aws).GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(p.Config.Names.ImageParameter())})
	if hasCode(err, "ParameterNotFound") {
		return nil
	}
	if err != nil {
		return err
	}
	if kind := aws.ToString(found.Parameter.DataType); kind != "aws:ec2:image" {
		p.found("there is a parameter %s of the data type %s, where aws:ec2:image is needed", p.Config.Names.ImageParameter(), kind)
	}
	return nil
}
