"""RDS: AWS::RDS::GlobalCluster, DBCluster and DBInstance, and what AWS refuses of a global database."""

from taught import clients, cloudformation, drill, global_database, hooks, outage
from taught.refusals import Refusal, first

rds = hooks.ministack(
    "services.rds",
    "_ACTION_MAP", "_p", "_error", "_xml", "_global_cluster_xml", "_cluster_xml", "_clusters", "_instances",
    "_global_clusters", "_refresh_global_cluster_readers", "run_offloop",
)  # fmt: skip
responses = hooks.ministack("core.responses", "get_region")
concurrency = hooks.ministack("core.concurrency", "run_reentrant")
provisioners = cloudformation.provisioners


@hooks.wrap(rds, "run_offloop")
async def _on_a_thread_of_its_own(_original, handler, *args):
    """The drill is told from within, and may call back: from a bounded pool it could wait for itself."""
    return await concurrency.run_reentrant(handler, *args)


# --- Refusals ---------------------------------------------------------------------------------------------------------

GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/"
API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
REQUIREMENTS = GUIDE + "aurora-global-database-getting-started.html#aurora-global-database.configuration.requirements"
RECOVERY = GUIDE + "aurora-global-database-disaster-recovery.html"


class Request:
    """An RDS request, by what refusals ask of it."""

    def __init__(self, params):
        self.params = params
        self.region = responses.get_region()
        self.id = self["DBClusterIdentifier"]
        self.instance = rds._instances.get(self["DBInstanceIdentifier"]) or {}
        self.cluster = rds._clusters.get(self.id or self.instance.get("DBClusterIdentifier") or "") or {}
        self.database = rds._global_clusters.get(self["GlobalClusterIdentifier"]) or global_database.database_of(self.cluster)
        self.members = global_database.members(self.database) if self.database else []
        self.writer = global_database.writer(self.database) if self.database else None
        # An identifier without a region names a cluster of this region only.
        self.target = self["TargetDbClusterIdentifier"]
        self.target_member = global_database.member(self.database, self.target) if self.database else None
        self.running = global_database.operation(self.database) if self.database else None

    def __getitem__(self, name):
        return rds._p(self.params, name)

    @property
    def arn(self):
        return self.database["GlobalClusterArn"]

    @property
    def joins(self):
        """It creates a cluster of a global database that has a writer."""
        return bool(self["GlobalClusterIdentifier"] and self.writer)

    @property
    def encrypted(self):
        return self["StorageEncrypted"] == "true"

    @property
    def removed(self):
        """The member that RemoveFromGlobalCluster names, by identifier in its region or by ARN."""
        named = self["DbClusterIdentifier"]
        return next((m for m in self.members if named in (m["DBClusterArn"], _own_id(m, self.region))), None)

    @property
    def target_cluster(self):
        return global_database.cluster_of(self.target) or {}

    @property
    def regions_down(self):
        return [r for r in {global_database.region_of(m["DBClusterArn"]) for m in (self.writer, self.target_member)} if outage.is_down(r)]


def _own_id(m, region):
    arn = m["DBClusterArn"]
    return global_database.name_of(arn) if global_database.region_of(arn) == region else None


def _set(name):
    return lambda r: bool(r.joins and r[name])


JOINING = "https://github.com/cloudposse/terraform-aws-rds-cluster/issues/157"
MANAGED_PASSWORD = GUIDE + "rds-secrets-manager.html#rds-secrets-manager-limitations"

