package stage

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"unishop-pilot-light/drill/world"
	"unishop-pilot-light/internal/config"
)

// Baked is when an image of a side's region was made.
func (d *Drill) Baked(ctx context.Context, side config.Side, image string) (time.Time, error) {
	text, err := d.Run(ctx, Command{At: Laptop, AWS: true, Arguments: []string{"ec2", "describe-images", "--region", Regions[side],
		"--image-ids", image, "--query", "Images[0].CreationDate", "--output", "text"}})
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, LastLines(text, 1))
}

// Machine is the one machine of a side's region.
func (d *Drill) Machine(side config.Side) (world.Machine, error) {
	machines := d.World.Machines(Regions[side])
	if len(machines) != 1 {
		return world.Machine{}, fmt.Errorf("%d instances run in %s, where one is expected", len(machines), Regions[side])
	}
	return machines[0], nil
}

// Booted is the image that the one machine of a side's region runs from.
func (d *Drill) Booted(side config.Side) (string, error) {
	machine, err := d.Machine(side)
	return machine.Image, err
}

// Parameter reads a parameter of Systems Manager's in a side's region.
func (d *Drill) Parameter(ctx context.Context, side config.Side, name string) (string, error) {
	found, err := ssm.NewFromConfig(d.System.In(side)).GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	if err != nil {
		return "", err
	}
	return aws.ToString(found.Parameter.Value), nil
}
