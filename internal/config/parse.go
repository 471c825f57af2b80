package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/agext/levenshtein"
)

// keys are the context keys of the program. cdk.json holds their defaults.
var keys = []string{
	"artifact", "database-class", "engine-version", "failover", "image-date", "name", "objective-rpo", "objective-rto",
	"primary-cidr", "primary-region", "primary-zones", "protect", "reconcile", "secondary-cidr", "secondary-region",
	"secondary-zones", "server-class", "server-image", "server-zone", "tags",
}

// Keys are the names of all context keys, sorted.
func Keys() []string { return slices.Clone(keys) }

// Parse reads the whole CDK context: the values of cdk.json and those of the command line, which are strings.
// Every mistake is reported at once, as one error each, joined: key, value, what is allowed.
func Parse(context map[string]any) (Config, error) {
	p := parser{context: context}
	c := Config{
		Warnings:      p.checkKeys(),
		Names:         Names(p.text("name", aName)),
		Artifact:      p.artifact(),
		Reconcile:     p.optional("reconcile", aReconcile),
		Qualifier:     cmp.Or(p.optional("@aws-cdk/core:bootstrapQualifier", aQualifier), defaultQualifier),
		Protect:       p.protect(),
		DatabaseClass: p.text("database-class", aDatabaseClass),
		EngineVersion: cmp.Or(p.optional("engine-version", anEngineVersion), defaultEngineVersion),
		ServerClass:   p.text("server-class", aServerClass),
		ServerZone:    p.serverZone(),
		Tags:          p.tags(),
		ServerImage:   ServerImage(cmp.Or(p.optional("server-image", aServerImage), string(CurrentImage))),
		ImageDate:     p.optional("image-date", aDate),
		Objectives:    Objectives{RTO: p.duration("objective-rto"), RPO: p.duration("objective-rpo")},
	}
	c.Primary = Region{Side: Primary, Name: p.text("primary-region", aRegion), CIDR: p.text("primary-cidr", aCIDR)}
	c.Secondary = Region{Side: Secondary, Name: p.text("secondary-region", aRegion), CIDR: p.text("secondary-cidr", aCIDR)}
	c.Primary.Zones, c.Secondary.Zones = p.zones("primary-zones", c.Primary.Name), p.zones("secondary-zones", c.Secondary.Name)
	p.compareRegions(c.Primary, c.Secondary)
	p.assignRoles(&c)
	return c, errors.Join(p.mistakes...)
}

// parser collects the mistakes, so that a method can return the zero value and the next one go on.
type parser struct {
	context  map[string]any
	mistakes []error
}

func (p *parser) mistake(format string, args ...any) {
	p.mistakes = append(p.mistakes, fmt.Errorf(format, args...))
}

// checkKeys keeps a misspelt key from passing in silence. Whatever else is not ours may be another program's, such as the
// CDK CLI's own acknowledged-issue-numbers, and must not stop a failover. Keys with a colon or a leading @ are the CDK's.
func (p *parser) checkKeys() (warnings []string) {
	for _, key := range slices.Sorted(maps.Keys(p.context)) {
		if strings.HasPrefix(key, "@") || strings.Contains(key, ":") || slices.Contains(keys, key) {
			continue
		}
		near, distance := nearest(key)
		if distance <= 2 {
			p.mistake("%s: unknown context key: did you mean %s? (allowed: %s)", key, near, strings.Join(keys, ", "))
		} else if !slices.Contains(ofTheCLI, key) {
			warnings = append(warnings, fmt.Sprintf("%s: this program does not know the context key (it knows: %s)", key, strings.Join(keys, ", ")))
		}
	}
	return warnings
}

// ofTheCLI are the keys that the CDK CLI itself keeps in the context.
var ofTheCLI = []string{"acknowledged-issue-numbers", "cli-telemetry"}

