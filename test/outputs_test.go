package test

import (
	"slices"

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
	"each stack says when its image was baked: the primary as its function found it, the secondary as the primary has published it": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, side config.Side, t template) {
				baked := at(t.section("Outputs"), "ImageBaked", "Value")
				switch {
				case side == config.Primary:
					published, _ := t.one("Custom::PublishedImage")
					c.unless(render(baked) == "${"+published+".Baked}", "%s: %s", where, text(baked))
				case unplanned(m):
					c.unless(baked == nil && t.section("Parameters")["Baked"] == nil, "%s: a failover needs another parameter", where)
				default:
					c.unless(named(baked) == "Baked", "%s: %s", where, text(baked))
					c.unless(at(t.section("Parameters"), "Baked", "Type") == "AWS::SSM::Parameter::Value<String>", "%s: type", where)
					c.unless(at(t.section("Parameters"), "Baked", "Default") == "/unishop/image/baked", "%s: default", where)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a failover that ends when the parameter is missing": func(s system) {
				s[failover][config.Secondary].section("Parameters")["Baked"] = s[planned][config.Secondary].section("Parameters")["Baked"]
			},
			"a word": func(s system) {
				s[atHome][config.Primary].section("Outputs")["ImageBaked"] = map[string]any{"Value": "today"}
			},
			"another parameter": func(s system) {
				s[planned][config.Secondary].section("Parameters")["Baked"].(map[string]any)["Default"] = "/unishop/image"
			},
		},
	},
	"each stack says where its site and database are, which role it plays and how it came to it; its instance only while active": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, side config.Side, t template) {
				want := []string{"DatabaseEndpoint", "LastRoleChange", "Release", "Role", "WebsiteURL"}
				if active(m, side) {
					want = append(want, "InstanceId")
				}
				if side == config.Primary || !unplanned(m) {
					want = append(want, "ImageBaked")
				}
				slices.Sort(want)
				got := keys(t.section("Outputs"))
				c.unless(slices.Equal(got, want), "%s: %v", where, got)
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
