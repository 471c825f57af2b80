package preflight

import (
	"context"

	"unishop-pilot-light/internal/config"
)

// check is one question, asked in each region or in one.
type check struct {
	name  string
	only  config.Side              // empty: in both regions
	whole bool                     // it is of the whole account, and made in the primary's region
	when  func(config.Config) bool // nil: always
	needs []string                 // checks whose answer it needs
	ask   func(context.Context, *place) error
	// advice is what to do about a finding.
	advice string
}

const (
	otherName = "Look what it is, and remove it; or choose another name for the whole system: `name` in cdk.json."

	permissionAdvice = "Allow it, or use credentials that may read everything, as those with AWS's policy ReadOnlyAccess."
)

// checks in the order in which they are made: what others need comes first.
var checks = []check{
	{name: "credentials last", whole: true, ask: credentialsLast,
		advice: "Log in again just before you deploy, or have the session last longer: `deploy --all` takes up to an hour."},
	{name: "credentials from elsewhere", whole: true, ask: credentialsFromElsewhere,
		advice: "Deploy with them, but have others for a failover, which must not need {region}: docs/production.md, \"Before the first deployment\"."},
	{name: "region", ask: regionIsEnabled,
		advice: "Correct `{side}-region`, or have the region enabled: `aws account enable-region --region-name {region}`."},
	{name: "zones", needs: []string{"region"}, ask: twoZones,
		advice: "Name two zones that are there: `{side}-zones` in cdk.json. `aws ec2 describe-availability-zones --region {region}` lists them."},
	{name: "server class", needs: []string{"region"}, ask: serverClass,
		advice: "Set `server-class` to an x86_64 class with 2 GiB of memory or more, such as t3.small."},
	{name: "server class in the zones", needs: []string{"zones", "server class"}, ask: serverClassInZones,
		advice: "Name two other zones with `{side}-zones`, or another `server-class`: `aws ec2 describe-instance-type-offerings --region {region} --location-type availability-zone` lists what they offer."},
	{name: "image's build instance", only: config.Primary, needs: []string{"zones"}, ask: buildInstance,
		advice: "Name two other zones with `{side}-zones`, or set `server-zone` to the other one of the two."},
	{name: "engine version", needs: []string{"region"}, ask: engineVersion,
		advice: "Set `engine-version` to one that both regions offer: `aws rds describe-db-engine-versions --region {region} --engine aurora-mysql` lists them."},
	{name: "database class", needs: []string{"zones", "engine version"}, ask: databaseClass,
		advice: "Set `database-class` to another memory-optimized class, such as db.r6g.large, or name other zones with `{side}-zones`."},
	{name: "public access", whole: true, needs: []string{"region"}, ask: publicAccess,
		advice: "Allow it in this account, if the organization does: `aws s3control put-public-access-block --account-id {account} --public-access-block-configuration " +
			"BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=false,RestrictPublicBuckets=false`; or use an account for public sites."},
	{name: "CDK bootstrap", needs: []string{"region"}, ask: bootstrapped,
		advice: "`npx cdk bootstrap aws://{account}/{region}`"},
	{name: "release bundle", only: config.Primary, when: func(c config.Config) bool { return !c.Artifact.Missing() }, needs: []string{"region"}, ask: bundleIsThere,
		advice: "Upload it, correct `artifact`, or leave it out: then the deployment builds the bundle."},
	{name: "stack", needs: []string{"region"}, ask: stackCanBeDeployed,
		advice: "Read why: `aws cloudformation describe-stack-events --region {region} --stack-name {stack}`. Then `npx cdk destroy {stack}`, or docs/runbook.md."},
	{name: "quota: VPCs", needs: []string{"stack"}, ask: quotaOfVPCs,
		advice: "Remove a VPC that no one uses, or ask for more: `aws service-quotas request-service-quota-increase --region {region} --service-code vpc --quota-code " + vpcs + " --desired-value N`."},
	{name: "quota: vCPUs", needs: []string{"stack", "server class"}, ask: quotaOfVCPUs,
		advice: "Ask for more: `aws service-quotas request-service-quota-increase --region {region} --service-code ec2 --quota-code " + standardVCPUs + " --desired-value N`."},
	{name: "quota: databases", needs: []string{"stack"}, ask: quotaOfDatabases,
		advice: "Remove databases that no one uses, or ask for more in Service Quotas, service rds, in {region}."},
	{name: "name: global database", whole: true, needs: []string{"stack"}, ask: nameOfGlobalCluster, advice: otherName},
	{name: "name: database", needs: []string{"stack"}, ask: nameOfCluster, advice: otherName},
	{name: "name: secret", needs: []string{"stack"}, ask: nameOfSecret, advice: otherName},
	{name: "name: log groups", needs: []string{"stack"}, ask: nameOfLogGroups, advice: otherName},
	{name: "name: image parameter", only: config.Secondary, needs: []string{"stack"}, ask: nameOfImageParameter,
		advice: "Delete it: `aws ssm delete-parameter --region {region} --name {parameter}`. Its type cannot be changed."},
}
