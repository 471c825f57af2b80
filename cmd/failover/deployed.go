package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"unishop-pilot-light/internal/activation"
)

// deployed reads the template and the tags of a stack as CloudFormation has them, with the role that the CDK CLI deploys
// with when the shell's own credentials may take it, as the CLI does.
func deployed(ctx context.Context, region, stack, assembly string) (template activation.Template, tags map[string]string, err error) {
	own, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(region))
	if err != nil {
		return nil, nil, err
	}
	client := cloudformation.NewFromConfig(asDeployer(ctx, own, stack, assembly))
	found, err := client.GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: aws.String(stack)})
	if err != nil {
		return nil, nil, err
	}
	described, err := client.DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(stack)})
	if err != nil {
		return nil, nil, err
	}
	tags = map[string]string{}
	for _, tag := range described.Stacks[0].Tags {
		tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
	}
	return template, tags, json.Unmarshal([]byte(aws.ToString(found.TemplateBody)), &template)
}

// asDeployer takes the role that the assembly names for a stack; what does not work leaves the credentials that are there.
func asDeployer(ctx context.Context, own aws.Config, stack, assembly string) aws.Config {
	role, err := deployRole(stack, assembly)
	if err != nil {
		return own
	}
	client := sts.NewFromConfig(own)
	who, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return own
	}
	role = strings.NewReplacer("${AWS::AccountId}", aws.ToString(who.Account), "${AWS::Partition}", partition(aws.ToString(who.Arn))).Replace(role)
	taken := aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, role))
	if _, err := taken.Retrieve(ctx); err != nil {
		return own
	}
	deployer := own.Copy()
	deployer.Credentials = taken
	return deployer
}

// deployRole is the ARN, with placeholders, that the CDK CLI deploys a stack with.
func deployRole(stack, assembly string) (string, error) {
	text, err := os.ReadFile(filepath.Join(assembly, "manifest.json"))
	if err != nil {
		return "", err
	}
	var manifest struct {
		Artifacts map[string]struct {
			Properties struct{ AssumeRoleArn string }
		}
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return "", err
	}
	role := manifest.Artifacts[stack].Properties.AssumeRoleArn
	if role == "" {
		return "", fmt.Errorf("the assembly names no role for %s", stack)
	}
	return role, nil
}

// partition of an ARN: "aws", "aws-cn".
func partition(arn string) string { return strings.Split(arn, ":")[1] }
