package test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"unishop-pilot-light/internal/config"
)

var functionPromises = map[string]promise{
	"no function is run twice for one event, or for one that is older than a minute, from its first call on": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for id := range t.of("AWS::Lambda::Function") {
					configID, invoked := invokeConfig(t, id)
					c.unless(invoked.props()["MaximumRetryAttempts"] == 0.0, "%s: %s: retries %v", where, id, invoked.props()["MaximumRetryAttempts"])
					c.unless(invoked.props()["MaximumEventAgeInSeconds"] == 60.0, "%s: %s: age %v", where, id, invoked.props()["MaximumEventAgeInSeconds"])
					for customID, custom := range customs(t, id) {
						c.unless(slices.Contains(custom.dependsOn(), configID), "%s: %s does not wait for it", where, customID)
					}
				}
			})
			return c
		},
		ways: map[string]func(system){
			"Lambda's own retries": func(s system) {
				t := s[atHome][config.Primary]
				delete(t.section("Resources"), idOf("RegionRole/Function/EventInvokeConfig/Resource"))
			},
			"a retry": func(s system) { invoked(s).props()["MaximumRetryAttempts"] = 1 },
			"an event of last night": func(s system) {
				delete(invoked(s).props(), "MaximumEventAgeInSeconds")
			},
			"a first call without it": func(s system) {
				_, role := s[planned][config.Secondary].one("Custom::RegionRole")
				role["DependsOn"] = slices.DeleteFunc(list(role["DependsOn"]), func(id any) bool {
					return strings.Contains(id.(string), "EventInvokeConfig")
				})
			},
		},
	},
	"a lost answer is noticed a minute after the function's time is over": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for id, function := range t.of("AWS::Lambda::Function") {
					own, _ := function.props()["Timeout"].(float64)
					c.unless(own > 0 && own <= 900, "%s: %s: %v s, where Lambda allows 900", where, id, own)
					served := customs(t, id)
					c.unless(len(served) > 0, "%s: %s acts for nothing", where, id)
					for customID, custom := range served {
						waited, err := strconv.Atoi(fmt.Sprint(custom.props()["ServiceTimeout"]))
						c.unless(err == nil && float64(waited) == own+60, "%s: %s: %v", where, customID, custom.props()["ServiceTimeout"])
					}
				}
			})
			return c
		},
		ways: map[string]func(system){
			"an hour": func(s system) {
				_, custom := s[atHome][config.Primary].one("Custom::PublishedImage")
				delete(custom.props(), "ServiceTimeout")
			},
			"a wait that ends first": func(s system) {
				_, custom := s[atHome][config.Secondary].one("Custom::RegionRole")
				custom.props()["ServiceTimeout"] = "60"
			},
			"a function for nothing": func(s system) {
				id, _ := s[atHome][config.Primary].one("Custom::Teardown")
				delete(s[atHome][config.Primary].section("Resources"), id)
			},
			"more than Lambda allows": func(s system) {
				for _, function := range s[failover][config.Secondary].of("AWS::Lambda::Function") {
					function.props()["Timeout"] = 901
				}
			},
		},
	},
	"every function is inline and in no VPC, so that no asset and no network stands in its way": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				c.unless(len(t.of("AWS::Lambda::Function")) > 0, "%s: no function", where)
				for id, function := range t.of("AWS::Lambda::Function") {
					code, _ := function.props()["Code"].(map[string]any)
					c.unless(len(code) == 1 && strings.Contains(codeOf(t, function), "def handler(event,context):"), "%s: code of %s", where, id)
					c.unless(function.props()["VpcConfig"] == nil, "%s: %s is in a VPC", where, id)
					c.unless(strings.HasPrefix(fmt.Sprint(function.props()["Runtime"]), "python3."), "%s: %s: %v", where, id, function.props()["Runtime"])
				}
			})
			return c
		},
		ways: map[string]func(system){
			"an asset": func(s system) {
				s[atHome][config.Primary].of("AWS::Lambda::Function")[idOf("Teardown/Function/Resource")].props()["Code"] =
					map[string]any{"S3Bucket": "assets", "S3Key": "teardown.zip"}
			},
			"no code": func(s system) {
				s[atHome][config.Primary].of("AWS::Lambda::Function")[idOf("Teardown/Function/Resource")].props()["Code"] = map[string]any{"ZipFile": ""}
			},
			"code that the template does not hold": func(s system) { delete(s[planned][config.Secondary], "Mappings") },
			"a VPC": func(s system) {
				s[planned][config.Secondary].of("AWS::Lambda::Function")[idOf("RegionRole/Function/Resource")].props()["VpcConfig"] = map[string]any{}
			},
		},
	},
	"custom resources get words, and an output reads only what their answers carry": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				for functionID, function := range t.of("AWS::Lambda::Function") {
					for id, custom := range customs(t, functionID) {
						for name, value := range custom.props() {
							_, word := value.(string)
							c.unless(word || named(value) != "", "%s: %s: %s is %s", where, id, name, text(value))
						}
						walk(map[string]any(t), "", func(path string, value any) {
							attribute, read := at(value, "Fn::GetAtt", 1).(string)
							carried := strings.Contains(codeOf(t, function), "'"+attribute+"'")
							c.unless(!read || named(value) != id || carried, "%s: %s reads %s of %s", where, path, attribute, id)
						})
					}
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a boolean": func(s system) {
				_, custom := s[atHome][config.Primary].one("Custom::RegionRole")
				custom.props()["Active"] = true
			},
			"an attribute that no answer has": func(s system) {
				id, _ := s[atHome][config.Primary].one("Custom::RegionRole")
				s[atHome][config.Primary].section("Outputs")["More"] = map[string]any{"Value": map[string]any{"Fn::GetAtt": []any{id, "Writer"}}}
			},
		},
	},
	"every log group is declared, and leaves with the stack: what a service creates on its own stays": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, _ config.Side, t template) {
				groups := t.of("AWS::Logs::LogGroup")
				c.all(where, groups, nil, "DeletionPolicy") // without one it is deleted
				c.all(where, groups, nil, "UpdateReplacePolicy")
				c.all(where, groups, 30.0, "Properties", "RetentionInDays")
				for _, id := range keys(t.section("Resources")) {
					if path, logs := logPath(t, id); logs {
						group := named(at(t.section("Resources")[id], path...))
						c.unless(groups[group] != nil, "%s: %s logs to a group that is not declared", where, id)
					}
				}
				for _, g := range grants(t) {
					c.unless(g.action != "logs:CreateLogGroup", "%s: %s", where, g)
				}
			})
			return c
		},
		ways: map[string]func(system){
			"a group that stays": func(s system) {
				s[atHome][config.Primary].of("AWS::Logs::LogGroup")[idOf("Server/Logs/Resource")]["DeletionPolicy"] = "Retain"
			},
			"a group without end": func(s system) {
				delete(s[atHome][config.Primary].of("AWS::Logs::LogGroup")[idOf("Server/Logs/Resource")].props(), "RetentionInDays")
			},
			"a function's own group": func(s system) {
				delete(s[planned][config.Secondary].of("AWS::Lambda::Function")[idOf("RegionRole/Function/Resource")].props(), "LoggingConfig")
			},
			"the image build's own group": func(s system) {
				_, image := s[planned][config.Primary].one("AWS::ImageBuilder::Image")
				delete(image.props(), "LoggingConfiguration")
			},
			"a group brought back by a late line": func(s system) {
				statement(s, idOf("RegionRole/Role/Resource"), 0)["Action"] = []any{"logs:CreateLogGroup"}
			},
		},
	},
}

