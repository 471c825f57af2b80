"""Aurora global databases: who the writer is, and how that changes.

ministack keeps the members; this moves the writer, as metadata, any number of times, and takes its time over it. What
is real, the databases, belongs to the drill, which gets the event before the new state shows.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

import logging
import time

from taught import drill, outage, patches, settings

rds = patches.ministack(
    "services.rds", "_global_clusters", "_clusters", "_shared_container_lock", "_refresh_global_cluster_readers"
)
responses = patches.ministack("core.responses", "get_account_id", "get_region", "set_request_account_id")
concurrency = patches.ministack("core.concurrency", "spawn_background")

log = logging.getLogger("taught")

# Every change of a record happens under it; it is never held while an event is sent.
lock = rds._shared_container_lock


def region_of(arn):
    return arn.split(":")[3]


def name_of(arn):
    return arn.split(":")[6]


def cluster_of(arn):
    """The record of the DB cluster with this ARN, in whatever region, or None."""
    return (
        rds._clusters.get_scoped(responses.get_account_id(), region_of(arn), name_of(arn))
        if arn.count(":") == 6
        else None
    )


def members(database):
    return database.get("GlobalClusterMembers", [])


def member(database, arn):
    return next((m for m in members(database) if m["DBClusterArn"] == arn), None)


def writer(database):
    return next((m for m in members(database) if m["IsWriter"]), None)


def database_of(cluster):
    """The global database that a DB cluster's record belongs to, or None."""
    return rds._global_clusters.get(cluster.get("GlobalClusterIdentifier") or "")


def is_reader(cluster):
    """Whether the cluster is in a global database without being its writer: its own endpoint is inactive then."""
    database = database_of(cluster)
    own = member(database, cluster["DBClusterArn"]) if database else None
    return bool(own and not own["IsWriter"])


def connected_readers():
    """(identifier, since when) of the clusters of the request's region that replicate from a writer elsewhere."""
    for database in rds._global_clusters.values():
        for m in members(database):
            here = region_of(m["DBClusterArn"]) == responses.get_region()
            if here and not m["IsWriter"] and m["SynchronizationStatus"] == "connected":
                yield name_of(m["DBClusterArn"]), m.setdefault("_since", time.time())


def replicates(m):
    """Whether a member does so well enough to become the writer."""
    return m["SynchronizationStatus"] == "connected" and time.time() >= m.get("_set_up", 0)


# --- Switchover and failover ------------------------------------------------------------------------------------------


def operation(database):
    """The operation that is running, or None."""
    return database.get("_operation")


def hangs_for_good(running):
    """Whether a failover may replace the switchover: it has waited long enough for a region that has an outage."""
    waited = time.time() - running["began"]
    return running["way"] == "switchover" and _waits(running) and waited > settings.get("hanging_seconds")


def begin(database, way, target):
    """Begins to make the target, an ARN, the writer; returns at once."""
    source = writer(database)["DBClusterArn"]
    status = {"switchover": "switching-over", "failover": "failing-over"}[way]
    with lock:
        running = database["_operation"] = {
            "way": way,
            "from": source,
            "to": target,
            "status": status,
            "began": time.time(),
        }
        database["Status"] = status
        database["FailoverState"] = {
            "Status": "pending",
            "FromDbClusterArn": source,
            "ToDbClusterArn": target,
            "IsDataLossAllowed": way == "failover",
        }
        _set_cluster_status(status, *_regions_needed(running))
    concurrency.spawn_background(_carry_out, database, running, thread_name=f"taught-{way}")


def _regions_needed(running):
    """The clusters that take part: a switchover needs both regions, a failover asks the old writer's nothing."""
    return [running["from"], running["to"]] if running["way"] == "switchover" else [running["to"]]


def _waits(running):
    return any(outage.affects(region_of(arn)) for arn in _regions_needed(running))


def _carry_out(database, running):
    time.sleep(settings.get("operation_seconds") / 2)
    database["FailoverState"]["Status"] = running["status"]
    ends = time.time() + settings.get("operation_seconds") / 2
    while time.time() < ends or _waits(running):
        if operation(database) is not running:
            return  # a failover replaced it
        time.sleep(0.05)
    try:
        drill.send("writer-changed", **_facts(database, running))
    except Exception:
        log.exception("%s of %s: the writer stays", running["way"], database["GlobalClusterIdentifier"])
        with lock:
            _end(database, running)
            _when_all_connected(database)
        return
    with lock:
        if operation(database) is running:
            _move_writer(database, running)


