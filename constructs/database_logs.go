package constructs

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsrds"
	awsconstructs "github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// databaseLogs of Aurora MySQL that are exported: what went wrong, and which statements take longer than a second.
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Integrating.CloudWatch.html
var databaseLogs = []string{"error", "slowquery"}

// exportLogs has a cluster write its logs, and send them to log groups of ours. RDS makes a group that is missing, and keeps
// it for ever: so ours come before the cluster, and go after it, when nothing is written any more.
// https://github.com/hashicorp/terraform-provider-aws/issues/42858
func exportLogs(scope awsconstructs.Construct, props DatabaseProps, cluster awsrds.CfnDBCluster) {
	for _, log := range databaseLogs {
		group := newLogGroup(scope, "Logs-"+log, props.Names.DatabaseLogGroup(props.Side, log))
		cluster.AddResourceDependency(group.Node().DefaultChild().(awslogs.CfnLogGroup), nil)
	}
	cluster.SetEnableCloudwatchLogsExports(jsii.Strings(databaseLogs...))
	// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/USER_DatabaseInsights.SlowSQL.html
	parameters := awsrds.NewCfnDBClusterParameterGroup(scope, jsii.String("Parameters"), &awsrds.CfnDBClusterParameterGroupProps{
		Description: jsii.String("Slow queries are logged"),
		Family:      jsii.String("aurora-mysql8.0"),
		Parameters:  map[string]string{"slow_query_log": "1", "long_query_time": "1", "log_output": "FILE"},
	})
	cluster.SetDbClusterParameterGroupName(parameters.Ref())
}
