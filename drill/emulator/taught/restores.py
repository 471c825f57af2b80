"""RDS: DB clusters that are restored from a snapshot or to a point in time. ministack lacks both. The drill fills them with
data when they get their instance: it gets the cluster and the time, or the snapshot, in the event.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterToPointInTime.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBClusterFromSnapshot.html
"""

import datetime
import time

from taught import global_database, patches, settings

rds = patches.ministack(
    "services.rds", "_ACTION_MAP", "_p", "_error", "_xml", "_clusters", "_cluster_xml", "_db_cluster_snapshots"
)
responses = patches.ministack("core.responses", "get_region", "get_account_id")
concurrency = patches.ministack("core.concurrency", "spawn_background")

_UTC = datetime.timezone(datetime.timedelta(0))
_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def _restore_to_time(params):
    source = rds._clusters.get(rds._p(params, "SourceDBClusterIdentifier"))
    if not source:
        return rds._error("DBClusterNotFoundFault", "The source cluster could not be found.", 404)
    asked, latest = rds._p(params, "RestoreToTime"), rds._p(params, "UseLatestRestorableTime") == "true"
    if bool(asked) == latest:
        message = "Exactly one of RestoreToTime and UseLatestRestorableTime must be specified."
        return rds._error("InvalidParameterCombination", message, 400)
    at = _time(asked) if asked else time.time()
    if not _time(source["ClusterCreateTime"]) <= at <= time.time():
        message = f"The specified time {asked} is not between the earliest and the latest restorable time."
        return rds._error("InvalidParameterValue", message, 400)
    backup = {"cluster": source["DBClusterIdentifier"], "time": at}
    return _restored("RestoreDBClusterToPointInTime", params, source, backup)


def _restore_from_snapshot(params):
    snapshot = rds._db_cluster_snapshots.get(rds._p(params, "SnapshotIdentifier"))
    if not snapshot:
        return rds._error("DBClusterSnapshotNotFoundFault", "DBClusterSnapshot not found.", 404)
    if rds._p(params, "Engine") != snapshot["Engine"]:
        message = f"The engine must be that of the snapshot, {snapshot['Engine']}."
        return rds._error("InvalidParameterCombination", message, 400)
    # A snapshot that someone takes is of a time; one that AWS takes of a lost volume has separate data.
    backup = snapshot.get("_Volume") or {
        "region": responses.get_region(),
        "cluster": snapshot["DBClusterIdentifier"],
        "time": _time(snapshot["SnapshotCreateTime"]),
    }
    return _restored("RestoreDBClusterFromSnapshot", params, snapshot, backup)


def _restored(action, params, source, backup):
    """A separate cluster, with the users and the passwords that the data have, and no instance."""
    passed = ("DBClusterIdentifier", "DBSubnetGroupName", "KmsKeyId", "Port")
    asked = {name: [rds._p(params, name)] for name in passed if rds._p(params, name)}
    groups = {name: value for name, value in params.items() if name.startswith("VpcSecurityGroupIds")}
    answer = rds._ACTION_MAP["CreateDBCluster"](
        {
            **asked,
            **groups,
            "Engine": [source["Engine"]],
            "EngineVersion": [source["EngineVersion"]],
            "MasterUsername": [source["MasterUsername"]],
            "MasterUserPassword": ["that-of-the-data"],
            "StorageEncrypted": [str(source["StorageEncrypted"]).lower()],
            **({"KmsKeyId": [source["KmsKeyId"]]} if source["KmsKeyId"] and "KmsKeyId" not in asked else {}),
        }
    )
    if answer[0] != 200:
        return answer
    cluster = rds._clusters[rds._p(params, "DBClusterIdentifier")]
    cluster["_RestoredFrom"] = {"region": responses.get_region(), **backup}
    cluster["Status"] = "creating"
    concurrency.spawn_background(_become_available, cluster, thread_name="taught-restore")
    inner = f"<{action}Result><DBCluster>{rds._cluster_xml(cluster)}</DBCluster></{action}Result>"
    return rds._xml(200, f"{action}Response", inner)


def _become_available(cluster):
    time.sleep(settings.get("operation_seconds") / 2)
    cluster["Status"] = "available"


def _time(text):
    for form in (_FORMAT, "%Y-%m-%dT%H:%M:%SZ"):
        try:
            return datetime.datetime.strptime(text, form).replace(tzinfo=_UTC).timestamp()
        except ValueError:
            continue
    return datetime.datetime.fromisoformat(text).timestamp()


rds._ACTION_MAP["RestoreDBClusterToPointInTime"] = _restore_to_time
rds._ACTION_MAP["RestoreDBClusterFromSnapshot"] = _restore_from_snapshot


@global_database.keep_volumes
def keep_volume(arn):
    """AWS keeps the volume that a failover has left, as it is when its region is healthy again, in a snapshot.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html#aurora-global-database-failover.managed-unplanned
    """
    cluster, region = global_database.cluster_of(arn), global_database.region_of(arn)
    now = datetime.datetime.now(_UTC)
    name = f"rds:unplanned-global-failover-{cluster['DBClusterIdentifier']}-{now:%Y-%m-%d-%H-%M-%S}"
    account = responses.get_account_id()
    rds._db_cluster_snapshots._data[(account, region, name)] = {
        "DBClusterSnapshotIdentifier": name,
        "DBClusterIdentifier": cluster["DBClusterIdentifier"],
        "DBClusterSnapshotArn": f"arn:aws:rds:{region}:{account}:cluster-snapshot:{name}",
        "Engine": cluster["Engine"],
        "EngineVersion": cluster["EngineVersion"],
        "SnapshotCreateTime": now.strftime(_FORMAT),
        "ClusterCreateTime": cluster["ClusterCreateTime"],
        "Status": "available",
        "MasterUsername": cluster.get("MasterUsername", ""),
        "SnapshotType": "automated",
        "StorageEncrypted": cluster.get("StorageEncrypted", False),
        "KmsKeyId": cluster.get("KmsKeyId", ""),
        "_Volume": {"region": region, "cluster": cluster["DBClusterIdentifier"], "snapshot": name},
    }
    return name


@patches.wrap(rds._ACTION_MAP, "DeleteDBCluster")
def _delete_cluster(original, params):
    """Automated snapshots go with their cluster."""
    answer = original(params)
    if answer[0] == 200:
        gone = rds._p(params, "DBClusterIdentifier")
        for name, snapshot in list(rds._db_cluster_snapshots.items()):
            if snapshot["SnapshotType"] == "automated" and snapshot["DBClusterIdentifier"] == gone:
                del rds._db_cluster_snapshots[name]
    return answer
