package config

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// context is what cdk.json gives, changed as a command line or another cdk.json would.
func context(changes map[string]any) map[string]any {
	all := map[string]any{
		"name": "unishop", "failover": false, "reconcile": "", "protect": false,
		"primary-region": "us-east-1", "secondary-region": "us-west-1",
		"primary-cidr": "10.0.0.0/16", "secondary-cidr": "10.1.0.0/16",
		"database-class": "db.r6g.large", "server-class": "t3.small", "server-zone": "1", "objective-rto": "15m", "objective-rpo": "1m",
		"cli-telemetry": false, "@aws-cdk/aws-iam:minimizePolicies": true, "aws:cdk:bundling-stacks": []any{"**"},
	}
	maps.Copy(all, changes)
	return all
}

func TestTheFlagBecomesARoleAndAWayPerRegion(t *testing.T) {
	type facts struct {
		primary, secondary Role
		way                Way // of the active region
	}
	atRest := facts{Active, PilotLight, Switchover}
	for name, row := range map[string]struct {
		flag any
		want facts
	}{
		"absent":       {nil, atRest},
		"JSON false":   {false, atRest},
		"text false":   {"false", atRest},
		"planned":      {"planned", facts{PilotLight, Active, Switchover}},
		"command line": {"true", facts{PilotLight, Active, Failover}},
		"mirrored":     {"primary", facts{Active, PilotLight, Failover}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Parse(context(map[string]any{"failover": row.flag}))
			require.NoError(t, err)
			assert.Equal(t, row.want, facts{c.Primary.Role, c.Secondary.Role, c.Active().Way})
			assert.Equal(t, row.want.way == Failover, c.Unplanned())
		})
	}
}

func TestAPilotLightGivesUpTheWriterOnlyByASwitchover(t *testing.T) {
	for flag, side := range map[string]Side{"true": Primary, "primary": Secondary} {
		c, err := Parse(context(map[string]any{"failover": flag}))
		require.NoError(t, err)
		assert.Equal(t, Switchover, c.Region(side).Way, flag)
	}
}

// Equal attempts would be equal templates: the second failover would do nothing.
func TestOnlyAnUnplannedFailoverIsStamped(t *testing.T) {
	now := time.Date(2026, 1, 31, 3, 0, 0, 1, time.FixedZone("", 3600))
	for flag, want := range map[string][2]string{
		"false": {Planned, Planned}, "planned": {Planned, Planned},
		"true": {Unstamped, "2026-01-31T02:00:00.000000001Z"}, "primary": {Unstamped, "2026-01-31T02:00:00.000000001Z"},
	} {
		c, err := Parse(context(map[string]any{"failover": flag}))
		require.NoError(t, err)
		assert.Equal(t, want[0], c.Attempt, flag)
		c.Stamp(now)
		assert.Equal(t, want[1], c.Attempt, flag)
	}
}

