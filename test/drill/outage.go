package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"unishop-pilot-light/drill/history"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

// outage is a way for a region to fail. What it says are the sentences of a story.
type outage struct {
	begins, ends func(config.Side) step
}

// outages by the value of OUTAGE.
var outages = map[string]outage{
	"region": {
		begins: goesDown, ends: returns,
	},
	// As in the workshop: everything goes on but the site, for new visitors.
	"site": {
		begins: func(side config.Side) step {
			return step{"the site of " + regions[side] + " is blocked for the public", blockSite(side, true), refuses(side, http.StatusForbidden)}
		},
		ends: func(side config.Side) step {
			return step{"the site of " + regions[side] + " is public again, and its database is resynchronised", blockSite(side, false), eventually(replicates(side))}
		},
	},
}

func goesDown(side config.Side) step { return step{regions[side] + " goes down", takeDown(side), nil} }

func returns(side config.Side) step {
	return step{regions[side] + " returns, and its database is resynchronised", bringBack(side), eventually(replicates(side))}
}

func takeDown(side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		d.down[side] = true
		err := d.emulator.TakeDown(ctx, regions[side])
		d.history.Append(history.Event{Kind: history.OutageBegan, Region: regions[side], ID: "region"})
		return errors.Join(err, d.world.TakeDown(regions[side]))
	}
}

func bringBack(side config.Side) action {
	return func(ctx context.Context, d *Drill) error {
		delete(d.down, side)
		err := errors.Join(d.world.BringBack(ctx, regions[side]), d.emulator.BringBack(ctx, regions[side]))
		d.history.Append(history.Event{Kind: history.OutageEnded, Region: regions[side], ID: "region"})
		return err
	}
}

// blockSite has the bucket of a site keep the public out, or let it in as its stack does.
func blockSite(side config.Side, blocked bool) action {
	return func(ctx context.Context, d *Drill) error {
		bucket, err := d.bucket(ctx, side)
		if err != nil {
			return err
		}
		client := d.s3(side)
		_, err = client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
			Bucket: aws.String(bucket),
			PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
				BlockPublicAcls: aws.Bool(true), IgnorePublicAcls: aws.Bool(true),
				BlockPublicPolicy: aws.Bool(blocked), RestrictPublicBuckets: aws.Bool(blocked),
			},
		})
		kind := history.OutageEnded
		if blocked {
			kind = history.OutageBegan
		}
		d.history.Append(history.Event{Kind: kind, Region: regions[side], ID: "site"})
		return err
	}
}

// bucket is the name of the one bucket that a side's stack has.
func (d *Drill) bucket(ctx context.Context, side config.Side) (string, error) {
	found, err := cloudformation.NewFromConfig(d.system.In(side)).DescribeStackResources(ctx,
		&cloudformation.DescribeStackResourcesInput{StackName: aws.String(d.system.Names.Stack(side))})
	if err != nil {
		return "", err
	}
	for _, resource := range found.StackResources {
		if aws.ToString(resource.ResourceType) == "AWS::S3::Bucket" {
			return aws.ToString(resource.PhysicalResourceId), nil
		}
	}
	return "", fmt.Errorf("the stack of the %s has no bucket", side)
}

// refuses: the site of a side answers a new visitor with a status.
func refuses(side config.Side, status int) check {
	return func(ctx context.Context, d *Drill) error {
		found, err := refusal(ctx, d, side)
		if err == nil && found != status {
			err = fmt.Errorf("the site of the %s answers with %d, and not with %d", side, found, status)
		}
		return err
	}
}

// refusal is the status with which the site of a side refuses a new visitor.
func refusal(ctx context.Context, d *Drill, side config.Side) (int, error) {
	visitor := shopper.NewHTTP(d.dial)
	defer visitor.Close()
	_, err := visitor.Open(ctx, d.sites[side])
	var refusal *shopper.Refusal
	if !errors.As(err, &refusal) {
		return 0, fmt.Errorf("the site of the %s refuses nobody: %v", side, err)
	}
	return refusal.Status, nil
}
