package preflight

import (
	"context"
	"slices"
	"strings"

	"unishop-pilot-light/internal/config"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// leastMemory of a server, in MiB: docs/runbook.md, "No capacity".
const leastMemory = 2048

func serverClass(ctx context.Context, p *place) error {
	class := p.Config.ServerClass
	found, err := ec2.NewFromConfig(p.aws).DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{types.InstanceType(class)}})
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
	if hasCode(err, "InvalidInstanceType") {
		p.found("%s does not know the class %s", p.Name, class)
		return nil
	}
	if err != nil {
		return err
	}
	for _, is := range found.InstanceTypes {
		p.vcpus = aws.ToInt32(is.VCpuInfo.DefaultVCpus)
		if !slices.Contains(is.ProcessorInfo.SupportedArchitectures, types.ArchitectureTypeX8664) {
			p.found("%s is not of x86_64, as the golden image is", class)
		}
		if memory := aws.ToInt64(is.MemoryInfo.SizeInMiB); memory < leastMemory {
			p.found("%s has %d MiB of memory, and the shop needs %d", class, memory, leastMemory)
		}
	}
	p.note("%s", class)
	return nil
}

// serverClassInZones: both zones, since the way out of a shortage is the other one.
func serverClassInZones(ctx context.Context, p *place) error {
	offered, err := p.offered(ctx, p.Config.ServerClass)
	if err != nil {
		return err
	}
	for _, zone := range p.zones {
		if !slices.Contains(offered[zone], p.Config.ServerClass) {
			p.found("%s does not offer %s", zone, p.Config.ServerClass)
		}
	}
	return nil
}

func buildInstance(ctx context.Context, p *place) error {
	zone := p.zones[p.Config.ServerZone-1]
	offered, err := p.offered(ctx, config.BuildTypes...)
	if err != nil {
		return err
	}
	if len(offered[zone]) == 0 {
		p.found("%s offers none of %s", zone, strings.Join(config.BuildTypes, ", "))
	}
	return nil
}

// offered says which of some classes each zone offers.
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html
func (p *place) offered(ctx context.Context, classes ...string) (map[string][]string, error) {
	found, err := ec2.NewFromConfig(p.aws).DescribeInstanceTypeOfferings(ctx, &ec2.DescribeInstanceTypeOfferingsInput{
		LocationType: types.LocationTypeAvailabilityZone,
		Filters: []types.Filter{
			{Name: aws.String("location"), Values: p.zones},
			{Name: aws.String("instance-type"), Values: classes},
		},
	})
	if err != nil {
		return nil, err
	}
	offered := map[string][]string{}
	for _, o := range found.InstanceTypeOfferings {
		zone := aws.ToString(o.Location)
		offered[zone] = append(offered[zone], string(o.InstanceType))
	}
	return offered, nil
}
