package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"unishop-pilot-light/internal/config"
)

// exportLogs has a cluster write its logs, and send them to log groups of ours. RDS makes a group that is missing, and keeps
// it for ever: so ours come before the cluster, and go after it, when nothing is written any more.
// https://github.com/hashicorp/terraform-provider-aws/issues/42858
func exportLogs(scope awsconstructs.Construct, props DatabaseProps, cluster awsrds.CfnDBCluster) {
	for _, log := range config.DatabaseLogs {
		group := newLogGroup(scope, "Logs-"+log, props.Names.DatabaseLogGroup(props.Side, log))
		cluster.AddResourceDependency(group.Node().DefaultChild().(awslogs.CfnLogGroup), nil)
	}
	cluster.SetEnableCloudwatchLogsExports(jsii.Strings(config.DatabaseLogs...))
	// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DatabaseInsights.SlowSQL.html
	parameters := awsrds.NewCfnDBClusterParameterGroup(scope, jsii.String("Parameters"), &awsrds.CfnDBClusterParameterGroupProps{
		Description: jsii.String("Slow queries are logged"),
		Family:      jsii.String("aurora-mysql8.0"),
		Parameters:  map[string]string{"slow_query_log": "1", "long_query_time": "1", "log_output": "FILE"},
	})
	cluster.SetDbClusterParameterGroupName(parameters.Ref())
}