CREATE_CLUSTER = [
    Refusal(lambda r: r["GlobalClusterIdentifier"] and not r.database, "GlobalClusterNotFoundFault",
            "The global cluster {request[GlobalClusterIdentifier]} was not found.", API + "API_CreateDBCluster.html", 404),
    Refusal(_set("MasterUsername"), "InvalidParameterCombination",
            "Cannot specify user name for cross region replication cluster", JOINING),
    Refusal(_set("MasterUserPassword"), "InvalidParameterCombination",
            "Cannot specify password for cross region replication cluster", "https://github.com/crossplane-contrib/provider-aws/issues/2072"),
    Refusal(_set("DatabaseName"), "InvalidParameterCombination",
            "Cannot specify database name for cross region replication cluster", JOINING),
    Refusal(lambda r: r["GlobalClusterIdentifier"] and r["ManageMasterUserPassword"] == "true", "InvalidParameterCombination",
            "ManageMasterUserPassword is not supported for clusters in a global database.", MANAGED_PASSWORD),
    Refusal(lambda r: r.joins and not r.encrypted and r.database.get("StorageEncrypted"), "InvalidParameterCombination",
            "Cannot create a cross region unencrypted read replica from encrypted source.", "https://github.com/terraform-aws-modules/terraform-aws-rds/pull/428"),
    Refusal(lambda r: r.joins and r.encrypted and not r["KmsKeyId"], "InvalidParameterCombination",
            "KmsKeyId should be explicitly specified for an encrypted cross region replication cluster.", API + "API_CreateDBCluster.html"),
    Refusal(lambda r: r["KmsKeyId"].startswith("arn:") and r["KmsKeyId"].split(":")[3] != r.region, "KMSKeyNotAccessibleFault",
            "The specified KMS key [{request[KmsKeyId]}] does not exist, is not enabled or you do not have permissions to access it.", API + "API_CreateDBCluster.html"),
    Refusal(lambda r: r.joins and any(global_database.name_of(m["DBClusterArn"]) == r.id for m in r.members), "DBClusterAlreadyExistsFault",
            "DB cluster {request.id} already exists in another region of the global cluster.", REQUIREMENTS),
    Refusal(lambda r: not r.joins and not (r["MasterUsername"] or r["SnapshotIdentifier"]), "InvalidParameterValue",
            "The parameter MasterUsername must be provided and must not be blank.", API + "API_CreateDBCluster.html"),
    Refusal(lambda r: r.running, "InvalidGlobalClusterStateFault",
            "The global cluster {request.arn} is {request.running[status]}.", API + "API_CreateDBCluster.html"),
]  # fmt: skip

BURSTABLE = "https://github.com/hashicorp/terraform-provider-aws/issues/27736"
BURSTABLE_CLASS = Refusal(
    lambda r: r.database and r["DBInstanceClass"].startswith("db.t"), "InvalidParameterCombination",
    "The requested instance class is not supported by global databases: {request[DBInstanceClass]}", BURSTABLE)  # fmt: skip


def _is_last_instance_of_writer(r):
    readers_elsewhere = len(r.members) > 1
    return readers_elsewhere and r.writer["DBClusterArn"] == r.cluster["DBClusterArn"] and len(r.cluster["DBClusterMembers"]) == 1


def _may_not_start(r):
    """One operation at a time; only a failover may take over, from a switchover that hangs."""
    allowed = r["AllowDataLoss"] == "true" and r.running and global_database.hangs_for_good(r.running)
    return r.running and not allowed


# Both ways to move the writer.
MOVE = [
    Refusal(lambda r: not r.database, "GlobalClusterNotFoundFault",
            "The global cluster {request[GlobalClusterIdentifier]} was not found.", API + "API_FailoverGlobalCluster.html", 404),
    Refusal(lambda r: not r.target_member, "DBClusterNotFoundFault",
            "DBCluster {request.target} not found: name a member of the global cluster by its ARN.", API + "API_SwitchoverGlobalCluster.html", 404),
    Refusal(_may_not_start, "InvalidGlobalClusterStateFault",
            "The global cluster {request.arn} is {request.running[status]}.", API + "API_FailoverGlobalCluster.html"),
    Refusal(lambda r: r.target_member["IsWriter"], "InvalidGlobalClusterStateFault",
            "The DB cluster {request.target} is already the primary cluster.", API + "API_SwitchoverGlobalCluster.html"),
    Refusal(lambda r: r.target_member["SynchronizationStatus"] != "connected", "InvalidGlobalClusterStateFault",
            "The DB cluster {request.target} is not synchronized with the primary cluster.", RECOVERY),
    # RDS-EVENT-0519
    Refusal(lambda r: not r.target_cluster.get("DBClusterMembers"), "InvalidDBClusterStateFault",
            "The DB cluster {request.target} has no DB instances.", GUIDE + "USER_Events.Messages.html"),
]  # fmt: skip

SWITCHOVER = MOVE + [
    Refusal(lambda r: r.region != global_database.region_of(r.writer["DBClusterArn"]), "InvalidGlobalClusterStateFault",
            "A switchover is called in the Region of the primary cluster, {request.writer[DBClusterArn]}.", RECOVERY + "#aurora-global-database-disaster-recovery.managed-failover"),
    Refusal(lambda r: r.regions_down, "InvalidGlobalClusterStateFault",
            "The global cluster {request.arn} is not healthy in every Region.", RECOVERY + "#aurora-global-database-disaster-recovery.managed-failover"),
]  # fmt: skip

FAILOVER = MOVE + [
    Refusal(lambda r: r["Switchover"] == "true", "InvalidParameterCombination",
            "AllowDataLoss and Switchover can't be used together.", API + "API_FailoverGlobalCluster.html"),
    Refusal(lambda r: r.region != global_database.region_of(r.target), "InvalidGlobalClusterStateFault",
            "A failover is called in the Region of the cluster to promote, {request.target}.", RECOVERY + "#aurora-global-database-failover.managed-unplanned"),
]  # fmt: skip

