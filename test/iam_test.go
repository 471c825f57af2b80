package test

import (
	"fmt"
	"maps"
	"strings"

	"unishop-pilot-light/internal/config"
)

// wildcards are the places where IAM is given a pattern, and why no name can stand there.
var wildcards = map[string]string{
	"cloudwatch:GetMetricStatistics on *": "CloudWatch knows no resources for reading metrics",
	"ec2:DescribeImages on *":             "EC2 knows no resources for describing images",
	"ec2:DeregisterImage on image/*":      "Image Builder chooses the images' ids: the condition names the tag that it gives ours",
	"ec2:DeregisterImage on snapshot/*":   "the same",
	"ec2:DeleteSnapshot on image/*":       "the same",
	"ec2:DeleteSnapshot on snapshot/*":    "the same",
	"kms:* on *":                          "a key's own policy, where * is the key: the account's IAM decides, or the key could never be managed again",

	"s3:GetObject on ${SiteBucket978D4AEB.Arn}/*":           "the objects of the one site bucket: its publisher chooses their names",
	"s3:PutObject on ${SiteBucket978D4AEB.Arn}/*":           "the same",
	"s3:DeleteObject on ${SiteBucket978D4AEB.Arn}/*":        "the same",
	"s3:DeleteObjectVersion on ${SiteBucket978D4AEB.Arn}/*": "the same",

	"secretsmanager:GetSecretValue on secret:unishop/database-??????": "Secrets Manager adds six characters; a replica's ARN is known to no template",
	"secretsmanager:DescribeSecret on secret:unishop/database-??????": "the same",
	"cloudformation:DescribeStacks on stack/unishop-primary/*":        "CloudFormation adds an id to a stack's name",
	"cloudformation:DescribeStacks on stack/unishop-secondary/*":      "the same",
}

// managedPolicies are AWS's own, broader than ours would be, and why we take them.
var managedPolicies = map[string]string{
	"AmazonSSMManagedInstanceCore":      "what the Systems Manager agent needs changes with the agent; it replaces SSH",
	"EC2InstanceProfileForImageBuilder": "what Image Builder asks of a build instance, which lives for minutes and cannot be reached",
}

