package test

import (
	"fmt"
	"slices"

	"unishop-pilot-light/internal/config"
)

var databaseLogPromises = map[string]promise{
	"errors and slow queries are logged and exported, in every role, to groups that come before the cluster and go after it": {
		check: func(s system) (c complaints) {
			s.each(func(where string, _ mode, side config.Side, t template) {
				_, cluster := t.one("AWS::RDS::DBCluster")
				c.unless(text(cluster.props()["EnableCloudwatchLogsExports"]) == `["error","slowquery"]`,
					"%s: exported are %s", where, text(cluster.props()["EnableCloudwatchLogsExports"]))
				for _, log := range list(cluster.props()["EnableCloudwatchLogsExports"]) {
					name := fmt.Sprintf("/aws/rds/cluster/unishop-%s/%v", side, log)
					declared := slices.ContainsFunc(cluster.dependsOn(), func(id string) bool {
						group := t.of("AWS::Logs::LogGroup")[id]
						return group != nil && group.props()["LogGroupName"] == name
					})
					c.unless(declared, "%s: the cluster does not wait for %s", where, name)
				}
				id, parameters := t.one("AWS::RDS::DBClusterParameterGroup")
				c.unless(named(cluster.props()["DBClusterParameterGroupName"]) == id, "%s: other parameters", where)
				c.unless(parameters.props()["Family"] == "aurora-mysql8.0", "%s: family %v", where, parameters.props()["Family"])
				c.unless(text(parameters.props()["Parameters"]) == `{"log_output":"FILE","long_query_time":"1","slow_query_log":"1"}`,
					"%s: %s", where, text(parameters.props()["Parameters"]))
			})
			return c
		},
		ways: map[string]func(system){
			"no errors": func(s system) { first(s).props()["EnableCloudwatchLogsExports"] = []any{"slowquery"} },
			"a reader without logs": func(s system) {
				delete(joining(s).props(), "EnableCloudwatchLogsExports")
			},
			"a group that RDS makes first": func(s system) { delete(joining(s), "DependsOn") },
			"another cluster's group": func(s system) {
				for _, group := range s[planned][config.Secondary].of("AWS::Logs::LogGroup") {
					if group.props()["LogGroupName"] == "/aws/rds/cluster/unishop-secondary/error" {
						group.props()["LogGroupName"] = "/aws/rds/cluster/unishop-primary/error"
					}
				}
			},
			"slow queries that are not logged": func(s system) {
				_, parameters := s[failover][config.Secondary].one("AWS::RDS::DBClusterParameterGroup")
				parameters.props()["Parameters"].(map[string]any)["slow_query_log"] = "0"
			},
			"AWS's own parameters": func(s system) { first(s).props()["DBClusterParameterGroupName"] = "default.aurora-mysql8.0" },
			"a slow query table": func(s system) {
				_, parameters := s[atHome][config.Primary].one("AWS::RDS::DBClusterParameterGroup")
				delete(parameters.props()["Parameters"].(map[string]any), "log_output")
			},
		},
	},
}
