package test

import (
	"strings"

	"unishop-pilot-light/internal/activation"
	"unishop-pilot-light/internal/config"
)

var activationPromises = map[string]promise{
	"activation changes the instance, the region's role, the image parameter and outputs, and nothing else": {
		check: onlyActivationDiffers,
		ways: map[string]func(system){
			"a role of IAM's": func(s system) {
				s[failover][config.Secondary].section("Resources")["More"] = map[string]any{"Type": "AWS::IAM::Role"}
			},
			"a property of the cluster": func(s system) {
				_, cluster := s[planned][config.Secondary].one("AWS::RDS::DBCluster")
				delete(cluster.props(), "GlobalClusterIdentifier")
			},
			"a function's environment": func(s system) {
				for _, f := range s[failover][config.Secondary].of("AWS::Lambda::Function") {
					f.props()["Environment"] = map[string]any{"ROLE": "active"}
				}
			},
			"a bucket that only the active primary has": func(s system) {
				s[mirrored][config.Primary].section("Resources")["More"] = map[string]any{"Type": "AWS::S3::Bucket"}
			},
			"another reconcile of the published image": func(s system) {
				_, published := s[mirrored][config.Primary].one("Custom::PublishedImage")
				published.props()["Reconcile"] = "1"
			},
			"the property of the published image": func(s system) {
				_, published := s[failover][config.Primary].one("Custom::PublishedImage")
				published.props()["Image"] = "arn"
			},
			"another parameter": func(s system) {
				s[failover][config.Secondary].section("Parameters")["More"] = map[string]any{"Type": "String"}
			},
			"a dependency of the bucket": func(s system) {
				_, bucket := s[failover][config.Primary].one("AWS::S3::Bucket")
				bucket["DependsOn"] = "Teardown"
			},
			"a condition": func(s system) {
				s[failover][config.Secondary]["Conditions"] = map[string]any{"Never": map[string]any{"Fn::Equals": []any{"a", "b"}}}
			},
		},
	},
	"one instance runs in the active region, none in the pilot light": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, side config.Side, t template) {
				want := 0
				if active(m, side) {
					want = 1
				}
				c.unless(len(t.of("AWS::EC2::Instance")) == want, "%s: %d instances", where, len(t.of("AWS::EC2::Instance")))
			})
			return c
		},
		ways: map[string]func(system){
			"an active region without an instance": func(s system) {
				id, _ := s[failover][config.Secondary].one("AWS::EC2::Instance")
				delete(s[failover][config.Secondary].section("Resources"), id)
			},
			"a pilot light with an instance": func(s system) {
				id, instance := s[atHome][config.Primary].one("AWS::EC2::Instance")
				s[atHome][config.Secondary].section("Resources")[id] = map[string]any(instance)
			},
		},
	},
	"the declared role and the Role output agree with the flag, and only failover=true and failover=primary may lose data": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, side config.Side, t template) {
				role, way := "pilot-light", "switchover"
				if active(m, side) {
					role = "active"
				}
				attempt := config.Planned
				if active(m, side) && unplanned(m) {
					way, attempt = "failover", config.Unstamped
				}
				_, declared := t.one("Custom::RegionRole")
				c.unless(declared.props()["Attempt"] == attempt, "%s: attempt %v", where, declared.props()["Attempt"])
				c.unless(declared.props()["Role"] == role, "%s: role %v", where, declared.props()["Role"])
				c.unless(declared.props()["Way"] == way, "%s: way %v", where, declared.props()["Way"])
				c.unless(at(t.section("Outputs"), "Role", "Value") == role, "%s: output Role", where)
			})
			return c
		},
		ways: map[string]func(system){
			"a switchover that loses data": func(s system) {
				_, declared := s[planned][config.Secondary].one("Custom::RegionRole")
				declared.props()["Way"] = "failover"
			},
			"a failover without an attempt": func(s system) {
				_, declared := s[mirrored][config.Primary].one("Custom::RegionRole")
				delete(declared.props(), "Attempt")
			},
			"a planned way with one": func(s system) {
				_, declared := s[mirrored][config.Secondary].one("Custom::RegionRole")
				declared.props()["Attempt"] = config.Unstamped
			},
			"two active regions": func(s system) {
				_, declared := s[planned][config.Primary].one("Custom::RegionRole")
				declared.props()["Role"] = "active"
			},
			"an output that lies": func(s system) {
				s[atHome][config.Secondary].section("Outputs")["Role"] = map[string]any{"Value": "active"}
			},
		},
	},
	"the secondary boots the published image, which CloudFormation looks up before it touches anything": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, side config.Side, t template) {
				wanted := side == config.Secondary && active(m, side)
				c.unless((t.section("Parameters")["Image"] != nil) == wanted, "%s: parameters %v", where, keys(t.section("Parameters")))
				for _, instance := range t.of("AWS::EC2::Instance") {
					if wanted {
						c.unless(at(t.section("Parameters"), "Image", "Type") == "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "%s: type", where)
						c.unless(at(t.section("Parameters"), "Image", "Default") == "/unishop/image", "%s: default", where)
						c.unless(at(instance.props(), "ImageId", "Ref") == "Image", "%s: image %s", where, text(instance.props()["ImageId"]))
					} else {
						c.unless(at(instance.props(), "ImageId", "Fn::GetAtt", 1) == "ImageId", "%s: image %s", where, text(instance.props()["ImageId"]))
					}
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a parameter in the pilot light": func(s system) {
				s[atHome][config.Secondary].section("Parameters")["Image"] = s[planned][config.Secondary].section("Parameters")["Image"]
			},
			"a fixed image": func(s system) {
				_, instance := s[planned][config.Secondary].one("AWS::EC2::Instance")
				instance.props()["ImageId"] = "ami-1"
			},
			"a plain parameter": func(s system) {
				s[failover][config.Secondary].section("Parameters")["Image"].(map[string]any)["Type"] = "String"
			},
		},
	},
	"no stack refers to the other one": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				walk(map[string]any(t), "", func(path string, _ any) {
					for _, word := range []string{"Fn::ImportValue", "Fn::GetStackOutput", "Export"} {
						c.unless(!strings.HasSuffix(path, "/"+word), "%s: %s", where, path)
					}
				})
				for id := range t.section("Resources") {
					c.unless(!strings.Contains(id, "CrossRegion"), "%s: %s", where, id)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"an import": func(s system) {
				_, cluster := s[atHome][config.Secondary].one("AWS::RDS::DBCluster")
				cluster.props()["GlobalClusterIdentifier"] = map[string]any{"Fn::ImportValue": "global"}
			},
			"a weak reference": func(s system) {
				_, cluster := s[atHome][config.Secondary].one("AWS::RDS::DBCluster")
				cluster.props()["SourceRegion"] = map[string]any{"Fn::GetStackOutput": map[string]any{"StackName": "unishop-primary"}}
			},
			"an export": func(s system) {
				s[atHome][config.Primary].section("Outputs")["Role"].(map[string]any)["Export"] = map[string]any{"Name": "role"}
			},
		},
	},
}