var iamPromises = map[string]promise{
	"no wildcard stands in IAM where a name could": {
		check: func(s system) (c complaints) {
			unused := maps.Clone(wildcards)
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for _, g := range grants(t) {
					if !strings.ContainsAny(g.action+g.resource, "*?") {
						continue
					}
					c.unless(wildcards[g.String()] != "", "%s: %s", where, g)
					delete(unused, g.String())
				}
			})
			for g := range unused {
				c.add("nothing needs the exception %s", g)
			}
			return c
		},
		ways: map[string]func(system){
			"every action":   func(s system) { statement(s, idOf("RegionRole/Role/Resource"), 0)["Action"] = "rds:*" },
			"every resource": func(s system) { statement(s, idOf("RegionRole/Role/Resource"), 0)["Resource"] = "*" },
			"every cluster": func(s system) {
				statement(s, idOf("RegionRole/Role/Resource"), 0)["Resource"] = []any{"arn:aws:rds:us-east-1:111122223333:cluster:*"}
			},
			"every secret": func(s system) {
				statement(s, idOf("Server/Role/Resource"), 0)["Resource"] = "arn:aws:secretsmanager:us-east-1:111122223333:secret:*"
			},
			"every bucket": func(s system) { statement(s, idOf("Teardown/Role/Resource"), 1)["Resource"] = "arn:aws:s3:::*/*" },
			"all but": func(s system) {
				delete(statement(s, idOf("Server/Role/Resource"), 0), "Action")
				statement(s, idOf("Server/Role/Resource"), 0)["NotAction"] = "iam:*"
			},
			"an exception that nothing needs": func(s system) {
				s.each(func(_ string, _ mode, _ config.Side, t template) {
					at(t.section("Resources"), idOf("RegionRole/Role/Resource"), "Properties").(map[string]any)["Policies"] = []any{}
				})
			},
		},
	},
	"the images' function deletes images and snapshots of this system alone, by the tag that Image Builder gives them": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, side config.Side, t template) {
				found := 0
				for _, role := range t.of("AWS::IAM::Role") {
					for _, statement := range list(at(role.props(), "Policies", 0, "PolicyDocument", "Statement")) {
						if strings.Contains(text(at(statement, "Action")), "ec2:De") && !strings.Contains(text(at(statement, "Action")), "Describe") {
							found++
							c.unless(at(statement, "Condition", "StringLike", "aws:ResourceTag/Ec2ImageBuilderArn") == "*:image/unishop/*", "%s: %s", where, text(statement))
						}
					}
				}
				c.unless((found == 1) == (side == config.Primary), "%s: %d statements", where, found)
			})
			return c
		},
		ways: map[string]func(system){
			"every image": func(s system) { delete(statement(s, idOf("PublishedImage/Role/Resource"), 3), "Condition") },
			"the images of every system": func(s system) {
				at(statement(s, idOf("PublishedImage/Role/Resource"), 3), "Condition", "StringLike").(map[string]any)["aws:ResourceTag/Ec2ImageBuilderArn"] = "*"
			},
		},
	},
	"every role belongs to one AWS service, and takes from AWS only policies that have a reason": {
		check: func(s system) (c complaints) {
			unused := maps.Clone(managedPolicies)
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for id, role := range t.of("AWS::IAM::Role") {
					trusted := list(at(role.props(), "AssumeRolePolicyDocument", "Statement"))
					c.unless(len(trusted) == 1, "%s: %s trusts %d times", where, id, len(trusted))
					principal, _ := at(trusted[0], "Principal").(map[string]any)
					service, _ := principal["Service"].(string)
					c.unless(len(principal) == 1 && strings.HasSuffix(service, ".amazonaws.com"), "%s: %s trusts %s", where, id, text(principal))
					for _, policy := range list(role.props()["ManagedPolicyArns"]) {
						_, name, _ := strings.Cut(render(policy), ":iam::aws:policy/")
						c.unless(managedPolicies[name] != "", "%s: %s has %s", where, id, render(policy))
						delete(unused, name)
					}
				}
				own := t.of("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy", "AWS::IAM::AccessKey")
				c.unless(len(own) == 0, "%s: %v", where, keys(own))
			})
			for name := range unused {
				c.add("nothing needs the exception %s", name)
			}
			return c
		},
		ways: map[string]func(system){
			"an administrator": func(s system) {
				at(s[atHome][config.Primary].section("Resources"), idOf("Server/Role/Resource"), "Properties").(map[string]any)["ManagedPolicyArns"] =
					[]any{"arn:aws:iam::aws:policy/AdministratorAccess"}
			},
			"a role for everyone": func(s system) {
				at(s[atHome][config.Primary].section("Resources"), idOf("Server/Role/Resource"), "Properties", "AssumeRolePolicyDocument", "Statement", 0).(map[string]any)["Principal"] =
					map[string]any{"AWS": "*"}
			},
			"a user": func(s system) {
				s[planned][config.Secondary].section("Resources")["User"] = map[string]any{"Type": "AWS::IAM::User"}
			},
			"an exception that nothing needs": func(s system) {
				for _, m := range modes {
					delete(s[m][config.Primary].section("Resources"), idOf("Image/BuildRole/Resource"))
				}
			},
		},
	},
}

// grant is one action on one resource that a policy in a template allows.
type grant struct{ action, resource string }

// String leaves out of an ARN what differs between regions, partitions and accounts.
func (g grant) String() string {
	resource := strings.ReplaceAll(g.resource, "AWS::", "")
	if parts := strings.SplitN(resource, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		resource = parts[5]
	}
	return fmt.Sprintf("%s on %s", g.action, resource)
}

// grants lists what every policy of a template allows, wherever it is written.
func grants(t template) (all []grant) {
	for _, id := range keys(t.section("Resources")) {
		walk(t.section("Resources")[id], "", func(path string, value any) {
			if !strings.HasSuffix(path, "/Statement") || strings.HasSuffix(path, "/AssumeRolePolicyDocument/Statement") {
				return
			}
			for _, s := range list(value) {
				all = append(all, allowed(s)...)
			}
		})
	}
	return all
}

func allowed(statement any) (all []grant) {
	if at(statement, "Effect") != "Allow" {
		return nil
	}
	actions, resources := list(at(statement, "Action")), list(at(statement, "Resource"))
	if len(actions) == 0 || len(resources) == 0 { // NotAction, NotResource: everything but
		return []grant{{"*", text(statement)}}
	}
	for _, action := range actions {
		for _, r := range resources {
			all = append(all, grant{action.(string), render(r)})
		}
	}
	return all
}

// statement is one of those of a role in the primary.
func statement(s system, role string, i int) map[string]any {
	return at(s[atHome][config.Primary].section("Resources"), role, "Properties", "Policies", 0, "PolicyDocument", "Statement", i).(map[string]any)
}