def _facts(database, running):
    return {
        "globalCluster": database["GlobalClusterIdentifier"],
        "from": _names(running["from"]),
        "to": _names(running["to"]),
        "way": running["way"],
    }


def _names(arn):
    return {"region": region_of(arn), "cluster": name_of(arn)}


def _move_writer(database, running):
    for m in members(database):
        m["IsWriter"] = m["DBClusterArn"] == running["to"]
        m["_since"] = time.time()
    if running["way"] == "failover":
        _lose(database, running["from"])
    else:
        member(database, running["from"])["_set_up"] = time.time() + settings.get("setup_seconds")
    rds._refresh_global_cluster_readers(database)
    _end(database, running)
    _when_all_connected(database)


def _end(database, running):
    database.pop("_operation", None)
    database.pop("FailoverState", None)
    _set_cluster_status("available", running["from"], running["to"])


def _set_cluster_status(status, *arns):
    for arn in arns:
        cluster = cluster_of(arn)
        if cluster:
            cluster["Status"] = status


# --- What a failover leaves behind ------------------------------------------------------------------------------------

_RETRY_SECONDS = 0.2


def _lose(database, arn):
    """The old writer's volume is of no use: it is a member again, with a new volume, when its region is healthy."""
    lost = member(database, arn)
    lost["SynchronizationStatus"] = "pending-resync"
    cluster_of(arn).pop("_kept", None)
    if outage.affects(region_of(arn)):
        database["GlobalClusterMembers"].remove(lost)
        database.setdefault("_lost", []).append(lost)
    else:
        concurrency.spawn_background(_resynchronise, database, lost, thread_name="taught-resync")


@outage.when_back
def _add_back(region):
    for key, database in list(rds._global_clusters._data.items()):
        responses.set_request_account_id(key[0])
        with lock:
            returned = [m for m in database.get("_lost", []) if region_of(m["DBClusterArn"]) == region]
            for m in returned:
                database["_lost"].remove(m)
                database["GlobalClusterMembers"].append(m)
                concurrency.spawn_background(_resynchronise, database, m, thread_name="taught-resync")
            rds._refresh_global_cluster_readers(database)


def _resynchronise(database, m):
    """It copies the writer's volume: that takes both regions, and whatever goes wrong on the way is tried again."""
    time.sleep(settings.get("resync_seconds"))
    while m in members(database):
        if _resynchronised(database, m["DBClusterArn"], writer(database)["DBClusterArn"]):
            break
        time.sleep(_RETRY_SECONDS)
    with lock:
        if m in members(database):
            m["SynchronizationStatus"] = "connected"
            m["_since"] = time.time()
            _when_all_connected(database)


def _resynchronised(database, arn, source):
    if any(outage.affects(region_of(cluster)) for cluster in (arn, source)):
        return False
    facts = {"globalCluster": database["GlobalClusterIdentifier"], "writer": _names(source), **_names(arn)}
    try:
        drill.send("member-resynchronised", **facts, snapshot=_snapshot_of(arn))
    except Exception:
        log.exception("the resynchronisation of %s failed", arn)
        return False
    return True


_keepers = []


def keep_volumes(keep):
    """Decorator: the function makes a snapshot of a volume that a failover has left, and returns its name."""
    _keepers.append(keep)
    return keep


def _snapshot_of(arn):
    """Once for each failover, however often the resynchronisation is tried."""
    cluster = cluster_of(arn)
    if "_kept" not in cluster:
        cluster["_kept"] = "".join(keep(arn) for keep in _keepers)
    return cluster["_kept"]


def member_gone(database):
    with lock:
        _when_all_connected(database)


def _when_all_connected(database):
    """The global cluster is available when its topology is whole again, which after a failover may take hours."""
    whole = not database.get("_lost") and all(m["SynchronizationStatus"] == "connected" for m in members(database))
    if not operation(database):
        database["Status"] = "available" if whole else "failing-over"