func TestEveryMistakeNamesKeyValueAndWhatIsAllowed(t *testing.T) {
	for name, row := range map[string]struct {
		key   string
		value any
		says  []string
	}{
		"failover yes":            {"failover", "yes", []string{`failover: "yes"`, "planned", "-c failover=true"}},
		"failover True":           {"failover", "True", []string{`failover: "True"`}},
		"failover 1":              {"failover", float64(1), []string{"failover: the JSON value 1"}},
		"failover text 1":         {"failover", "1", []string{`failover: "1"`}},
		"failover empty":          {"failover", "", []string{`failover: ""`}},
		"failover committed true": {"failover", true, []string{"failover: the JSON value true", `"planned"`}},
		"failover with a space":   {"failover", "true ", []string{`failover: "true "`}},
		"failover Primary":        {"failover", "Primary", []string{`failover: "Primary"`, "-c failover=primary"}},
		"failover list":           {"failover", []any{"true"}, []string{"failover: the JSON value [true]"}},
		"misspelt key":            {"failovr", "true", []string{"failovr: unknown context key", "did you mean failover?"}},
		"protect yes":             {"protect", "yes", []string{`protect: "yes"`, "true or false"}},
		"name in capitals":        {"name", "Unishop", []string{`name: "Unishop"`, "lower-case"}},
		"name of SSM's":           {"name", "ssm-shop", []string{`name: "ssm-shop"`}},
		"name with two hyphens":   {"name", "uni--shop", []string{`name: "uni--shop"`}},
		"name too short":          {"name", "ab", []string{`name: "ab"`, "3 to 40"}},
		"name of S3's":            {"name", "sthree-shop", []string{`name: "sthree-shop"`}},
		"name of S3's examples":   {"name", "amzn-s3-demo-shop", []string{`name: "amzn-s3-demo-shop"`}},
		"one zone":                {"primary-zones", "us-east-1a", []string{`primary-zones: "us-east-1a"`, "us-east-1a,us-east-1c"}},
		"one zone twice":          {"secondary-zones", "us-west-1a,us-west-1a", []string{"one zone twice"}},
		"zones of the other":      {"secondary-zones", "us-east-1a,us-east-1b", []string{`secondary-zones: "us-east-1a,us-east-1b"`}},
		"key in capitals":         {"Fail_Over", "true", []string{"Fail_Over: unknown context key: did you mean failover?"}},
		"name too long":           {"name", strings.Repeat("a", 41), []string{"3 to 40"}},
		"name missing":            {"name", nil, []string{"name: nothing is not allowed"}},
		"region":                  {"primary-region", "Virginia", []string{`primary-region: "Virginia"`, "us-west-1"}},
		"same region":             {"secondary-region", "us-east-1", []string{"secondary-region", "primary's region too"}},
		"range overlaps":          {"secondary-cidr", "10.0.128.0/17", []string{`secondary-cidr: "10.0.128.0/17" overlaps`}},
		"range too small":         {"primary-cidr", "10.2.0.0/25", []string{`primary-cidr: "10.2.0.0/25"`, "/16 to /24"}},
		"range not a network":     {"primary-cidr", "10.2.0.1/16", []string{`primary-cidr: "10.2.0.1/16"`}},
		"range IPv6":              {"primary-cidr", "fd00::/16", []string{`primary-cidr: "fd00::/16"`}},
		"engine of another line":  {"engine-version", "5.7.mysql_aurora.2.12.0", []string{`engine-version: "5.7.mysql_aurora.2.12.0"`, "3.10.4"}},
		"engine's short version":  {"engine-version", "3.10.4", []string{`engine-version: "3.10.4"`}},
		"burstable database":      {"database-class", "db.t4g.medium", []string{`database-class: "db.t4g.medium"`, "memory-optimised"}},
		"database without prefix": {"database-class", "r6g.large", []string{`database-class: "r6g.large"`}},
		"Graviton server":         {"server-class", "t4g.small", []string{`server-class: "t4g.small"`, "x86_64"}},
		"Graviton with disks":     {"server-class", "m7gd.large", []string{`server-class: "m7gd.large"`}},
		"server":                  {"server-class", "small", []string{`server-class: "small"`}},
		"third zone":              {"server-zone", "3", []string{`server-zone: "3"`, "1 or 2"}},
		"RTO without a unit":      {"objective-rto", "15", []string{`objective-rto: "15"`, "90s, 15m or 1h"}},
		"RTO of nothing":          {"objective-rto", "0m", []string{`objective-rto: "0m"`}},
		"RTO of a fraction":       {"objective-rto", "1.5h", []string{`objective-rto: "1.5h"`}},
		"RTO not a text":          {"objective-rto", float64(15), []string{"objective-rto: the JSON value 15"}},
		"RPO before the outage":   {"objective-rpo", "-1m", []string{`objective-rpo: "-1m"`}},
		"RPO missing":             {"objective-rpo", nil, []string{"objective-rpo: nothing is not allowed"}},
		"RPO misspelt":            {"objective-rp", "1m", []string{"objective-rp: unknown context key: did you mean objective-rpo?"}},
		"artifact by https":       {"artifact", "https://bucket/unishop.tar.gz", []string{`artifact: "https://bucket/unishop.tar.gz"`, "s3://"}},
		"artifact with a quote":   {"artifact", `s3://bucket/a'b.tar.gz`, []string{"artifact"}},
		"artifact without key":    {"artifact", "s3://bucket/", []string{"artifact"}},
		"artifact too long":       {"artifact", "s3://bucket/" + strings.Repeat("k", 250) + ".tar.gz", []string{"up to 256"}},
		"artifact not a text":     {"artifact", true, []string{"artifact: the JSON value true"}},
		"image of the day":        {"image-date", "today", []string{`image-date: "today"`, "2026-12-01"}},
		"image of no day":         {"image-date", "2026-02-30", []string{`image-date: "2026-02-30"`}},
		"image of a short day":    {"image-date", "2026-2-3", []string{`image-date: "2026-2-3"`}},
		"image date not a text":   {"image-date", float64(20261201), []string{"image-date: the JSON value"}},
		"another image":           {"server-image", "Previous", []string{`server-image: "Previous"`, `"current" or "previous"`}},
		"image not a text":        {"server-image", true, []string{"server-image: the JSON value true"}},
		"image misspelt":          {"server-imag", "previous", []string{"did you mean server-image?"}},
		"reconcile with spaces":   {"reconcile", "to day", []string{`reconcile: "to day"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(context(map[string]any{row.key: row.value}))
			require.Error(t, err)
			for _, words := range row.says {
				assert.ErrorContains(t, err, words)
			}
			assert.NotContains(t, err.Error(), "\n", "one mistake, one line")
		})
	}
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := Parse(context(map[string]any{"failover": "yes", "protect": "no", "artefact": "s3://b/k.tar.gz"}))
	require.Error(t, err)
	for _, words := range []string{"failover:", "protect:", "artefact: unknown context key: did you mean artifact?"} {
		assert.ErrorContains(t, err, words)
	}
}

func TestWhatIsAllowedIsRead(t *testing.T) {
	c, err := Parse(context(map[string]any{
		"artifact": "s3://releases/shop/unishop-1.2.tar.gz", "reconcile": "2026-01-31T12:00", "protect": "true",
		"server-class": "m7i-flex.large", "server-zone": "2", "name": "unishop-staging", "database-class": "db.x2g.large",
		"objective-rto": "2h", "objective-rpo": "90s", "server-image": "previous", "image-date": "2024-02-29",
	}))
	require.NoError(t, err)
	assert.Equal(t, Artifact{"releases", "shop/unishop-1.2.tar.gz"}, c.Artifact)
	assert.Equal(t, "s3://releases/shop/unishop-1.2.tar.gz", c.Artifact.String())
	assert.Equal(t, "2026-01-31T12:00", c.Reconcile)
	assert.True(t, c.Protect)
	assert.Equal(t, "m7i-flex.large", c.ServerClass)
	assert.Equal(t, 2, c.ServerZone)
	assert.Equal(t, PreviousImage, c.ServerImage)
	assert.Equal(t, "2024-02-29", c.ImageDate)
	assert.Equal(t, "8.0.mysql_aurora.3.10.4", c.EngineVersion)
	assert.Equal(t, Objectives{RTO: 2 * time.Hour, RPO: 90 * time.Second}, c.Objectives)
	assert.Equal(t, Region{Side: Secondary, Name: "us-west-1", CIDR: "10.1.0.0/16", Role: PilotLight, Way: Switchover}, c.Secondary)
	assert.Equal(t, c.Secondary, c.Region(Primary.Other()))
}

// The CLI keeps its own keys in the context, and ~/.cdk.json may hold other programs': they must not stop a failover.
func TestWhatIsNotOursPasses(t *testing.T) {
	c, err := Parse(context(map[string]any{"failover": "true", "acknowledged-issue-numbers": []any{34892.0}, "department": "42"}))
	require.NoError(t, err)
	require.Len(t, c.Warnings, 1)
	assert.Contains(t, c.Warnings[0], "department: this program does not know the context key")
}

func TestTheServerBootsTheImageOfTheReleaseByDefault(t *testing.T) {
	for _, empty := range []any{nil, ""} {
		c, err := Parse(context(map[string]any{"server-image": empty, "image-date": empty}))
		require.NoError(t, err)
		assert.Equal(t, CurrentImage, c.ServerImage)
		assert.Empty(t, c.ImageDate)
	}
}

func TestZonesAreNamedOrLeftToCloudFormation(t *testing.T) {
	c, err := Parse(context(map[string]any{"primary-zones": "us-east-1b,us-east-1d"}))
	require.NoError(t, err)
	assert.Equal(t, []string{"us-east-1b", "us-east-1d"}, c.Primary.Zones)
	assert.Empty(t, c.Secondary.Zones)
}

func TestWithoutABundleTheArtifactIsMissing(t *testing.T) {
	c, err := Parse(context(nil))
	require.NoError(t, err)
	assert.True(t, c.Artifact.Missing())
}

// A name that changes would replace a database, or hide it from the other region.
func TestSharedNames(t *testing.T) {
	n := Names("unishop")
	assert.Equal(t, []string{
		"unishop-primary", "unishop-secondary", "unishop", "unishop-primary", "unishop-secondary-1",
		"unishop/database", "/unishop/image", "/unishop/image/previous", "/unishop/image/baked", "unishop", "/aws/imagebuilder/unishop", "/unishop/server",
	}, []string{
		n.Stack(Primary), n.Stack(Secondary), n.GlobalCluster(), n.Cluster(Primary), n.Instance(Secondary),
		n.Secret(), n.ImageParameter(), n.PreviousImageParameter(), n.BakedParameter(), n.Image(), n.ImageLogGroup(), n.ServerLogGroup(),
	})
}
