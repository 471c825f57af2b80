// Package config turns the CDK context into one typed configuration. The context is read once, and strictly, when the program
// starts: no package below it knows the failover flag, only the role that each region plays. It does not know the CDK.
package config

import "time"

// Role is what a region plays now.
type Role string

// The two roles. Exactly one region has each.
const (
	Active     Role = "active"
	PilotLight Role = "pilot-light"
)

// Way is how a region becomes the writer of the database.
type Way string

const (
	// Failover is unplanned: the other region is not asked, and writes that had not arrived are lost.
	Failover Way = "failover"
	// Switchover is planned: AWS waits until every write has arrived, and none is lost.
	Switchover Way = "switchover"
)

// ServerImage is which of the two images that are kept the servers boot.
type ServerImage string

const (
	// CurrentImage is the one of the release.
	CurrentImage ServerImage = "current"
	// PreviousImage is the one that served before.
	PreviousImage ServerImage = "previous"
)

// The values of Attempt that are no time.
const (
	// Planned is the attempt of every planned way.
	Planned = "planned"
	// Unstamped is the attempt of an unplanned failover that is not to be deployed as it is: in a snapshot, in a review, in
	// a template that is kept for the day.
	Unstamped = "unstamped"
)

// defaultEngineVersion of Aurora MySQL: the 3.10 line has long-term support, and its version 3.10.4 is offered in both
// default regions.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraMySQLReleaseNotes/AuroraMySQL.release-calendars.html
const defaultEngineVersion = "8.0.mysql_aurora.3.10.4"

// defaultQualifier is the CDK's: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
const defaultQualifier = "hnb659fds"

// Config is the whole configuration of the program. [Parse] makes it; every field is valid.
type Config struct {
	Names     Names
	Primary   Region
	Secondary Region

	// Artifact is the release bundle in S3; its zero value means that there is none.
	Artifact Artifact
	// Reconcile has the custom resources called again in planned ways: a new value has them bring about, or check, all
	// that they declare. Empty by default.
	Reconcile string
	// Attempt is a property of Custom::RegionRole, so that an unplanned failover always changes it: CloudFormation calls
	// the function although the same failover was deployed before. [Parse] sets it to [Planned]; whoever deploys an
	// unplanned failover sets it to the time ([Config.Stamp]).
	Attempt string
	// Warnings are what Parse does not understand and lets pass.
	Warnings []string
	// Release distinguishes what is deployed from another release of it: see stacks.Synthesize, which sets it.
	Release string
	// CLIRegion is the region that the CDK CLI asks for the account before it deploys. [Parse] leaves it empty: unknown.
	CLIRegion string
	// Qualifier distinguishes the CDK's bootstrap of this program from others in the account.
	Qualifier string
	// Protect turns on deletion protection and keeps snapshots. Default false: the module ends with a clean-up.
	Protect bool
	// EngineVersion of Aurora MySQL, in both regions and in the global cluster: a failover needs equal versions. It is what
	// a cluster is created with; a live one is upgraded by hand, the reader first: docs/runbook.md.
	EngineVersion string
	// DatabaseClass is the class of both DB instances, with its prefix: "db.r6g.large".
	DatabaseClass string
	// ServerClass is the EC2 instance type of the shop, of the x86_64 architecture that the golden image has.
	ServerClass string
	// ServerZone, 1 or 2, chooses the availability zone of the shop among the region's two.
	ServerZone int
	// Tags of both stacks, which CloudFormation passes on to what is in them. They are part of no template.
	Tags map[string]string
	// ServerImage is the image that the server boots.
	ServerImage ServerImage
	// ImageDate has an image baked from unchanged sources: another date is another image. Empty by default.
	ImageDate string
	// Objectives are what the drill holds a failover against. Nothing that is deployed depends on them.
	Objectives Objectives
}

// Objectives of a failover, both longer than 0.
type Objectives struct {
	// RTO is how long the shop may be out, from the outage to the first purchase in the other region.
	RTO time.Duration
	// RPO is how long before the outage acknowledged writes may be lost.
	RPO time.Duration
}

// Unplanned says whether the active region was activated by a failover, which asks the other region nothing.
func (c Config) Unplanned() bool { return c.Active().Way == Failover }

// Active is the region that the shop is to run in.
func (c Config) Active() Region {
	if c.Primary.Active() {
		return c.Primary
	}
	return c.Secondary
}

// Stamp gives an unplanned failover its attempt, the time in UTC to the nanosecond: no two are equal. A planned way has none.
func (c *Config) Stamp(now time.Time) {
	if c.Unplanned() {
		c.Attempt = now.UTC().Format(time.RFC3339Nano)
	}
}

// Region is one of the two regions and what it plays.
type Region struct {
	Side Side
	Name string // for example "us-east-1"
	CIDR string // of its VPC; the two do not overlap
	// Zones are the names of the two availability zones; empty: the first two that CloudFormation lists.
	Zones []string
	Role  Role
	Way   Way // how it becomes the writer if it is not
}

// Active says whether the shop runs in this region.
func (r Region) Active() bool { return r.Role == Active }

// Region returns a side's region.
func (c Config) Region(s Side) Region {
	if s == Primary {
		return c.Primary
	}
	return c.Secondary
}

// Artifact is where the release bundle lies: s3://Bucket/Key. The key is the version, so it is never overwritten.
type Artifact struct{ Bucket, Key string }

// Missing says that no release bundle was named.
func (a Artifact) Missing() bool { return a == Artifact{} }

func (a Artifact) String() string { return "s3://" + a.Bucket + "/" + a.Key }