REFUSALS = {
    "CreateGlobalCluster": [
        Refusal(lambda r: r["SourceDBClusterIdentifier"] and (r["Engine"] or r["EngineVersion"] or r["StorageEncrypted"]), "InvalidParameterCombination",
                "Engine, EngineVersion and StorageEncrypted can't be specified together with SourceDBClusterIdentifier.", API + "API_CreateGlobalCluster.html"),
        Refusal(lambda r: not (r["SourceDBClusterIdentifier"] or r["Engine"]), "InvalidParameterValue",
                "Value for engineName should be specified", "https://github.com/awsdocs/aws-cloudformation-user-guide/issues/1049"),
    ],
    "CreateDBCluster": CREATE_CLUSTER,
    "ModifyDBCluster": [
        Refusal(lambda r: r.database and r["ManageMasterUserPassword"] == "true", "InvalidParameterCombination",
                "ManageMasterUserPassword is not supported for clusters in a global database.", MANAGED_PASSWORD),
    ],
    "StopDBCluster": [
        Refusal(lambda r: r.database, "InvalidDBClusterStateFault",
                "A cluster that is a part of a global cluster can't be stopped.", GUIDE + "aurora-cluster-stop-start.html"),
    ],
    "CreateDBInstance": [
        Refusal(lambda r: r.id and not r.cluster, "DBClusterNotFoundFault",
                "DBCluster {request.id} not found.", API + "API_CreateDBInstance.html", 404),
        BURSTABLE_CLASS,
    ],
    "ModifyDBInstance": [BURSTABLE_CLASS],
    "DeleteDBInstance": [
        Refusal(lambda r: r.database and _is_last_instance_of_writer(r), "InvalidDBClusterStateFault",
                "Cannot delete the last instance of the master cluster. Delete the replica cluster before deleting the last master cluster instance.",
                "https://github.com/rebuy-de/aws-nuke/issues/570"),
    ],
    "DeleteDBCluster": [
        Refusal(lambda r: r.cluster.get("DBClusterMembers"), "InvalidDBClusterStateFault",
                "Cluster cannot be deleted, it still contains DB instances in non-deleting state.", API + "API_DeleteDBCluster.html"),
        Refusal(lambda r: r.database and global_database.member(r.database, r.cluster["DBClusterArn"]), "InvalidDBClusterStateFault",
                "This cluster is a part of a global cluster, please remove it from globalcluster first", "https://github.com/hashicorp/terraform-provider-aws/issues/39909"),
    ],
    "DeleteGlobalCluster": [
        Refusal(lambda r: r.members, "InvalidGlobalClusterStateFault",
                "Global Cluster {request.arn} is not empty", API + "API_DeleteGlobalCluster.html"),
    ],
    "RemoveFromGlobalCluster": [
        Refusal(lambda r: r.database and not r.removed, "DBClusterNotFoundFault",
                "DBCluster {request[DbClusterIdentifier]} is not a member of the global cluster.", API + "API_RemoveFromGlobalCluster.html", 404),
        Refusal(lambda r: r.running, "InvalidGlobalClusterStateFault",
                "The global cluster {request.arn} is {request.running[status]}.", API + "API_RemoveFromGlobalCluster.html"),
        Refusal(lambda r: r.removed and r.removed["IsWriter"] and len(r.members) > 1, "InvalidGlobalClusterStateFault",
                "Unable to delete cluster that is a primary member of global cluster while there are other global cluster members",
                "https://github.com/gruntwork-io/cloud-nuke/issues/597"),
    ],
    "SwitchoverGlobalCluster": SWITCHOVER,
}  # fmt: skip


def _refuse(action):
    @hooks.wrap(rds._ACTION_MAP, action)
    def checked(original, params):
        request = Request(params)
        refused = first(REFUSALS[action], request)
        return rds._error(*refused) if refused else original(params)


# --- Actions ----------------------------------------------------------------------------------------------------------


@hooks.wrap(rds._ACTION_MAP, "SwitchoverGlobalCluster")
def _switchover(_original, params):
    return _move(params, "switchover", "SwitchoverGlobalCluster")


@hooks.wrap(rds._ACTION_MAP, "FailoverGlobalCluster")
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


@hooks.wrap(rds._ACTION_MAP, "RemoveFromGlobalCluster")
def _remove(original, params):
    request = Request(params)
    # ministack looks an identifier up in every region; it means this one.
    params = {**params, "DbClusterIdentifier": [request.removed["DBClusterArn"]]} if request.removed else params
    return original(params)


