package preflight

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
)

const engine = "aurora-mysql"

func engineVersion(ctx context.Context, p *place) error {
	wanted := p.Config.EngineVersion
	line := wanted[:strings.LastIndex(wanted, ".")+1] // 8.0.mysql_aurora.3.10.
	var others []string
	pages := rds.NewDescribeDBEngineVersionsPaginator(rds.NewFromConfig(p.aws), &rds.DescribeDBEngineVersionsInput{Engine: aws.String(engine)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, is := range page.DBEngineVersions {
			version := aws.ToString(is.EngineVersion)
			if version == wanted {
				if !aws.ToBool(is.SupportsGlobalDatabases) {
					p.found("%s has no global databases here", wanted)
				}
				p.note("%s", wanted)
				return nil
			}
			if strings.HasPrefix(version, line) {
				others = append(others, version)
			}
		}
	}
	p.found("%s is not offered; of its line: %s", wanted, listed(others))
	return nil
}

// databaseClass: the DB instance may be placed in either zone of its subnet group.
func databaseClass(ctx context.Context, p *place) error {
	class := p.Config.DatabaseClass
	var zones []string
	global := false
	pages := rds.NewDescribeOrderableDBInstanceOptionsPaginator(rds.NewFromConfig(p.aws), &rds.DescribeOrderableDBInstanceOptionsInput{
		Engine: aws.String(engine), EngineVersion: aws.String(p.Config.EngineVersion), DBInstanceClass: aws.String(class), Vpc: aws.Bool(true),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, option := range page.OrderableDBInstanceOptions {
			global = global || aws.ToBool(option.SupportsGlobalDatabases)
			for _, zone := range option.AvailabilityZones {
				zones = append(zones, aws.ToString(zone.Name))
			}
		}
	}
	slices.Sort(zones)
	zones = slices.Compact(zones)
	switch {
	case len(zones) == 0:
		p.found("%s is not offered with %s", class, p.Config.EngineVersion)
	case !global:
		p.found("%s is not offered for global databases", class)
	case !slices.ContainsFunc(p.zones, func(zone string) bool { return slices.Contains(zones, zone) }):
		p.found("%s is offered in %s, and not in %s", class, listed(zones), listed(p.zones))
	}
	p.note("%s", class)
	return nil
}

func listed(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}
