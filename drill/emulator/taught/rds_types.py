"""CloudFormation: AWS::RDS::GlobalCluster, DBCluster and DBInstance, by way of the RDS API."""

import time

from taught import clients, cloudformation

provisioners = cloudformation.provisioners


def _named(props, key, stack_name, logical_id):
    return {**props, key: props.get(key) or cloudformation.physical_name(stack_name, logical_id)}


def create_global_cluster(logical_id, props, stack_name):
    props = _named(props, "GlobalClusterIdentifier", stack_name, logical_id)
    clients.call("rds", "CreateGlobalCluster", props)
    return props["GlobalClusterIdentifier"], {}


def update_global_cluster(physical_id, old, new):
    changed = {k: v for k, v in new.items() if old.get(k) != v}
    clients.call("rds", "ModifyGlobalCluster", {**changed, "GlobalClusterIdentifier": physical_id})
    return {}


def delete_global_cluster(physical_id, _props):
    clients.call("rds", "DeleteGlobalCluster", {"GlobalClusterIdentifier": physical_id})


def create_cluster(logical_id, props, stack_name):
    props = _named(props, "DBClusterIdentifier", stack_name, logical_id)
    # The pre-signed URL that SourceRegion stands for is needed in GovCloud only.
    clients.call("rds", "CreateDBCluster", {k: v for k, v in props.items() if k != "SourceRegion"})
    return props["DBClusterIdentifier"], _cluster_attributes(props["DBClusterIdentifier"])


def update_cluster(physical_id, old, new):
    """Dropping GlobalClusterIdentifier detaches the cluster; another one cannot be given to a cluster that exists."""
    before, after = old.get("GlobalClusterIdentifier"), new.get("GlobalClusterIdentifier")
    if after and before != after:
        raise RuntimeError(
            'Resource handler returned message: "Resource is immutable" (HandlerErrorCode: NotUpdatable)'
        )
    if before and not after:
        clients.call(
            "rds",
            "RemoveFromGlobalCluster",
            {"GlobalClusterIdentifier": before, "DbClusterIdentifier": _cluster(physical_id)["DBClusterArn"]},
        )
    changed = {k: v for k, v in new.items() if old.get(k) != v} | _exports(old, new)
    clients.call("rds", "ModifyDBCluster", {**changed, "DBClusterIdentifier": physical_id, "ApplyImmediately": True})
    while _cluster(physical_id)["Status"] == "upgrading":
        time.sleep(0.1)
    return _cluster_attributes(physical_id)


def _exports(old, new):
    """The API's way to say which logs are exported from now on."""
    before, after = (set(props.get("EnableCloudwatchLogsExports") or []) for props in (old, new))
    change = {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
    return {"CloudwatchLogsExportConfiguration": change} if before != after else {}


def delete_cluster(physical_id, props):
    """CloudFormation's handler takes a cluster out of the global cluster when the template names one, and fails when
    it has left already: https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds
    """
    if props.get("GlobalClusterIdentifier"):
        arn = _cluster(physical_id)["DBClusterArn"]
        clients.call(
            "rds",
            "RemoveFromGlobalCluster",
            {"GlobalClusterIdentifier": props["GlobalClusterIdentifier"], "DbClusterIdentifier": arn},
        )
    if physical_id in _to_be_kept:
        # As DeleteDBCluster does with a FinalDBSnapshotIdentifier, which ministack ignores.
        _to_be_kept.discard(physical_id)
        final = {"DBClusterIdentifier": physical_id, "DBClusterSnapshotIdentifier": f"{physical_id}-final"}
        clients.call("rds", "CreateDBClusterSnapshot", final)
    clients.call("rds", "DeleteDBCluster", {"DBClusterIdentifier": physical_id, "SkipFinalSnapshot": True})


_to_be_kept = set()  # clusters whose deletion leaves a snapshot


def keep_cluster(physical_id, _props):
    """DeletionPolicy: Snapshot."""
    _to_be_kept.add(physical_id)


def _cluster(identifier):
    return clients.call("rds", "DescribeDBClusters", {"DBClusterIdentifier": identifier})["DBClusters"][0]


def _cluster_attributes(identifier):
    cluster = _cluster(identifier)
    attributes = {
        "DBClusterArn": cluster["DBClusterArn"],
        "DBClusterResourceId": cluster["DbClusterResourceId"],
        "Endpoint.Port": str(cluster["Port"]),
        "ReadEndpoint.Address": cluster["ReaderEndpoint"],
    }
    if cluster.get("Endpoint"):
        attributes["Endpoint.Address"] = cluster["Endpoint"]
    return attributes


def create_instance(logical_id, props, stack_name):
    props = _named(props, "DBInstanceIdentifier", stack_name, logical_id)
    # The template's name for it differs from the API's.
    clients.call("rds", "CreateDBInstance", {**props, "VpcSecurityGroupIds": props.get("VPCSecurityGroups")})
    return props["DBInstanceIdentifier"], _instance_attributes(props["DBInstanceIdentifier"])


def update_instance(physical_id, old, new):
    changed = {k: v for k, v in new.items() if old.get(k) != v}
    clients.call("rds", "ModifyDBInstance", {**changed, "DBInstanceIdentifier": physical_id, "ApplyImmediately": True})
    return _instance_attributes(physical_id)


def delete_instance(physical_id, _props):
    clients.call("rds", "DeleteDBInstance", {"DBInstanceIdentifier": physical_id, "SkipFinalSnapshot": True})


def _instance_attributes(identifier):
    instance = clients.call("rds", "DescribeDBInstances", {"DBInstanceIdentifier": identifier})["DBInstances"][0]
    return {
        "Endpoint.Address": instance["Endpoint"]["Address"],
        "Endpoint.Port": str(instance["Endpoint"]["Port"]),
        "DBInstanceArn": instance["DBInstanceArn"],
        "DbiResourceId": instance["DbiResourceId"],
    }


cloudformation.teach(
    "AWS::RDS::GlobalCluster",
    {"create": create_global_cluster, "update": update_global_cluster, "delete": delete_global_cluster},
    replaced_by=("GlobalClusterIdentifier", "SourceDBClusterIdentifier", "StorageEncrypted", "Engine"),
)
cloudformation.teach(
    "AWS::RDS::DBCluster",
    {"create": create_cluster, "update": update_cluster, "delete": delete_cluster, "snapshot": keep_cluster},
    replaced_by=provisioners._RDS_DB_CLUSTER_CREATE_ONLY,
    tagged=True,
)
cloudformation.teach(
    "AWS::RDS::DBInstance",
    {"create": create_instance, "update": update_instance, "delete": delete_instance},
    replaced_by=provisioners._RDS_DB_INSTANCE_CREATE_ONLY,
    tagged=True,
)