// onlyActivationDiffers compares each side's active templates with its pilot-light templates, and what an unplanned
// failover deploys with what a planned way has deployed.
func onlyActivationDiffers(s system) (c complaints) {
	for _, side := range sides {
		for _, activated := range modes {
			for _, standby := range modes {
				if active(activated, side) && !active(standby, side) {
					compare(&c, string(side)+", failover="+string(activated), s[standby][side], s[activated][side])
				}
				for _, what := range activation.Differences(map[string]any(s[standby][side]), map[string]any(s[activated][side])) {
					c.add("%s, from failover=%s to %s: %s differs", side, standby, activated, what)
				}
			}
		}
	}
	return c
}

// compare holds the product's own list of what a role change may change against what does.
func compare(c *complaints, where string, standby, activated template) {
	for _, what := range activation.Differences(map[string]any(standby), map[string]any(activated)) {
		c.add("%s: %s differs", where, what)
	}
	c.unless(standby.section("Parameters")["Image"] == nil, "%s: parameters of the pilot light: %v", where, keys(standby.section("Parameters")))
	c.unless(len(standby.of(activation.Whole)) == 0, "%s: an instance in the pilot light", where)
	_, before := standby.one("Custom::RegionRole")
	_, after := activated.one("Custom::RegionRole")
	c.unless(text(keys(before.props())) == text(keys(after.props())), "%s: other properties of the role", where)
	for id, published := range standby.of("Custom::PublishedImage") {
		active := resource(activated.section("Resources")[id].(map[string]any))
		c.unless(text(published.props()) == text(active.props()), "%s: %s is called", where, id)
	}
}
