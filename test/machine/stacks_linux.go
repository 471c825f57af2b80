package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	cftypes "github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	stack    = "unishop-primary"
	releases = "releases"
	bundle   = "unishop.tar.gz"
)

// deploy deploys the primary's own template: the image is baked, and an instance of it boots with the user data that
// CloudFormation renders. The stack is complete when user data has signalled SUCCESS.
func (s *system) deploy(ctx context.Context) (*machine, error) {
	template, err := s.synthesize(ctx)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(s.release)
	if err != nil {
		return nil, err
	}
	client := s.s3()
	if _, err := client.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: aws.String(releases)}); err != nil {
		return nil, err
	}
	if _, err := client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(releases), Key: aws.String(bundle), Body: bytes.NewReader(text)}); err != nil {
		return nil, err
	}
	if err := s.create(ctx, stack, string(template)); err != nil {
		return nil, err
	}
	if err := s.awaitCreation(ctx, stack); err != nil {
		return nil, err
	}
	s.bucket, err = s.resource(ctx, "SiteBucket")
	return s.newest(), err
}

// resource is the physical id of the deployed stack's first resource whose name begins so.
func (s *system) resource(ctx context.Context, name string) (string, error) {
	found, err := s.cloudformation().DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: aws.String(stack)})
	if err != nil {
		return "", err
	}
	for _, resource := range found.StackResources {
		if strings.HasPrefix(aws.ToString(resource.LogicalResourceId), name) {
			return aws.ToString(resource.PhysicalResourceId), nil
		}
	}
	return "", fmt.Errorf("%s has no resource whose name begins with %s", stack, name)
}

// synthesize has the CDK render the primary's template as it is now.
func (s *system) synthesize(ctx context.Context) ([]byte, error) {
	folder := filepath.Join(s.dir, "cdk.out")
	command := exec.CommandContext(ctx, filepath.Join(s.root, "node_modules", ".bin", "cdk"), "synth", stack, "--quiet", "--output", folder,
		"-c", "artifact=s3://"+releases+"/"+bundle)
	command.Dir, command.Env = s.root, s.emulator.Environ()
	if out, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("cdk synth: %w: %s", err, out)
	}
	return os.ReadFile(filepath.Join(folder, stack+".template.json"))
}

// beside launches another instance beside the first, of the same image and with the same user data but for the stack,
// and does not wait for it. Before it boots prepare changes its disk, which has a size.
func (s *system) beside(ctx context.Context, name, size string, prepare func(*machine) error) (*machine, error) {
	first := s.first
	subnet, err := s.resource(ctx, "NetworkVpcPublicSubnet1Subnet")
	if err != nil {
		return nil, err
	}
	userData := strings.Replace(first.UserData, "--stack-name '"+stack+"'", "--stack-name '"+name+"'", 1)
	template, err := json.Marshal(map[string]any{"Resources": map[string]any{first.LogicalID: map[string]any{
		"Type":           "AWS::EC2::Instance",
		"CreationPolicy": map[string]any{"ResourceSignal": map[string]any{"Timeout": "PT3M"}},
		"Properties": map[string]any{"ImageId": first.ImageID, "InstanceType": first.InstanceType, "SubnetId": subnet,
			"UserData": base64.StdEncoding.EncodeToString([]byte(userData))},
	}}})
	if err != nil {
		return nil, err
	}
	s.disk, s.prepare = size, prepare
	before := s.newest()
	if err := s.create(ctx, name, string(template)); err != nil {
		return nil, err
	}
	err = poll(ctx, func() error {
		if s.newest() == before {
			return errors.New("no machine has been launched")
		}
		return nil
	})
	return s.newest(), err
}

func (s *system) create(ctx context.Context, name, template string) error {
	_, err := s.cloudformation().CreateStack(ctx, &cloudformation.CreateStackInput{
		StackName: aws.String(name), TemplateBody: aws.String(template), Capabilities: []cftypes.Capability{cftypes.CapabilityCapabilityIam}})
	return err
}

// awaitCreation waits until a stack is complete, or says why it is not.
func (s *system) awaitCreation(ctx context.Context, name string) error {
	return poll(ctx, func() error {
		done, err := s.creation(ctx, name)
		if err == nil && !done {
			return fmt.Errorf("%s is not complete", name)
		}
		return gone(err)
	})
}

// creation says whether a stack is complete, and why it will not be.
func (s *system) creation(ctx context.Context, name string) (done bool, err error) {
	found, err := s.cloudformation().DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: aws.String(name)})
	if err != nil {
		return false, err
	}
	switch found.Stacks[0].StackStatus {
	case cftypes.StackStatusCreateComplete:
		return true, nil
	case cftypes.StackStatusCreateInProgress, cftypes.StackStatusRollbackInProgress:
		return false, nil
	}
	return false, s.whyFailed(ctx, name)
}

func (s *system) whyFailed(ctx context.Context, name string) error {
	found, err := s.cloudformation().DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: aws.String(name)})
	if err != nil {
		return err
	}
	for _, event := range found.StackEvents {
		if event.ResourceStatus == cftypes.ResourceStatusCreateFailed {
			err = fmt.Errorf("%s: %s", aws.ToString(event.LogicalResourceId), aws.ToString(event.ResourceStatusReason)) // the first is the last
		}
	}
	return err
}

// remove deletes a stack, and its instance with it.
func (s *system) remove(ctx context.Context, name string) error {
	input := &cloudformation.DescribeStacksInput{StackName: aws.String(name)}
	if _, err := s.cloudformation().DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: aws.String(name)}); err != nil {
		return err
	}
	waiter := cloudformation.NewStackDeleteCompleteWaiter(s.cloudformation(), func(o *cloudformation.StackDeleteCompleteWaiterOptions) {
		o.MinDelay, o.MaxDelay = 200*time.Millisecond, 200*time.Millisecond
	})
	return waiter.Wait(ctx, input, 2*patience)
}

func (s *system) cloudformation() *cloudformation.Client {
	return cloudformation.NewFromConfig(s.aws())
}

// s3 by paths: the emulator has no host name for each bucket.
func (s *system) s3() *s3.Client {
	return s3.NewFromConfig(s.aws(), func(o *s3.Options) { o.UsePathStyle = true })
}
