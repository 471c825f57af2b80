package do

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"unishop-pilot-light/drill/stage"
	"unishop-pilot-light/internal/config"
	"unishop-pilot-light/internal/shopper"
)

// ForgetImage removes the parameter with which the pilot light finds its image.
func ForgetImage(ctx context.Context, d *stage.Drill) error {
	_, err := ssm.NewFromConfig(d.System.In(config.Secondary)).DeleteParameter(ctx, &ssm.DeleteParameterInput{
		Name: aws.String(d.System.Names.ImageParameter()),
	})
	return err
}

// SwapByHand switches over to whichever side does not write.
func SwapByHand(ctx context.Context, d *stage.Drill) error {
	database, err := d.System.Database(ctx, config.Primary)
	if err != nil {
		return err
	}
	target := database.Writer.Other()
	_, err = rds.NewFromConfig(d.System.In(database.Writer)).SwitchoverGlobalCluster(ctx, &rds.SwitchoverGlobalClusterInput{
		GlobalClusterIdentifier:   aws.String(d.System.Names.GlobalCluster()),
		TargetDbClusterIdentifier: aws.String(ClusterARN(target)),
	})
	return err
}

// Terminate ends the instance of the primary's region, and no stack knows.
func Terminate(ctx context.Context, d *stage.Drill) error {
	stack, err := d.System.Stack(ctx, config.Primary)
	if err != nil {
		return err
	}
	return Typed(stage.Command{At: stage.Laptop, Region: stage.Regions[config.Primary], AWS: true, Arguments: []string{
		"ec2", "terminate-instances", "--region", stage.Regions[config.Primary], "--instance-ids", stack.Outputs["InstanceId"],
	}})(ctx, d)
}

// EmptySite deletes what the site of us-east-1 serves, with further arguments of the AWS CLI.
func EmptySite(arguments ...string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		stack, err := d.System.Stack(ctx, config.Primary)
		if err != nil {
			return err
		}
		bucket, _, _ := strings.Cut(strings.TrimPrefix(stack.Outputs["WebsiteURL"], "http://"), ".")
		return Typed(stage.Command{At: stage.Laptop, Region: stage.Regions[config.Primary], AWS: true, Arguments: append([]string{
			"s3", "rm", "--region", stage.Regions[config.Primary], "--recursive", "s3://" + bucket + "/",
		}, arguments...)})(ctx, d)
	}
}

// Shop has a new customer sign up at a side's shop, and put a unicorn into the basket.
func Shop(side config.Side, email string) stage.Action {
	return func(ctx context.Context, d *stage.Drill) error {
		return d.AtShop(ctx, side, func(shop *shopper.Shop) error {
			user, err := shop.SignUp(ctx, shopper.Person{Email: email, FirstName: "New", LastName: "Customer"})
			if err != nil {
				return err
			}
			unicorns, err := shop.Unicorns(ctx)
			if err != nil {
				return err
			}
			return shop.Put(ctx, user, unicorns[0])
		})
	}
}
