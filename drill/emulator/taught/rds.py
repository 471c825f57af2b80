"""RDS: the actions that ministack lacks or does not do as AWS does, and the refusals put in front of them."""

import hashlib

from taught import drill, global_database, patches
from taught.rds_refusals import FAILOVER, REFUSALS, SWITCHOVER, Request
from taught.refusals import first

rds = patches.ministack(
    "services.rds",
    "_ACTION_MAP",
    "_p",
    "_error",
    "_xml",
    "_global_cluster_xml",
    "_cluster_xml",
    "_clusters",
    "_instances",
    "_global_clusters",
    "_refresh_global_cluster_readers",
    "_finish_instance_reboot",
    "_db_cluster_snapshots",
    "_cluster_snapshot_xml",
    "run_offloop",
)
responses = patches.ministack("core.responses", "get_region", "get_account_id")
concurrency = patches.ministack("core.concurrency", "run_reentrant", "spawn_background")


@patches.wrap(rds, "run_offloop")
async def _on_a_separate_thread(_original, handler, *args):
    """The event is sent from within, and the drill may call back: from a bounded pool it could wait for itself."""
    return await concurrency.run_reentrant(handler, *args)


@patches.wrap(rds._ACTION_MAP, "SwitchoverGlobalCluster")
def _switchover(_original, params):
    return _move(params, "switchover", "SwitchoverGlobalCluster")


@patches.wrap(rds._ACTION_MAP, "FailoverGlobalCluster")
def _failover(_original, params):
    # Without AllowDataLoss it is a switchover.
    lossy = rds._p(params, "AllowDataLoss") == "true"
    refused = first(FAILOVER if lossy else SWITCHOVER, Request(params))
    if refused:
        return rds._error(*refused)
    return _move(params, "failover" if lossy else "switchover", "FailoverGlobalCluster")


def _move(params, way, action):
    database = Request(params).database
    global_database.begin(database, way, rds._p(params, "TargetDbClusterIdentifier"))
    inner = f"<{action}Result><GlobalCluster>{rds._global_cluster_xml(database)}</GlobalCluster></{action}Result>"
    return rds._xml(200, f"{action}Response", inner)


@patches.wrap(rds._ACTION_MAP, "RemoveFromGlobalCluster")
def _remove(original, params):
    request = Request(params)
    # ministack looks an identifier up in every region; it means this one.
    params = {**params, "DbClusterIdentifier": [request.removed["DBClusterArn"]]} if request.removed else params
    answer = original(params)
    if answer[0] == 200:
        global_database.member_gone(request.database)
    return answer


def _snapshot(named):
    """By identifier, of this region; or by ARN, of any."""
    if not named.startswith("arn:"):
        return rds._db_cluster_snapshots.get(named)
    region, name = named.split(":")[3], named.split(":", 6)[6]
    return rds._db_cluster_snapshots.get_scoped(responses.get_account_id(), region, name)


def _copy_snapshot(params):
    """What ministack lacks. The copy keeps the source's key unless the call names another one.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CopyDBClusterSnapshot.html
    """
    source = _snapshot(rds._p(params, "SourceDBClusterSnapshotIdentifier"))
    target = rds._p(params, "TargetDBClusterSnapshotIdentifier")
    if not source:
        return rds._error("DBClusterSnapshotNotFoundFault", "DBClusterSnapshot not found.", 404)
    if target in rds._db_cluster_snapshots:
        return rds._error("DBClusterSnapshotAlreadyExistsFault", f"DB cluster snapshot {target} already exists.", 400)
    region = responses.get_region()
    from_elsewhere = source["DBClusterSnapshotArn"].split(":")[3] != region
    if from_elsewhere and source["StorageEncrypted"] and not rds._p(params, "KmsKeyId"):
        # "If you copy an encrypted DB cluster snapshot to a different Amazon Web Services Region, then you must specify ..."
        return rds._error("InvalidParameterCombination", "KmsKeyId is required to copy to another region.", 400)
    copy = rds._db_cluster_snapshots[target] = {
        **source,
        "DBClusterSnapshotIdentifier": target,
        "DBClusterSnapshotArn": f"arn:aws:rds:{region}:{responses.get_account_id()}:cluster-snapshot:{target}",
        "KmsKeyId": rds._p(params, "KmsKeyId") or source["KmsKeyId"],
        "SnapshotType": "manual",
    }
    inner = f"<DBClusterSnapshot>{rds._cluster_snapshot_xml(copy)}</DBClusterSnapshot>"
    return rds._xml(
        200, "CopyDBClusterSnapshotResponse", f"<CopyDBClusterSnapshotResult>{inner}</CopyDBClusterSnapshotResult>"
    )


rds._ACTION_MAP["CopyDBClusterSnapshot"] = _copy_snapshot


# --- Endpoints --------------------------------------------------------------------------------------------------------


def _endpoint(identifier, kind=""):
    """What stands between identifier and region is one for all of an account in a region, and never changes: what is
    made again under its old name has its old endpoint.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.html
    https://dev.classmethod.jp/articles/naming-rules-for-amazon-rds-db-instance-endpoints/
    """
    region = responses.get_region()
    fixed = hashlib.sha256(f"{responses.get_account_id()} {region}".encode()).hexdigest()[:11]
    return f"{identifier}.{kind}c{fixed}.{region}.rds.amazonaws.com"


