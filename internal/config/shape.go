package config

import (
	"net/netip"
	"regexp"
	"time"
)

// shape is what a text must look like, and how to say so.
type shape struct {
	words  string
	allows func(string) bool
}

func pattern(words, expression string) shape {
	return shape{words, regexp.MustCompile(expression).MatchString}
}

var (
	// The longest name built from it, of a DB instance, may have 63 characters; Image Builder's names have three or more
	// (https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateComponent.html). SSM keeps parameters whose
	// names begin with aws or ssm to itself: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
	// S3 keeps sthree and amzn-s3-demo, and the site's bucket is named after the stack:
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
	aName = shape{"3 to 40 lower-case letters, digits and single hyphens, beginning with a letter, not with aws, ssm, sthree or amzn-s3-demo", func(s string) bool {
		return regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`).MatchString(s) && len(s) >= 3 && len(s) <= 40 &&
			!regexp.MustCompile(`^(aws|ssm|sthree|amzn-s3-demo)`).MatchString(s)
	}}

	aRegion = pattern("a region such as us-west-1", `^[a-z]{2}(-[a-z]+)+-[0-9]$`)

	// Four subnets of equal size are cut from it.
	aCIDR = shape{"the network address of an IPv4 range from /16 to /24, such as 10.1.0.0/16", func(s string) bool {
		p, err := netip.ParsePrefix(s)
		return err == nil && p.Addr().Is4() && p == p.Masked() && p.Bits() >= 16 && p.Bits() <= 24
	}}

	// What the bundle's name may hold is what needs no quoting in YAML, in a shell and in an IAM policy. It has a
	// limit because it must fit into the template; S3 takes 1024: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
	anArtifact = pattern("s3://bucket/key.tar.gz, the key made of up to 256 letters, digits and . _ - /",
		`^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9._-][A-Za-z0-9._/-]{0,248}\.tar\.gz$`)

	aServerImage = pattern(`"current" or "previous"`, "^(current|previous)$")

	aDate = shape{"a date such as 2026-12-01", func(s string) bool {
		_, err := time.Parse(time.DateOnly, s)
		return err == nil
	}}

	aReconcile = pattern("up to 64 letters, digits, and . : _ -, for example the time of day", `^[A-Za-z0-9.:_-]{1,64}$`)

	// https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-customizing.html
	aQualifier = pattern("up to ten letters and digits, as in `cdk bootstrap --qualifier`", `^[a-zA-Z0-9]{1,10}$`)

	aDuration = pattern("a number of seconds, minutes or hours such as 90s, 15m or 1h", `^[1-9][0-9]{0,3}[smh]$`)

	// A global database takes memory-optimised classes only:
	// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-getting-started.html#aurora-global-database.configuration.requirements
	aDatabaseClass = pattern("a memory-optimised class such as db.r6g.large (a global database takes no db.t*)", `^db\.[rx][0-9][a-z0-9]*\.[a-z0-9]+$`)

	// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraMySQLReleaseNotes/Welcome.html
	anEngineVersion = pattern("a version of Aurora MySQL 3 such as 8.0.mysql_aurora.3.10.4", `^8\.0\.mysql_aurora\.3\.[0-9]{2}\.[0-9]+$`)

	// AWS marks Graviton classes by a g behind the generation: t4g, m7gd, c7gn.
	aServerClass = shape{"an x86_64 instance type such as t3.small, as the golden image is (no Graviton)", func(s string) bool {
		return regexp.MustCompile(`^[a-z]+[0-9]+[a-z0-9-]*\.[a-z0-9-]+$`).MatchString(s) &&
			!regexp.MustCompile(`^(a1|[a-z]+[0-9]+[a-z]*g[a-z]*)\.`).MatchString(s)
	}}
)
