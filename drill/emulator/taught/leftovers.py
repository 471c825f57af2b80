"""What is still in any store of the emulator: after a clean-up, nothing. What AWS puts into every account, and what the
CDK's bootstrap made, is no leftover; nor is a key that waits for its deletion or an instance that is terminated.
"""

from taught import hooks, image_builder

cloudformation = hooks.ministack("services.cloudformation", "_stacks")
ec2 = hooks.ministack(
    "services.ec2",
    "_instances",
    "_images",
    "_vpcs",
    "_subnets",
    "_security_groups",
    "_internet_gateways",
    "_route_tables",
    "_vpc_endpoints",
    "_volumes",
    "_network_interfaces",
    "_flow_logs",
    "_DEFAULT_VPC_ID",
    "_DEFAULT_IGW_ID",
)
iam = hooks.ministack("services.iam", "_roles", "_instance_profiles", "_policies")
kms = hooks.ministack("services.kms", "_keys")
functions = hooks.ministack("services.lambda_svc", "_functions")
logs = hooks.ministack("services.cloudwatch_logs", "_log_groups")
rds = hooks.ministack(
    "services.rds",
    "_clusters",
    "_global_clusters",
    "_instances",
    "_subnet_groups",
    "_snapshots",
    "_db_cluster_snapshots",
)
s3 = hooks.ministack("services.s3", "_buckets")
secrets = hooks.ministack("services.secretsmanager", "_secrets")
ssm = hooks.ministack("services.ssm", "_parameters")


def _any(_key, _value):
    return True


def _not_default(_key, value):
    return value.get("VpcId") != ec2._DEFAULT_VPC_ID and not value.get("IsDefault")


def _not_bootstraps(key, _value):
    return not key.startswith("cdk-hnb659fds-")


# Kind, store, whether a resource counts.
_STORES = [
    (
        "stacks",
        cloudformation._stacks,
        lambda key, stack: stack["StackStatus"] != "DELETE_COMPLETE" and key != "CDKToolkit",
    ),
    ("globalClusters", rds._global_clusters, _any),
    ("dbClusters", rds._clusters, _any),
    ("dbInstances", rds._instances, _any),
    ("dbSubnetGroups", rds._subnet_groups, lambda key, _: key != "default"),
    ("dbSnapshots", rds._snapshots, _any),
    ("dbClusterSnapshots", rds._db_cluster_snapshots, _any),
    ("instances", ec2._instances, lambda _, instance: instance["State"]["Name"] != "terminated"),
    ("images", ec2._images, _any),
    ("volumes", ec2._volumes, _any),
    ("networkInterfaces", ec2._network_interfaces, _any),
    ("vpcs", ec2._vpcs, _not_default),
    ("subnets", ec2._subnets, _not_default),
    ("securityGroups", ec2._security_groups, _not_default),
    ("routeTables", ec2._route_tables, _not_default),
    ("internetGateways", ec2._internet_gateways, lambda key, _: key != ec2._DEFAULT_IGW_ID),
    ("vpcEndpoints", ec2._vpc_endpoints, _any),
    ("flowLogs", ec2._flow_logs, _any),
    ("imageBuilder", image_builder.resources, _any),
    ("parameters", ssm._parameters, lambda key, _: not key.startswith("/cdk-bootstrap/")),
    ("secrets", secrets._secrets, _any),
    ("buckets", s3._buckets, _not_bootstraps),
    ("keys", kms._keys, lambda _, key: key["KeyState"] != "PendingDeletion" and key.get("KeyManager") != "AWS"),
    ("logGroups", logs._log_groups, _any),
    ("functions", functions._functions, _any),
    ("roles", iam._roles, _not_bootstraps),
    ("instanceProfiles", iam._instance_profiles, _any),
    ("policies", iam._policies, lambda key, _: not key.startswith("arn:aws:iam::aws:")),
]


def by_region():
    """{"us-east-1": {"stacks": [names]}}; what belongs to no region is "global"."""
    found = {}
    for kind, store, counts in _STORES:
        for scoped, value in list(store._data.items()):
            key, region = scoped[-1], scoped[1] if len(scoped) == 3 else "global"
            if counts(key, value):
                found.setdefault(region, {}).setdefault(kind, []).append(key)
    return found