@patches.wrap(rds._ACTION_MAP, "CreateDBCluster")
def _create_cluster(original, params):
    status, headers, body = original(params)
    cluster = rds._clusters.get(rds._p(params, "DBClusterIdentifier"))
    if status == 200:
        for name, kind in (("Endpoint", "cluster-"), ("ReaderEndpoint", "cluster-ro-")):
            fixed = _endpoint(cluster["DBClusterIdentifier"], kind)
            body = body.replace(cluster[name].encode(), fixed.encode())
            cluster[name] = fixed
    return status, headers, body


# --- Upgrades ---------------------------------------------------------------------------------------------------------


@patches.wrap(rds._ACTION_MAP, "ModifyDBCluster")
def _modify_cluster(original, params):
    """Another engine version takes a while, and a restart of every instance."""
    request = Request(params)
    if not request.upgrades:
        return original(params)
    cluster, version = request.cluster, request.upgrades
    answer = original({name: value for name, value in params.items() if name != "EngineVersion"})
    if answer[0] == 200:
        cluster["Status"] = "upgrading"
        concurrency.spawn_background(_upgrade, cluster, version, request.is_writer, thread_name="taught-upgrade")
        inner = f"<ModifyDBClusterResult><DBCluster>{rds._cluster_xml(cluster)}</DBCluster></ModifyDBClusterResult>"
        answer = rds._xml(200, "ModifyDBClusterResponse", inner)
    return answer


def _upgrade(cluster, version, is_writer):
    instances = [rds._instances[m["DBInstanceIdentifier"]] for m in cluster["DBClusterMembers"]]
    try:
        for instance in instances:
            drill.send("database-rebooted", **_instance_facts(instance))
        for record in (cluster, *instances):
            record["EngineVersion"] = version
        if is_writer:
            global_database.database_of(cluster)["EngineVersion"] = version
    finally:
        cluster["Status"] = "available"


@patches.wrap(rds._ACTION_MAP, "CreateDBInstance")
def _create_instance(original, params):
    answer = original(params)
    if answer[0] != 200:
        return answer
    instance = rds._instances[rds._p(params, "DBInstanceIdentifier")]
    instance["Endpoint"]["Address"] = _endpoint(instance["DBInstanceIdentifier"])
    try:
        answer_of_drill = drill.send("database-created", **_instance_facts(instance), **_master_user(instance))
    except Exception as error:
        rds._ACTION_MAP["DeleteDBInstance"](
            {"DBInstanceIdentifier": [instance["DBInstanceIdentifier"]], "SkipFinalSnapshot": ["true"]}
        )
        return rds._error("InternalFailure", str(error), 500)
    _listen_on(instance, answer_of_drill.get("port"))
    return _with_endpoint(answer, instance)


def _listen_on(instance, port):
    """The drill says where the database listens; all instances of a cluster, and it, have the same port."""
    if port:
        instance["Endpoint"]["Port"] = port
        cluster = rds._clusters.get(instance.get("DBClusterIdentifier") or "")
        if cluster:
            cluster["Port"] = port


def _with_endpoint(answer, instance):
    """The answer was written before the endpoint was known."""
    inner = f"<CreateDBInstanceResult><DBInstance>{rds._instance_xml(instance)}</DBInstance></CreateDBInstanceResult>"
    return rds._xml(answer[0], "CreateDBInstanceResponse", inner)


@patches.wrap(rds._ACTION_MAP, "DeleteDBInstance")
def _delete_instance(original, params):
    instance = rds._instances.get(rds._p(params, "DBInstanceIdentifier"))
    facts = _instance_facts(instance) if instance else {}
    answer = original(params)
    if answer[0] == 200:
        drill.send("database-deleted", **facts)
    return answer


@patches.wrap(rds, "_finish_instance_reboot")
def _reboot_instance(original, instance, cluster):
    """On a separate thread: meanwhile the instance is rebooting."""
    drill.send("database-rebooted", **_instance_facts(instance))
    original(instance, cluster)


def _instance_facts(instance):
    cluster = rds._clusters.get(instance.get("DBClusterIdentifier") or "") or {}
    return {
        "region": responses.get_region(),
        "instance": instance["DBInstanceIdentifier"],
        "cluster": instance.get("DBClusterIdentifier"),
        "globalCluster": cluster.get("GlobalClusterIdentifier"),
        "isWriter": not (cluster and global_database.is_reader(cluster)),
        "address": instance["Endpoint"]["Address"],
        "port": instance["Endpoint"]["Port"],
        "clusterAddress": cluster.get("Endpoint", ""),
        "restoredFrom": cluster.get("_RestoredFrom"),
    }


def _master_user(instance):
    cluster = rds._clusters.get(instance.get("DBClusterIdentifier") or "") or {}
    return {
        "masterUsername": cluster.get("MasterUsername", ""),
        "masterUserPassword": cluster.get("_MasterUserPassword", ""),
    }


@patches.wrap(rds, "_sync_cluster_endpoints")
def _keep_endpoints(_original, _cluster):
    """ministack points a cluster at the container that it would run; the names are AWS's here."""


@patches.wrap(rds, "_cluster_xml")
def _cluster_xml(original, cluster):
    """A reader's cluster endpoint is inactive and not listed: https://github.com/hashicorp/terraform-provider-aws/issues/14219"""
    text = original(cluster)
    return (
        text.replace(f"<Endpoint>{cluster['Endpoint']}</Endpoint>", "") if global_database.is_reader(cluster) else text
    )


def _refuse(action):
    @patches.wrap(rds._ACTION_MAP, action)
    def checked(original, params):
        request = Request(params)
        refused = first(REFUSALS[action], request)
        return rds._error(*refused) if refused else original(params)


# Last, and so in front of the actions above.
for _action in REFUSALS:
    _refuse(_action)