// nearest is our key that looks most like another one, and by how many letters they differ: capitals, - and _ count for
// nothing.
func nearest(key string) (near string, distance int) {
	plain := strings.NewReplacer("-", "", "_", "", " ", "")
	of := func(ours string) int {
		return levenshtein.Distance(strings.ToLower(plain.Replace(key)), plain.Replace(ours), nil)
	}
	near = slices.MinFunc(keys, func(a, b string) int { return of(a) - of(b) })
	return near, of(near)
}

// assignRoles is the only reader of the failover flag. The bool true is refused because only cdk.json can hold one,
// and a committed true would let a stale branch lose data at every later activation.
func (p *parser) assignRoles(c *Config) {
	active, way := &c.Primary, Switchover
	switch p.context["failover"] {
	case nil, false, "false":
	case "planned":
		active = &c.Secondary
	case "true":
		active, way = &c.Secondary, Failover
	case "primary":
		way = Failover
	default:
		p.mistake("failover: %s is not allowed: use -c failover=true in an outage of the primary region, "+
			"-c failover=primary in an outage of the secondary region while it is active, "+
			`"planned" for a move without data loss, or "false" (the default)`, quote(p.context["failover"]))
	}
	c.Attempt = Planned
	if way == Failover {
		c.Attempt = Unstamped
	}
	c.Primary.Role, c.Primary.Way = PilotLight, Switchover
	c.Secondary.Role, c.Secondary.Way = PilotLight, Switchover
	active.Role, active.Way = Active, way
}

func (p *parser) compareRegions(primary, secondary Region) {
	if primary.Name != "" && primary.Name == secondary.Name {
		p.mistake("secondary-region: %q is the primary's region too: use another one", secondary.Name)
	}
	a, errA := netip.ParsePrefix(primary.CIDR)
	b, errB := netip.ParsePrefix(secondary.CIDR)
	if errA == nil && errB == nil && a.Overlaps(b) {
		p.mistake("secondary-cidr: %q overlaps with primary-cidr %q: use another range", secondary.CIDR, primary.CIDR)
	}
}

func (p *parser) protect() bool {
	switch p.context["protect"] {
	case nil, false, "false":
		return false
	case true, "true":
		return true
	}
	p.mistake("protect: %s is not allowed: use true or false", quote(p.context["protect"]))
	return false
}

func (p *parser) serverZone() int {
	switch p.context["server-zone"] {
	case "1", float64(1):
		return 1
	case "2", float64(2):
		return 2
	}
	p.mistake("server-zone: %s is not allowed: use 1 or 2", quote(p.context["server-zone"]))
	return 0
}

func (p *parser) duration(key string) time.Duration {
	found, _ := time.ParseDuration(p.text(key, aDuration)) // what the shape allows can be parsed
	return found
}

// zones are two different ones of a region, or none.
func (p *parser) zones(key, region string) []string {
	of := pattern("two availability zones of "+region+" such as "+region+"a,"+region+"c", "^"+region+"[a-z],"+region+"[a-z]$")
	both := strings.Split(p.optional(key, of), ",")
	if len(both) != 2 {
		return nil
	}
	if both[0] == both[1] {
		p.mistake("%s: %q is one zone twice: use %s", key, p.context[key], of.words)
	}
	return both
}

func (p *parser) artifact() Artifact {
	uri := p.optional("artifact", anArtifact)
	bucket, key, _ := strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	return Artifact{Bucket: bucket, Key: key}
}

// optional is text that may be absent or empty.
func (p *parser) optional(key string, s shape) string {
	if value := p.context[key]; value == nil || value == "" {
		return ""
	}
	return p.text(key, s)
}

func (p *parser) text(key string, s shape) string {
	value, isText := p.context[key].(string)
	if isText && s.allows(value) {
		return value
	}
	p.mistake("%s: %s is not allowed: use %s", key, quote(p.context[key]), s.words)
	return ""
}

// quote shows a value together with its type where that is what is wrong: "true" and true look different.
func quote(value any) string {
	switch value.(type) {
	case nil:
		return "nothing"
	case string:
		return fmt.Sprintf("%q", value)
	}
	return fmt.Sprintf("the JSON value %v", value)
}
