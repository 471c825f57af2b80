package preflight

import (
	"context"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
)

// Codes of quotas: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html and
// https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
const (
	vpcs          = "L-F678F1CE"
	standardVCPUs = "L-1216C47A"
)

// standard are the families that the quota of vCPUs counts; others, such as inf1, mac2 and trn1, have separate quotas.
var standard = regexp.MustCompile(`^(a|c|d|h|i|im|is|m|r|t|z)[0-9]`)

// buildVCPUs are those of the smallest class that the image is built on.
const buildVCPUs = 2

// needs compares what is used and what is needed with a quota.
func (p *place) needs(what string, used, more, quota float64) {
	if used+more > quota {
		p.found("%s%.0f of %.0f are used, and %.0f more are needed", what, used, quota, more)
	}
	p.note("%.0f of %.0f used", used, quota)
}

func quotaOfVPCs(ctx context.Context, p *place) error {
	if p.deployed {
		p.note("deployed already")
		return nil
	}
	quota, err := p.quota(ctx, "vpc", vpcs)
	if err != nil {
		return err
	}
	used := 0
	pages := ec2.NewDescribeVpcsPaginator(ec2.NewFromConfig(p.aws), &ec2.DescribeVpcsInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		used += len(page.Vpcs)
	}
	p.needs("", float64(used), 1, quota)
	return nil
}

// quotaOfVCPUs: at a release the new server runs beside the old one, and before that the image is built.
func quotaOfVCPUs(ctx context.Context, p *place) error {
	if p.deployed {
		p.note("deployed already")
		return nil
	}
	if !standard.MatchString(p.Config.ServerClass) {
		p.note("%s has a separate quota, which is not checked", p.Config.ServerClass)
		return nil
	}
	quota, err := p.quota(ctx, "ec2", standardVCPUs)
	if err != nil {
		return err
	}
	used, err := p.usedVCPUs(ctx)
	if err != nil {
		return err
	}
	p.needs("standard On-Demand instances: ", float64(used), float64(p.vcpus+max(p.vcpus, buildVCPUs)), quota)
	return nil
}

// usedVCPUs counts instances that run; spot instances have another quota.
func (p *place) usedVCPUs(ctx context.Context) (used int32, err error) {
	client, running := ec2.NewFromConfig(p.aws), map[ec2types.InstanceType]int32{}
	pages := ec2.NewDescribeInstancesPaginator(client, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{
		{Name: aws.String("instance-state-name"), Values: []string{"pending", "running"}},
	}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, err
		}
		for _, reservation := range page.Reservations {
			for _, i := range reservation.Instances {
				if i.InstanceLifecycle == "" && standard.MatchString(string(i.InstanceType)) {
					running[i.InstanceType]++
				}
			}
		}
	}
	for class, count := range running {
		found, err := client.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []ec2types.InstanceType{class}})
		if err != nil {
			return 0, err
		}
		used += count * aws.ToInt32(found.InstanceTypes[0].VCpuInfo.DefaultVCpus)
	}
	return used, nil
}

// quota is the account's own, or, when it has none, AWS's default.
// https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html
func (p *place) quota(ctx context.Context, service, code string) (float64, error) {
	client := servicequotas.NewFromConfig(p.aws)
	own, err := client.GetServiceQuota(ctx, &servicequotas.GetServiceQuotaInput{ServiceCode: aws.String(service), QuotaCode: aws.String(code)})
	if err == nil {
		return aws.ToFloat64(own.Quota.Value), nil
	}
	if !hasCode(err, "NoSuchResourceException") {
		return 0, err
	}
	usual, err := client.GetAWSDefaultServiceQuota(ctx, &servicequotas.GetAWSDefaultServiceQuotaInput{ServiceCode: aws.String(service), QuotaCode: aws.String(code)})
	if err != nil {
		return 0, err
	}
	return aws.ToFloat64(usual.Quota.Value), nil
}

// quotaOfDatabases: RDS itself says what is used.
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeAccountAttributes.html
func quotaOfDatabases(ctx context.Context, p *place) error {
	if p.deployed {
		p.note("deployed already")
		return nil
	}
	found, err := rds.NewFromConfig(p.aws).DescribeAccountAttributes(ctx, &rds.DescribeAccountAttributesInput{})
	if err != nil {
		return err
	}
	for _, quota := range found.AccountQuotas {
		switch name := aws.ToString(quota.AccountQuotaName); name {
		case "DBClusters", "DBInstances":
			p.needs(name+": ", float64(aws.ToInt64(quota.Used)), 1, float64(aws.ToInt64(quota.Max)))
		}
	}
	return nil
}
