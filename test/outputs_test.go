package test

import (
	"strings"

	"unishop-pilot-light/internal/config"
)

var outputPromises = map[string]promise{
	"Release is equal in all modes and both regions": {
		check: func(s system) (c complaints) {
			release := s[atHome][config.Primary].release()
			c.unless(len(release) == 12, "release %q", release)
			s.each(func(where string, _ mode, _ config.Side, t template) {
				c.unless(t.release() == release, "%s: %s, where %s is expected", where, t.release(), release)
			})
			return c
		},
		ways: map[string]func(system){
			"one that knows the mode": func(s system) {
				s[mirrored][config.Primary].section("Outputs")["Release"] = map[string]any{"Value": "0123456789ab"}
			},
		},
	},
	"each stack says where its site and database are, which role it plays and how it came to it; its instance only while active": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, side config.Side, t template) {
				want := "DatabaseEndpoint, LastRoleChange, Release, Role, WebsiteURL"
				if active(m, side) {
					want = "DatabaseEndpoint, InstanceId, LastRoleChange, Release, Role, WebsiteURL"
				}
				got := strings.Join(keys(t.section("Outputs")), ", ")
				c.unless(got == want, "%s: %s", where, got)
				bucket, _ := t.one("AWS::S3::Bucket")
				role, _ := t.one("Custom::RegionRole")
				c.unless(render(at(t.section("Outputs"), "WebsiteURL", "Value")) == "${"+bucket+".WebsiteURL}", "%s: WebsiteURL", where)
				c.unless(named(at(t.section("Outputs"), "LastRoleChange", "Value")) == role, "%s: LastRoleChange", where)
				for id := range t.of("AWS::EC2::Instance") {
					c.unless(named(at(t.section("Outputs"), "InstanceId", "Value")) == id, "%s: InstanceId", where)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"an instance in the pilot light": func(s system) {
				s[atHome][config.Secondary].section("Outputs")["InstanceId"] = map[string]any{"Value": "i-1"}
			},
			"no instance": func(s system) { delete(s[atHome][config.Primary].section("Outputs"), "InstanceId") },
			"no address":  func(s system) { delete(s[planned][config.Secondary].section("Outputs"), "WebsiteURL") },
			"an address that is built": func(s system) {
				s[planned][config.Secondary].section("Outputs")["WebsiteURL"] = map[string]any{"Value": "http://unishop.s3-website-us-west-1.amazonaws.com"}
			},
			"another resource's word": func(s system) {
				s[planned][config.Secondary].section("Outputs")["LastRoleChange"] = map[string]any{"Value": "none"}
			},
		},
	},
}

// release is the output that distinguishes releases.
func (t template) release() string {
	value, _ := at(t.section("Outputs"), "Release", "Value").(string)
	return value
}
