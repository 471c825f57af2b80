"""RDS sends a cluster's exported logs to log groups, and makes one that is missing, which then keeps everything: when an
instance starts, and with the last that it and its cluster write. CloudFormation makes no log group that exists.
https://github.com/hashicorp/terraform-provider-aws/issues/42858
https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/190
"""

from taught import cloudformation, patches
from taught.rds import rds

logs = patches.ministack("services.cloudwatch_logs", "_log_groups", "_create_log_group")
members = patches.ministack("services.rds", "_parse_member_list")


@patches.wrap(rds._ACTION_MAP, "CreateDBCluster")
def _create_cluster(original, params):
    answer = original(params)
    if answer[0] == 200:
        cluster = rds._clusters[rds._p(params, "DBClusterIdentifier")]
        cluster["EnabledCloudwatchLogsExports"] = members._parse_member_list(params, "EnableCloudwatchLogsExports")
    return answer


@patches.wrap(rds._ACTION_MAP, "ModifyDBCluster")
def _modify_cluster(original, params):
    answer = original(params)
    if answer[0] == 200:
        cluster = rds._clusters[rds._p(params, "DBClusterIdentifier")]
        enabled = set(cluster["EnabledCloudwatchLogsExports"])
        enabled |= set(members._parse_member_list(params, "CloudwatchLogsExportConfiguration.EnableLogTypes"))
        enabled -= set(members._parse_member_list(params, "CloudwatchLogsExportConfiguration.DisableLogTypes"))
        cluster["EnabledCloudwatchLogsExports"] = sorted(enabled)
        _write(cluster)
    return answer


@patches.wrap(rds._ACTION_MAP, "CreateDBInstance")
def _create_instance(original, params):
    answer = original(params)
    if answer[0] == 200:
        _write(rds._clusters.get(rds._p(params, "DBClusterIdentifier")))
    return answer


@patches.wrap(rds._ACTION_MAP, "DeleteDBInstance")
def _delete_instance(original, params):
    instance = rds._instances.get(rds._p(params, "DBInstanceIdentifier")) or {}
    cluster = rds._clusters.get(instance.get("DBClusterIdentifier") or "")
    answer = original(params)
    if answer[0] == 200:
        _write(cluster)
    return answer


@patches.wrap(rds._ACTION_MAP, "DeleteDBCluster")
def _delete_cluster(original, params):
    cluster = rds._clusters.get(rds._p(params, "DBClusterIdentifier"))
    answer = original(params)
    if answer[0] == 200:
        _write(cluster)
    return answer


def _write(cluster):
    for log in (cluster or {}).get("EnabledCloudwatchLogsExports", []):
        group = f"/aws/rds/cluster/{cluster['DBClusterIdentifier']}/{log}"
        if group not in logs._log_groups:
            logs._create_log_group({"logGroupName": group})


@patches.wrap(cloudformation.provisioners._RESOURCE_HANDLERS["AWS::Logs::LogGroup"], "create")
def _create_log_group(original, logical_id, props, *rest):
    name = props.get("LogGroupName")
    if name in logs._log_groups:
        raise RuntimeError(
            f"Resource of type 'AWS::Logs::LogGroup' with identifier '{{\"/properties/LogGroupName\":\"{name}\"}}' "
            "already exists."
        )
    return original(logical_id, props, *rest)
