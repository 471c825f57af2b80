package test

import (
	"unishop-pilot-light/internal/config"
)

var securityPromises = map[string]promise{
	"the database is reached on port 3306 by the server alone": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				_, cluster := t.one("AWS::RDS::DBCluster")
				groups := list(cluster.props()["VpcSecurityGroupIds"])
				c.unless(len(groups) == 1, "%s: %d security groups", where, len(groups))
				rules := ingress(t, named(groups[0]))
				c.unless(len(rules) == 1, "%s: %d rules", where, len(rules))
				for _, rule := range rules {
					c.unless(rule["FromPort"] == 3306.0 && rule["ToPort"] == 3306.0 && rule["IpProtocol"] == "tcp", "%s: rule %s", where, text(rule))
					c.unless(named(rule["SourceSecurityGroupId"]) == serverGroup, "%s: from %s", where, text(rule["SourceSecurityGroupId"]))
				}
			})
			return c
		},
		ways: map[string]func(system){
			"another port": func(s system) {
				_, rule := s[atHome][config.Primary].one("AWS::EC2::SecurityGroupIngress")
				rule.props()["ToPort"] = 3307
			},
			"a second rule": func(s system) {
				s[atHome][config.Secondary].of("AWS::EC2::SecurityGroup")[idOf("Database/SecurityGroup/Resource")].props()["SecurityGroupIngress"] =
					[]any{map[string]any{"CidrIp": "10.0.0.0/8", "IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306}}
			},
			"another source": func(s system) {
				_, rule := s[planned][config.Primary].one("AWS::EC2::SecurityGroupIngress")
				rule.props()["SourceSecurityGroupId"] = map[string]any{"Fn::GetAtt": []any{idOf("Image/BuildSecurityGroup/Resource"), "GroupId"}}
			},
			"the server's own group": func(s system) {
				first(s).props()["VpcSecurityGroupIds"] = []any{map[string]any{"Fn::GetAtt": []any{serverGroup, "GroupId"}}}
			},
		},
	},
	"nothing is public but port 80 of the server": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for id := range t.of("AWS::EC2::SecurityGroup") {
					for _, rule := range ingress(t, id) {
						web := rule["CidrIp"] == "0.0.0.0/0" && rule["IpProtocol"] == "tcp" && rule["FromPort"] == 80.0 && rule["ToPort"] == 80.0
						internal := rule["SourceSecurityGroupId"] != nil
						c.unless(internal || web && id == serverGroup, "%s: %s lets in %s", where, id, text(rule))
					}
				}
				for id, server := range t.of("AWS::EC2::Instance") {
					groups := text(list(server.props()["SecurityGroupIds"]))
					c.unless(groups == `[{"Fn::GetAtt":["`+serverGroup+`","GroupId"]}]`, "%s: groups of %s: %s", where, id, groups)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"SSH": func(s system) {
				openServer(s, map[string]any{"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22})
			},
			"everything by IPv6": func(s system) {
				openServer(s, map[string]any{"CidrIpv6": "::/0", "IpProtocol": "-1"})
			},
			"a port more": func(s system) {
				openServer(s, map[string]any{"CidrIp": "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 81})
			},
			"a build instance that is reached": func(s system) {
				s[atHome][config.Primary].section("Resources")["More"] = map[string]any{"Type": "AWS::EC2::SecurityGroupIngress", "Properties": map[string]any{
					"GroupId": map[string]any{"Fn::GetAtt": []any{idOf("Image/BuildSecurityGroup/Resource"), "GroupId"}},
					"CidrIp":  "0.0.0.0/0", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}}
			},
			"a group of the VPC's": func(s system) {
				_, server := s[failover][config.Secondary].one("AWS::EC2::Instance")
				delete(server.props(), "SecurityGroupIds")
			},
		},
	},
	"instance metadata is answered only with a token, and no launch template is involved": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				servers, builds := t.of("AWS::EC2::Instance"), t.of("AWS::ImageBuilder::InfrastructureConfiguration")
				c.all(where, servers, "required", "Properties", "MetadataOptions", "HttpTokens")
				c.all(where, builds, "required", "Properties", "InstanceMetadataOptions", "HttpTokens")
				c.all(where, servers, nil, "Properties", "LaunchTemplate")
				c.unless(len(t.of("AWS::EC2::LaunchTemplate")) == 0, "%s: a launch template", where)
			})
			return c
		},
		ways: map[string]func(system){
			"a server of old": func(s system) {
				_, server := s[atHome][config.Primary].one("AWS::EC2::Instance")
				server.props()["MetadataOptions"] = map[string]any{"HttpTokens": "optional"}
			},
			"a build instance of old": func(s system) {
				_, builds := s[atHome][config.Primary].one("AWS::ImageBuilder::InfrastructureConfiguration")
				delete(builds.props(), "InstanceMetadataOptions")
			},
			"a launch template": func(s system) {
				s[failover][config.Secondary].section("Resources")["Template"] = map[string]any{"Type": "AWS::EC2::LaunchTemplate"}
			},
		},
	},
	"the server's volume is encrypted, and there is no SSH key to it": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				servers := t.of("AWS::EC2::Instance")
				c.all(where, servers, "/dev/xvda", "Properties", "BlockDeviceMappings", 0, "DeviceName")
				c.all(where, servers, true, "Properties", "BlockDeviceMappings", 0, "Ebs", "Encrypted")
				c.all(where, servers, nil, "Properties", "BlockDeviceMappings", 1)
				c.all(where, servers, nil, "Properties", "KeyName")
			})
			return c
		},
		ways: map[string]func(system){
			"the image's own volume": func(s system) {
				_, server := s[atHome][config.Primary].one("AWS::EC2::Instance")
				delete(server.props(), "BlockDeviceMappings")
			},
			"a plain volume": func(s system) {
				_, server := s[failover][config.Secondary].one("AWS::EC2::Instance")
				at(server.props(), "BlockDeviceMappings", 0, "Ebs").(map[string]any)["Encrypted"] = false
			},
			"an SSH key": func(s system) {
				_, server := s[planned][config.Secondary].one("AWS::EC2::Instance")
				server.props()["KeyName"] = "admin"
			},
		},
	},
	"the site is public by its bucket policy alone, which lets everyone read objects and do nothing else": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				id, bucket := t.one("AWS::S3::Bucket")
				blocked := text(bucket.props()["PublicAccessBlockConfiguration"])
				c.unless(blocked == `{"BlockPublicAcls":true,"BlockPublicPolicy":false,"IgnorePublicAcls":true,"RestrictPublicBuckets":false}`, "%s: %s", where, blocked)
				owner := at(bucket.props(), "OwnershipControls", "Rules", 0, "ObjectOwnership")
				c.unless(owner == "BucketOwnerEnforced", "%s: objects are owned by %v", where, owner)
				c.unless(bucket.props()["AccessControl"] == nil, "%s: an ACL", where)
				_, policy := t.one("AWS::S3::BucketPolicy")
				statements := list(at(policy.props(), "PolicyDocument", "Statement"))
				c.unless(len(statements) == 1, "%s: %d statements", where, len(statements))
				c.unless(at(statements[0], "Action") == "s3:GetObject", "%s: everyone may %v", where, at(statements[0], "Action"))
				c.unless(render(at(statements[0], "Resource")) == "${"+id+".Arn}/*", "%s: on %s", where, text(at(statements[0], "Resource")))
			})
			return c
		},
		ways: map[string]func(system){
			"an ACL": func(s system) {
				_, bucket := s[atHome][config.Primary].one("AWS::S3::Bucket")
				bucket.props()["AccessControl"] = "PublicRead"
			},
			"ACLs allowed": func(s system) {
				_, bucket := s[atHome][config.Secondary].one("AWS::S3::Bucket")
				at(bucket.props(), "PublicAccessBlockConfiguration").(map[string]any)["BlockPublicAcls"] = false
			},
			"a site that no one can read": func(s system) {
				_, bucket := s[planned][config.Secondary].one("AWS::S3::Bucket")
				at(bucket.props(), "PublicAccessBlockConfiguration").(map[string]any)["RestrictPublicBuckets"] = true
			},
			"everyone may write": func(s system) {
				_, policy := s[failover][config.Secondary].one("AWS::S3::BucketPolicy")
				at(policy.props(), "PolicyDocument", "Statement", 0).(map[string]any)["Action"] = []any{"s3:GetObject", "s3:PutObject"}
			},
		},
	},
}

// serverGroup is the logical id of the server's security group, in both stacks.
var serverGroup = idOf("Server/SecurityGroup/Resource")

// openServer lets something more into the server.
func openServer(s system, rule map[string]any) {
	props := s[atHome][config.Primary].of("AWS::EC2::SecurityGroup")[serverGroup].props()
	props["SecurityGroupIngress"] = append(list(props["SecurityGroupIngress"]), rule)
}

// ingress lists what a security group lets in, wherever the rule is written.
func ingress(t template, group string) (rules []map[string]any) {
	for _, rule := range list(t.of("AWS::EC2::SecurityGroup")[group].props()["SecurityGroupIngress"]) {
		rules = append(rules, rule.(map[string]any))
	}
	for _, id := range keys(t.of("AWS::EC2::SecurityGroupIngress")) {
		if props := t.of("AWS::EC2::SecurityGroupIngress")[id].props(); named(props["GroupId"]) == group {
			rules = append(rules, props)
		}
	}
	return rules
}
