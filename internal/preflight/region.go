package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// regionIsEnabled: a region that does not exist has no endpoint, so another one is asked.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
func regionIsEnabled(ctx context.Context, p *place) error {
	all, err := ec2.NewFromConfig(p.In(p.asked())).DescribeRegions(ctx, &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true)})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all.Regions, func(r types.Region) bool { return aws.ToString(r.RegionName) == p.Name })
	switch {
	case i < 0:
		p.found("there is no region %s", p.Name)
	case aws.ToString(all.Regions[i].OptInStatus) == "not-opted-in":
		p.found("%s is not enabled in this account", p.Name)
	}
	return nil
}

// twoZones finds the two that the network will have: those that are named, or the first two that CloudFormation lists, which
// are only those with a default subnet when any zone has one.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
func twoZones(ctx context.Context, p *place) error {
	client := ec2.NewFromConfig(p.aws)
	found, err := client.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{Filters: []types.Filter{
		{Name: aws.String("zone-type"), Values: []string{"availability-zone"}},
		{Name: aws.String("state"), Values: []string{"available"}},
	}})
	if err != nil {
		return err
	}
	var available []string
	for _, zone := range found.AvailabilityZones {
		available = append(available, aws.ToString(zone.ZoneName))
	}
	slices.Sort(available)
	if len(p.Zones) > 0 {
		for _, zone := range p.Zones {
			if !slices.Contains(available, zone) {
				p.found("zone %s is not available: %s are", zone, strings.Join(available, ", "))
			}
		}
		p.zones = p.Zones
		p.note("%s, as named", strings.Join(p.zones, ", "))
		return nil
	}
	return p.firstTwo(ctx, client, available)
}

func (p *place) firstTwo(ctx context.Context, client *ec2.Client, available []string) error {
	subnets, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: []types.Filter{
		{Name: aws.String("default-for-az"), Values: []string{"true"}},
	}})
	if err != nil {
		return err
	}
	listed := available
	if len(subnets.Subnets) > 0 {
		listed = slices.DeleteFunc(slices.Clone(available), func(zone string) bool {
			return !slices.ContainsFunc(subnets.Subnets, func(s types.Subnet) bool { return aws.ToString(s.AvailabilityZone) == zone })
		})
	}
	if len(listed) < 2 {
		p.found("CloudFormation lists only zones with a default subnet, and %d have one: name two of %s", len(listed), strings.Join(available, ", "))
		return nil
	}
	p.zones = listed[:2]
	p.note("%s, which CloudFormation lists first", strings.Join(p.zones, ", "))
	return nil
}