// logPath is where a resource that logs says to which group.
func logPath(t template, id string) (path []any, logs bool) {
	switch at(t.section("Resources"), id, "Type") {
	case "AWS::Lambda::Function":
		return []any{"Properties", "LoggingConfig", "LogGroup"}, true
	case "AWS::ImageBuilder::Image":
		return []any{"Properties", "LoggingConfiguration", "LogGroupName"}, true
	case "AWS::EC2::FlowLog":
		return []any{"Properties", "LogGroupName"}, true
	}
	return nil, false
}

// customs are the custom resources that a function acts for.
func customs(t template, function string) map[string]resource {
	found := map[string]resource{}
	for id, r := range t.section("Resources") {
		if r := resource(r.(map[string]any)); named(r.props()["ServiceToken"]) == function {
			found[id] = r
		}
	}
	return found
}

// codeOf is the text of a function, to which the template's mappings contribute.
func codeOf(t template, function resource) (code string) {
	for _, part := range list(at(function.props(), "Code", "ZipFile", "Fn::Join", 1)) {
		if place := list(at(part, "Fn::FindInMap")); place != nil {
			part = at(t.section("Mappings"), place...)
		}
		code += part.(string)
	}
	return code
}

func invokeConfig(t template, function string) (string, resource) {
	for id, r := range t.of("AWS::Lambda::EventInvokeConfig") {
		if named(r.props()["FunctionName"]) == function {
			return id, r
		}
	}
	panic(function + " has no EventInvokeConfig")
}

// invoked is how the region's role is called in the secondary.
func invoked(s system) resource {
	return s[failover][config.Secondary].of("AWS::Lambda::EventInvokeConfig")[idOf("RegionRole/Function/EventInvokeConfig/Resource")]
}
