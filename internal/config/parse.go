package config

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// keys are the context keys of the program. cdk.json holds their defaults.
var keys = []string{
	"artifact", "database-class", "failover", "name", "primary-cidr", "primary-region", "protect", "reconcile",
	"secondary-cidr", "secondary-region", "server-class", "server-zone",
}

// foreign are the keys without a colon that the CDK CLI itself keeps in the context.
var foreign = []string{"cli-telemetry"}

// Parse reads the whole CDK context: the values of cdk.json and those of the command line, which are strings.
// Every mistake is reported at once, as one error each, joined: key, value, what is allowed.
func Parse(context map[string]any) (Config, error) {
	p := parser{context: context}
	p.refuseUnknownKeys()
	c := Config{
		Names:         Names(p.text("name", aName)),
		Artifact:      p.artifact(),
		Reconcile:     p.optional("reconcile", aReconcile),
		Protect:       p.protect(),
		DatabaseClass: p.text("database-class", aDatabaseClass),
		ServerClass:   p.text("server-class", aServerClass),
		ServerZone:    p.serverZone(),
	}
	c.Primary = Region{Side: Primary, Name: p.text("primary-region", aRegion), CIDR: p.text("primary-cidr", aCIDR)}
	c.Secondary = Region{Side: Secondary, Name: p.text("secondary-region", aRegion), CIDR: p.text("secondary-cidr", aCIDR)}
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

// refuseUnknownKeys keeps a misspelt key from passing in silence. Keys with a colon or a leading @ are the CDK's.
func (p *parser) refuseUnknownKeys() {
	for _, key := range slices.Sorted(maps.Keys(p.context)) {
		if strings.HasPrefix(key, "@") || strings.Contains(key, ":") || slices.Contains(foreign, key) || slices.Contains(keys, key) {
			continue
		}
		p.mistake("%s: unknown context key: did you mean %s? (allowed: %s)", key, nearest(key), strings.Join(keys, ", "))
	}
}

func nearest(key string) string {
	return slices.MinFunc(keys, func(a, b string) int {
		return levenshtein.Distance(key, a, nil) - levenshtein.Distance(key, b, nil)
	})
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
		p.mistake("failover: %s is not allowed: use -c failover=true when the primary region is down, "+
			"-c failover=primary when the secondary region is active and down, "+
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
		p.mistake("secondary-cidr: %q overlaps with primary-cidr %q: use a range of its own", secondary.CIDR, primary.CIDR)
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