@hooks.wrap(rds._ACTION_MAP, "CreateDBInstance")
def _create_instance(original, params):
    answer = original(params)
    if answer[0] != 200:
        return answer
    instance = rds._instances[rds._p(params, "DBInstanceIdentifier")]
    suffix = instance["DbiResourceId"].lower()[3:15]
    instance["Endpoint"]["Address"] = f"{instance['DBInstanceIdentifier']}.{suffix}.{responses.get_region()}.rds.amazonaws.com"
    try:
        drill.tell("database-created", **_instance_facts(instance))
    except Exception as error:
        rds._ACTION_MAP["DeleteDBInstance"]({"DBInstanceIdentifier": [instance["DBInstanceIdentifier"]], "SkipFinalSnapshot": ["true"]})
        return rds._error("InternalFailure", str(error), 500)
    return _with_address(answer, instance)


def _with_address(answer, instance):
    """The answer was written before the address was known."""
    inner = f"<CreateDBInstanceResult><DBInstance>{rds._instance_xml(instance)}</DBInstance></CreateDBInstanceResult>"
    return rds._xml(answer[0], "CreateDBInstanceResponse", inner)


@hooks.wrap(rds._ACTION_MAP, "DeleteDBInstance")
def _delete_instance(original, params):
    instance = rds._instances.get(rds._p(params, "DBInstanceIdentifier"))
    facts = _instance_facts(instance) if instance else {}
    answer = original(params)
    if answer[0] == 200:
        drill.tell("database-deleted", **facts)
    return answer


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
    }


@hooks.wrap(rds, "_sync_cluster_endpoints")
def _keep_endpoints(_original, _cluster):
    """ministack points a cluster at the container that it would run; the names are AWS's here."""


@hooks.wrap(rds, "_cluster_xml")
def _cluster_xml(original, cluster):
    """A reader's cluster endpoint is inactive and not listed: https://github.com/hashicorp/terraform-provider-aws/issues/14219"""
    text = original(cluster)
    return text.replace(f"<Endpoint>{cluster['Endpoint']}</Endpoint>", "") if global_database.is_reader(cluster) else text


for _action in REFUSALS:
    _refuse(_action)


# --- CloudFormation ---------------------------------------------------------------------------------------------------


def _named(props, key, stack_name, logical_id):
    return {**props, key: props.get(key) or cloudformation.physical_name(stack_name, logical_id)}


def create_global_cluster(logical_id, props, stack_name):
    props = _named(props, "GlobalClusterIdentifier", stack_name, logical_id)
    clients.call("rds", "CreateGlobalCluster", props)
    return props["GlobalClusterIdentifier"], {}


def update_global_cluster(physical_id, old, new):
    clients.call("rds", "ModifyGlobalCluster", {**new, "GlobalClusterIdentifier": physical_id})
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
        raise RuntimeError("Resource handler returned message: \"Resource is immutable\" (HandlerErrorCode: NotUpdatable)")
    if before and not after:
        clients.call("rds", "RemoveFromGlobalCluster", {"GlobalClusterIdentifier": before, "DbClusterIdentifier": _cluster(physical_id)["DBClusterArn"]})
    changed = {k: v for k, v in new.items() if old.get(k) != v}
    clients.call("rds", "ModifyDBCluster", {**changed, "DBClusterIdentifier": physical_id, "ApplyImmediately": True})
    return _cluster_attributes(physical_id)


def delete_cluster(physical_id, props):
    """CloudFormation's handler takes a cluster out of the global cluster when the template names one, and fails when
    it has left already: https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds
    """
    if props.get("GlobalClusterIdentifier"):
        arn = _cluster(physical_id)["DBClusterArn"]
        clients.call("rds", "RemoveFromGlobalCluster", {"GlobalClusterIdentifier": props["GlobalClusterIdentifier"], "DbClusterIdentifier": arn})
    clients.call("rds", "DeleteDBCluster", {"DBClusterIdentifier": physical_id, "SkipFinalSnapshot": True})


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
    {"create": create_cluster, "update": update_cluster, "delete": delete_cluster},
    replaced_by=provisioners._RDS_DB_CLUSTER_CREATE_ONLY,
    tagged=True,
)
cloudformation.teach(
    "AWS::RDS::DBInstance",
    {"create": create_instance, "update": update_instance, "delete": delete_instance},
    replaced_by=provisioners._RDS_DB_INSTANCE_CREATE_ONLY,
    tagged=True,
)
