package test

import (
	"net/netip"

	"unishop-pilot-light/internal/config"
)

var networkPromises = map[string]promise{
	"no two networks overlap: neither the regions' nor the subnets within one": {
		check: func(s system) (c complaints) {
			for _, m := range modes {
				primary, secondary := vpcRange(s[m][config.Primary]), vpcRange(s[m][config.Secondary])
				c.unless(!primary.Overlaps(secondary), "failover=%s: %s and %s", m, primary, secondary)
			}
			s.each(func(where string, _ mode, _ config.Side, t template) {
				subnets := t.of("AWS::EC2::Subnet")
				c.unless(len(subnets) == 4, "%s: %d subnets", where, len(subnets))
				for a, subnet := range subnets {
					within := rangeOf(subnet)
					c.unless(vpcRange(t).Contains(within.Addr()) && within.Bits() > vpcRange(t).Bits(), "%s: %s is outside", where, a)
					for b, other := range subnets {
						c.unless(a == b || !within.Overlaps(rangeOf(other)), "%s: %s and %s", where, a, b)
					}
				}
			})
			return c
		},
		ways: map[string]func(system){
			"two regions with one range": func(s system) {
				_, vpc := s[atHome][config.Secondary].one("AWS::EC2::VPC")
				vpc.props()["CidrBlock"] = "10.0.0.0/16"
			},
			"two subnets with one range": func(s system) {
				for _, subnet := range s[atHome][config.Primary].of("AWS::EC2::Subnet") {
					subnet.props()["CidrBlock"] = "10.0.0.0/18"
				}
			},
			"a subnet elsewhere": func(s system) {
				s[planned][config.Primary].of("AWS::EC2::Subnet")[idOf("Network/Vpc/PublicSubnet1/Subnet")].props()["CidrBlock"] = "10.9.0.0/18"
			},
		},
	},
	"the database stands in subnets with no way out and no way in, in two zones": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				_, group := t.one("AWS::RDS::DBSubnetGroup")
				zones := map[string]bool{}
				for _, ref := range list(group.props()["SubnetIds"]) {
					subnet := t.of("AWS::EC2::Subnet")[named(ref)]
					zones[text(subnet.props()["AvailabilityZone"])] = true
					c.unless(subnet.props()["MapPublicIpOnLaunch"] == false, "%s: %s gives public addresses", where, named(ref))
					c.unless(!hasRoute(t, named(ref)), "%s: %s has a route", where, named(ref))
				}
				c.unless(len(zones) == 2, "%s: %d zones", where, len(zones))
			})
			return c
		},
		ways: map[string]func(system){
			"a route out": func(s system) {
				s[atHome][config.Primary].section("Resources")["Out"] = map[string]any{"Type": "AWS::EC2::Route", "Properties": map[string]any{
					"RouteTableId": map[string]any{"Ref": idOf("Network/Vpc/DatabaseSubnet1/RouteTable")}}}
			},
			"the public subnets": func(s system) {
				_, group := s[planned][config.Secondary].one("AWS::RDS::DBSubnetGroup")
				group.props()["SubnetIds"] = []any{map[string]any{"Ref": idOf("Network/Vpc/PublicSubnet1/Subnet")}, map[string]any{"Ref": idOf("Network/Vpc/PublicSubnet2/Subnet")}}
			},
			"one zone": func(s system) {
				subnets := s[planned][config.Secondary].of("AWS::EC2::Subnet")
				subnets[idOf("Network/Vpc/DatabaseSubnet1/Subnet")].props()["AvailabilityZone"] =
					subnets[idOf("Network/Vpc/DatabaseSubnet2/Subnet")].props()["AvailabilityZone"]
			},
		},
	},
	"servers stand in subnets with a public address and a route out, without NAT": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for id, r := range t.of("AWS::EC2::Instance", "AWS::ImageBuilder::InfrastructureConfiguration") {
					subnet := t.of("AWS::EC2::Subnet")[named(r.props()["SubnetId"])]
					c.unless(subnet.props()["MapPublicIpOnLaunch"] == true, "%s: %s gets no public address", where, id)
					c.unless(hasRoute(t, named(r.props()["SubnetId"])), "%s: %s has no route", where, id)
				}
				none := t.of("AWS::EC2::NatGateway", "AWS::EC2::EIP")
				c.unless(len(none) == 0, "%s: %v", where, keys(none))
			})
			return c
		},
		ways: map[string]func(system){
			"a build instance that reaches nothing": func(s system) {
				s[atHome][config.Primary].of("AWS::EC2::Subnet")[idOf("Network/Vpc/PublicSubnet1/Subnet")].props()["MapPublicIpOnLaunch"] = false
			},
			"a server without a route": func(s system) {
				_, server := s[failover][config.Secondary].one("AWS::EC2::Instance")
				server.props()["SubnetId"] = map[string]any{"Ref": idOf("Network/Vpc/DatabaseSubnet1/Subnet")}
			},
			"a NAT gateway": func(s system) {
				s[atHome][config.Secondary].section("Resources")["Nat"] = map[string]any{"Type": "AWS::EC2::NatGateway"}
			},
		},
	},
	"zones come from the region when it is deployed, and S3 is reached by an endpoint in every subnet": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for id, subnet := range t.of("AWS::EC2::Subnet", "AWS::EC2::Instance") {
					c.unless(at(subnet.props(), "AvailabilityZone", "Fn::Select", 1, "Fn::GetAZs") == "", "%s: zone of %s", where, id)
				}
				_, endpoint := t.one("AWS::EC2::VPCEndpoint")
				c.unless(len(list(endpoint.props()["RouteTableIds"])) == len(t.of("AWS::EC2::RouteTable")), "%s: the endpoint misses a subnet", where)
			})
			return c
		},
		ways: map[string]func(system){
			"a zone looked up": func(s system) {
				s[atHome][config.Primary].of("AWS::EC2::Subnet")[idOf("Network/Vpc/PublicSubnet1/Subnet")].props()["AvailabilityZone"] = "us-east-1a"
			},
			"a subnet without the endpoint": func(s system) {
				_, endpoint := s[atHome][config.Secondary].one("AWS::EC2::VPCEndpoint")
				endpoint.props()["RouteTableIds"] = list(endpoint.props()["RouteTableIds"])[1:]
			},
		},
	},
}

func vpcRange(t template) netip.Prefix {
	_, vpc := t.one("AWS::EC2::VPC")
	return rangeOf(vpc)
}

func rangeOf(r resource) netip.Prefix { return netip.MustParsePrefix(r.props()["CidrBlock"].(string)) }

// hasRoute says whether a subnet's table has a route of ours; the local one is always there.
func hasRoute(t template, subnet string) bool {
	for _, association := range t.of("AWS::EC2::SubnetRouteTableAssociation") {
		for _, route := range t.of("AWS::EC2::Route") {
			if named(association.props()["SubnetId"]) == subnet && named(association.props()["RouteTableId"]) == named(route.props()["RouteTableId"]) {
				return true
			}
		}
	}
	return false
}
