package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// noImage: CloudFormation looks the image up before it touches anything.
var noImage = scenario{
	name: "no-image",
	says: "a failover without an image is refused before anything changes",
	steps: []step{
		deployed,
		{"the parameter of the image is removed", forgetImage, nil},
		down,
		{"us-west-1 cannot take over", refused(failingOver(), "/unishop/image"), says(secondary, pilotLight)},
	},
}

func forgetImage(ctx context.Context, d *Drill) error {
	_, err := ssm.NewFromConfig(d.in(secondary)).DeleteParameter(ctx, &ssm.DeleteParameterInput{
		Name: aws.String(d.system.Names.ImageParameter()),
	})
	return err
}

// badRelease: an image reaches the pilot light only after it has sold in the primary.
var badRelease = scenario{
	name: "bad-release",
	says: "a release that does not start is rolled back, and the pilot light never hears of it",
	steps: []step{
		deployed,
		{"a release that does not start is rolled back while the old one goes on selling", rollBackBadRelease,
			all(sells(primary), imagePublished)},
		down,
		{"us-west-1 takes over with the old release", failOver(), all(writes(secondary), runs(secondary, 1), says(secondary, active))},
	},
}

func rollBackBadRelease(ctx context.Context, d *Drill) error {
	d.world.releaseBad(true)
	defer d.world.releaseBad(false)
	return refused(command{at: office, arguments: []string{
		"deploy", "--all", "--require-approval", "never", "-c", "artifact=s3://releases/unishop-2.tar.gz",
	}}, "FAILURE signal")(ctx, d)
}
