package test

import (
	"slices"
	"strings"

	"unishop-pilot-light/internal/config"
)

var orderPromises = map[string]promise{
	"a refused role change leaves everything as it is: the role depends on the cluster, its instance and the teardown": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				_, role := t.one("Custom::RegionRole")
				for _, kind := range []string{"AWS::RDS::DBCluster", "AWS::RDS::DBInstance", "Custom::Teardown"} {
					id, _ := t.one(kind)
					c.unless(slices.Contains(role.dependsOn(), id), "%s: the role does not depend on %s", where, id)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"no dependencies": func(s system) {
				_, role := s[planned][config.Secondary].one("Custom::RegionRole")
				delete(role, "DependsOn")
			},
		},
	},
	"a refused deletion deletes nothing: CloudFormation at once deletes what nothing depends on, so the role depends on everything": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, _ config.Side, t template) {
				role, _ := t.one("Custom::RegionRole")
				standing := needs(t, role)
				for _, id := range keys(t.section("Resources")) {
					if standing[id] || id == role || needs(t, id)[role] {
						continue
					}
					c.unless(mayGoFirst(t, id, m), "%s: %s would be deleted before the role has agreed: "+
						"name it in RegionRoleProps.After (or in Ready of its construct), or allow it in mayGoFirst", where, id)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a way out that goes first": func(s system) {
				_, role := s[atHome][config.Secondary].one("Custom::RegionRole")
				role["DependsOn"] = slices.DeleteFunc(list(role["DependsOn"]), func(id any) bool {
					return id == idOf("Network/Vpc/PublicSubnet1/DefaultRoute")
				})
			},
			"an image that goes first": func(s system) {
				_, role := s[planned][config.Primary].one("Custom::RegionRole")
				role["DependsOn"] = slices.DeleteFunc(list(role["DependsOn"]), func(id any) bool { return id == idOf("Image/Image") })
			},
			"something new": func(s system) {
				s[failover][config.Primary].section("Resources")["New"] = map[string]any{"Type": "AWS::SNS::Topic"}
			},
		},
	},
	"an instance with a public address depends on its way out: CloudFormation asks for it": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for id, r := range t.of("AWS::EC2::Instance", "AWS::ImageBuilder::InfrastructureConfiguration") {
					gateway, _ := t.one("AWS::EC2::VPCGatewayAttachment")
					c.unless(needs(t, id)[gateway], "%s: %s does not depend on the gateway", where, id)
					for associationID, association := range t.of("AWS::EC2::SubnetRouteTableAssociation") {
						own := named(association.props()["SubnetId"]) == named(r.props()["SubnetId"])
						c.unless(!own || needs(t, id)[associationID], "%s: %s does not depend on its route", where, id)
					}
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a server without": func(s system) {
				_, server := s[failover][config.Secondary].one("AWS::EC2::Instance")
				server["DependsOn"] = idOf("Teardown/Resource")
			},
			"a build instance without": func(s system) {
				_, builds := s[planned][config.Primary].one("AWS::ImageBuilder::InfrastructureConfiguration")
				delete(builds, "DependsOn")
			},
		},
	},
	"launch and promotion start side by side in a failover; in a switchover the database waits for the instance": {
		check: func(s system) (c complaints) {
			s.each(func(where string, m mode, _ config.Side, t template) {
				roleID, role := t.one("Custom::RegionRole")
				for id, instance := range t.of("AWS::EC2::Instance") {
					waits := slices.Contains(role.dependsOn(), id)
					c.unless(waits == !unplanned(m), "%s: the role waits for the instance: %v", where, waits)
					c.unless(!slices.Contains(instance.dependsOn(), roleID), "%s: the instance waits for the role", where)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a failover that waits": func(s system) {
				id, _ := s[failover][config.Secondary].one("AWS::EC2::Instance")
				_, role := s[failover][config.Secondary].one("Custom::RegionRole")
				role["DependsOn"] = append(list(role["DependsOn"]), id)
			},
			"a failover to the primary that waits": func(s system) {
				id, _ := s[mirrored][config.Primary].one("AWS::EC2::Instance")
				_, role := s[mirrored][config.Primary].one("Custom::RegionRole")
				role["DependsOn"] = append(list(role["DependsOn"]), id)
			},
			"an instance that waits": func(s system) {
				id, _ := s[failover][config.Secondary].one("Custom::RegionRole")
				_, instance := s[failover][config.Secondary].one("AWS::EC2::Instance")
				instance["DependsOn"] = id
			},
			"a switchover that does not wait": func(s system) {
				_, role := s[atHome][config.Primary].one("Custom::RegionRole")
				role["DependsOn"] = role["DependsOn"].([]any)[:1]
			},
		},
	},
	"on deletion the instance goes first, then the site is emptied, then the bucket goes": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				teardownID, teardown := t.one("Custom::Teardown")
				bucket, _ := t.one("AWS::S3::Bucket")
				c.unless(slices.Contains(teardown.dependsOn(), bucket), "%s: the teardown does not depend on the bucket", where)
				for _, instance := range t.of("AWS::EC2::Instance") {
					c.unless(slices.Contains(instance.dependsOn(), teardownID), "%s: the instance does not depend on the teardown", where)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"an instance that publishes into the emptied bucket": func(s system) {
				_, instance := s[atHome][config.Primary].one("AWS::EC2::Instance")
				delete(instance, "DependsOn")
			},
			"a bucket that goes first": func(s system) {
				_, teardown := s[atHome][config.Primary].one("Custom::Teardown")
				delete(teardown, "DependsOn")
			},
		},
	},
	"an image reaches the pilot light only after it has served in the primary": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, side config.Side, t template) {
				if side != config.Primary {
					c.unless(len(t.of("Custom::PublishedImage")) == 0, "%s: publishes an image", where)
					return
				}
				_, published := t.one("Custom::PublishedImage")
				for id := range t.of("Custom::RegionRole", "AWS::EC2::Instance") {
					c.unless(slices.Contains(published.dependsOn(), id), "%s: does not wait for %s", where, id)
				}
				for _, distribution := range t.of("AWS::ImageBuilder::DistributionConfiguration") {
					for _, d := range list(distribution.props()["Distributions"]) {
						c.unless(at(d, "SsmParameterConfigurations") == nil, "%s: the distribution writes the parameter", where)
					}
				}
			})
			return c
		},
		ways: map[string]func(system){
			"published too early": func(s system) {
				_, published := s[atHome][config.Primary].one("Custom::PublishedImage")
				delete(published, "DependsOn")
			},
			"written by the distribution": func(s system) {
				_, distribution := s[atHome][config.Primary].one("AWS::ImageBuilder::DistributionConfiguration")
				list(distribution.props()["Distributions"])[1].(map[string]any)["SsmParameterConfigurations"] = []any{map[string]any{}}
			},
		},
	},
	"CloudFormation waits for the shop to answer": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				c.all(where, t.of("AWS::EC2::Instance"), "PT10M", "CreationPolicy", "ResourceSignal", "Timeout")
				for id, instance := range t.of("AWS::EC2::Instance") {
					c.unless(containsText(instance.props()["UserData"], "'"+id+"' --unique-id"), "%s: signals for another resource", where)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"no creation policy": func(s system) {
				_, instance := s[atHome][config.Primary].one("AWS::EC2::Instance")
				delete(instance, "CreationPolicy")
			},
			"a signal for a renamed instance": func(s system) {
				resources := s[planned][config.Secondary].section("Resources")
				id, instance := s[planned][config.Secondary].one("AWS::EC2::Instance")
				delete(resources, id)
				resources["Renamed"] = map[string]any(instance)
			},
		},
	},
}

// mayGoFirst lists what is deleted without asking the role's function: the instance of a failover, since launch and
// promotion start side by side, and what makes the published image, which comes after the role and refuses by itself.
func mayGoFirst(t template, id string, m mode) bool {
	if at(t.section("Resources"), id, "Type") == "AWS::EC2::Instance" {
		return unplanned(m)
	}
	return strings.HasPrefix(id, "PublishedImage")
}

// needs lists everything that a resource depends on: by DependsOn, by a reference, and through others.
func needs(t template, id string) map[string]bool {
	found := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		r := resource(t.section("Resources")[id].(map[string]any))
		next := r.dependsOn()
		walk(r["Properties"], "", func(_ string, value any) { next = append(next, named(value)) })
		for _, n := range next {
			if t.section("Resources")[n] != nil && !found[n] {
				found[n] = true
				visit(n)
			}
		}
	}
	visit(id)
	return found
}
