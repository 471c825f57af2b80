"""RDS: what AWS refuses of a global database and its members, action by action."""

from taught import engine_versions, global_database, outage, patches
from taught.refusals import Refusal

rds = patches.ministack(
    "services.rds",
    "_p",
    "_clusters",
    "_instances",
    "_global_clusters",
    "_db_cluster_param_groups",
    "_parse_member_list",
)
responses = patches.ministack("core.responses", "get_region")

GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/"
API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/"
REQUIREMENTS = GUIDE + "aurora-global-database-getting-started.html#aurora-global-database.configuration.requirements"
RECOVERY = GUIDE + "aurora-global-database-disaster-recovery.html"


# Of Aurora MySQL: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html
LOGS = ("audit", "error", "general", "instance", "slowquery", "iam-db-auth-error")


class Request:
    """An RDS request, by what refusals ask of it."""

    def __init__(self, params):
        self.params = params
        self.region = responses.get_region()
        self.id = self["DBClusterIdentifier"]
        self.instance = rds._instances.get(self["DBInstanceIdentifier"]) or {}
        self.cluster = rds._clusters.get(self.id or self.instance.get("DBClusterIdentifier") or "") or {}
        self.database = rds._global_clusters.get(self["GlobalClusterIdentifier"]) or global_database.database_of(
            self.cluster
        )
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
    def way(self):
        return "failover" if self["AllowDataLoss"] == "true" else "switchover"

    @property
    def upgrades(self):
        """The version that a cluster of MySQL is to have, when it is another one."""
        asked, current = self["EngineVersion"], (self.cluster or self.database or {}).get("EngineVersion", "")
        return asked if asked != current and "mysql_aurora" in asked and "mysql_aurora" in current else None

    @property
    def parameters(self):
        """The parameter group that is named, when there is no such one."""
        name = self["DBClusterParameterGroupName"]
        known = not name or name.startswith("default.") or name in rds._db_cluster_param_groups
        return None if known else name

    @property
    def unknown_logs(self):
        exported = rds._parse_member_list(self.params, "EnableCloudwatchLogsExports")
        return ", ".join(f"'{log}'" for log in exported if log not in LOGS)

    @property
    def is_writer(self):
        return bool(self.writer and self.writer["DBClusterArn"] == self.cluster.get("DBClusterArn"))

    @property
    def readers_versions(self):
        readers = [m["DBClusterArn"] for m in self.members if not m["IsWriter"]]
        return [global_database.cluster_of(arn)["EngineVersion"] for arn in readers]

    @property
    def regions_down(self):
        return [
            r
            for r in {global_database.region_of(m["DBClusterArn"]) for m in (self.writer, self.target_member)}
            if outage.affects(r)
        ]


def _own_id(m, region):
    arn = m["DBClusterArn"]
    return global_database.name_of(arn) if global_database.region_of(arn) == region else None


def _set(name):
    return lambda r: bool(r.joins and r[name])


JOINING = "https://github.com/cloudposse/terraform-aws-rds-cluster/issues/157"
MANAGED_PASSWORD = GUIDE + "rds-secrets-manager.html#rds-secrets-manager-limitations"

CREATE_CLUSTER = [
    Refusal(
        lambda r: r.parameters,
        "DBClusterParameterGroupNotFound",
        "DBClusterParameterGroup not found: {request.parameters}",
        API + "API_CreateDBCluster.html",
        404,
    ),
    Refusal(
        lambda r: r.unknown_logs,
        "InvalidParameterCombination",
        "You cannot use the log types {request.unknown_logs} with engine version aurora-mysql {request[EngineVersion]}. "
        "For supported log types, see the documentation.",
        "https://github.com/awsdocs/amazon-rds-user-guide/issues/80",
    ),
    Refusal(
        lambda r: r["GlobalClusterIdentifier"] and not r.database,
        "GlobalClusterNotFoundFault",
        "The global cluster {request[GlobalClusterIdentifier]} was not found.",
        API + "API_CreateDBCluster.html",
        404,
    ),
    Refusal(
        _set("MasterUsername"),
        "InvalidParameterCombination",
        "Cannot specify user name for cross region replication cluster",
        JOINING,
    ),
    Refusal(
        _set("MasterUserPassword"),
        "InvalidParameterCombination",
        "Cannot specify password for cross region replication cluster",
        "https://github.com/crossplane-contrib/provider-aws/issues/2072",
    ),
    Refusal(
        _set("DatabaseName"),
        "InvalidParameterCombination",
        "Cannot specify database name for cross region replication cluster",
        JOINING,
    ),
    Refusal(
        lambda r: r["GlobalClusterIdentifier"] and r["ManageMasterUserPassword"] == "true",
        "InvalidParameterCombination",
        "ManageMasterUserPassword is not supported for clusters in a global database.",
        MANAGED_PASSWORD,
    ),
    Refusal(
        lambda r: r.joins and not r.encrypted and r.database.get("StorageEncrypted"),
        "InvalidParameterCombination",
        "Cannot create a cross region unencrypted read replica from encrypted source.",
        "https://github.com/terraform-aws-modules/terraform-aws-rds/pull/428",
    ),
    Refusal(
        lambda r: r.joins and r.encrypted and not r["KmsKeyId"],
        "InvalidParameterCombination",
        "KmsKeyId should be explicitly specified for an encrypted cross region replication cluster.",
        API + "API_CreateDBCluster.html",
    ),
    Refusal(
        lambda r: r["KmsKeyId"].startswith("arn:") and r["KmsKeyId"].split(":")[3] != r.region,
        "KMSKeyNotAccessibleFault",
        "The specified KMS key [{request[KmsKeyId]}] does not exist, is not enabled or you do not have permissions "
        "to access it.",
        API + "API_CreateDBCluster.html",
    ),
    Refusal(
        lambda r: r.joins and any(global_database.name_of(m["DBClusterArn"]) == r.id for m in r.members),
        "DBClusterAlreadyExistsFault",
        "DB cluster {request.id} already exists in another region of the global cluster.",
        REQUIREMENTS,
    ),
    Refusal(
        lambda r: not r.joins and not (r["MasterUsername"] or r["SnapshotIdentifier"]),
        "InvalidParameterValue",
        "The parameter MasterUsername must be provided and must not be blank.",
        API + "API_CreateDBCluster.html",
    ),
    Refusal(
        lambda r: r.running,
        "InvalidGlobalClusterStateFault",
        "The global cluster {request.arn} is {request.running[status]}.",
        API + "API_CreateDBCluster.html",
    ),
]

BURSTABLE = "https://github.com/hashicorp/terraform-provider-aws/issues/27736"
BURSTABLE_CLASS = Refusal(
    lambda r: r.database and r["DBInstanceClass"].startswith("db.t"),
    "InvalidParameterCombination",
    "The requested instance class is not supported by global databases: {request[DBInstanceClass]}",
    BURSTABLE,
)


def _is_last_instance_of_writer(r):
    readers_elsewhere = len(r.members) > 1
    return (
        readers_elsewhere
        and r.writer["DBClusterArn"] == r.cluster["DBClusterArn"]
        and len(r.cluster["DBClusterMembers"]) == 1
    )


def _may_not_start(r):
    """One operation at a time; only a failover may replace a switchover that hangs."""
    allowed = r["AllowDataLoss"] == "true" and r.running and global_database.hangs_for_good(r.running)
    return r.running and not allowed


def _other_version(r):
    writer = global_database.cluster_of(r.writer["DBClusterArn"])
    return writer["EngineVersion"] != r.target_cluster["EngineVersion"]


# Both ways to move the writer.
MOVE = [
    Refusal(
        lambda r: not r.database,
        "GlobalClusterNotFoundFault",
        "The global cluster {request[GlobalClusterIdentifier]} was not found.",
        API + "API_FailoverGlobalCluster.html",
        404,
    ),
    Refusal(
        lambda r: not r.target_member,
        "DBClusterNotFoundFault",
        "DBCluster {request.target} not found: name a member of the global cluster by its ARN.",
        API + "API_SwitchoverGlobalCluster.html",
        404,
    ),
    Refusal(
        _may_not_start,
        "InvalidGlobalClusterStateFault",
        "The global cluster {request.arn} is {request.running[status]}.",
        API + "API_FailoverGlobalCluster.html",
    ),
    Refusal(
        lambda r: r.target_member["IsWriter"],
        "InvalidGlobalClusterStateFault",
        "The DB cluster {request.target} is already the primary cluster.",
        API + "API_SwitchoverGlobalCluster.html",
    ),
    # Seen of a switchover that followed another one at once.
    Refusal(
        lambda r: not global_database.replicates(r.target_member),
        "InvalidDBClusterStateFault",
        "The {request.way} request is not successful because replication setup is still in progress. "
        "Please retry the request later.",
        "https://github.com/camunda/camunda-deployment-references/blob/main/aws/containers/ecs-dual-region-fargate/test/"
        "restore-aurora-writers.sh",
    ),
    # The patch levels too: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-upgrade.html
    Refusal(
        _other_version,
        "InvalidDBClusterStateFault",
        "Target cluster {request.target_cluster[DBClusterIdentifier]} must have the same engine version as current "
        "primary cluster",
        "https://repost.aws/knowledge-center/aurora-postgresql-global-mismatch",
    ),
    # RDS-EVENT-0519
    Refusal(
        lambda r: not r.target_cluster.get("DBClusterMembers"),
        "InvalidDBClusterStateFault",
        "The DB cluster {request.target} has no DB instances.",
        GUIDE + "USER_Events.Messages.html",
    ),
]

SWITCHOVER = MOVE + [
    Refusal(
        lambda r: r.region != global_database.region_of(r.writer["DBClusterArn"]),
        "InvalidGlobalClusterStateFault",
        "A switchover is called in the Region of the primary cluster, {request.writer[DBClusterArn]}.",
        RECOVERY + "#aurora-global-database-disaster-recovery.managed-failover",
    ),
    Refusal(
        lambda r: r.regions_down,
        "InvalidGlobalClusterStateFault",
        "The global cluster {request.arn} is not healthy in every Region.",
        RECOVERY + "#aurora-global-database-disaster-recovery.managed-failover",
    ),
]

FAILOVER = MOVE + [
    Refusal(
        lambda r: r["Switchover"] == "true",
        "InvalidParameterCombination",
        "AllowDataLoss and Switchover can't be used together.",
        API + "API_FailoverGlobalCluster.html",
    ),
    Refusal(
        lambda r: r.region != global_database.region_of(r.target),
        "InvalidGlobalClusterStateFault",
        "A failover is called in the Region of the cluster to promote, {request.target}.",
        RECOVERY + "#aurora-global-database-failover.managed-unplanned",
    ),
]


def _is_downgrade(r):
    return r.upgrades and engine_versions.parts(r.upgrades) < engine_versions.parts(r.cluster["EngineVersion"])


def _is_minor_upgrade_in_place(r):
    return r.upgrades and len(r.members) > 1 and not engine_versions.is_patch(r.cluster["EngineVersion"], r.upgrades)


def _is_ahead_of_its_readers(r):
    asked = engine_versions.parts(r.upgrades) if r.upgrades and r.is_writer else ()
    return any(asked > engine_versions.parts(version) for version in r.readers_versions)


# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Updates.Patching.ModifyEngineVersion.html
UPGRADES = [
    Refusal(
        _is_downgrade,
        "InvalidParameterCombination",
        "Cannot upgrade aurora-mysql from {request.cluster[EngineVersion]} to {request.upgrades}",
        "https://github.com/ministryofjustice/cloud-platform-environments/pull/7615",
    ),
    Refusal(
        _is_minor_upgrade_in_place,
        "InvalidParameterValue",
        "In-place minor version upgrade of Aurora MySQL global database cluster '{request.id}' to Aurora MySQL engine "
        "version {request.upgrades} isn't supported. The selected target version {request.upgrades} supports a higher "
        "version of community MySQL that introduces changes incompatible with previous minor versions of Aurora MySQL. "
        "See the Aurora documentation for how to perform a minor version upgrade on global database clusters.",
        "https://repost.aws/knowledge-center/aurora-mysql-global-cluster-upgrade",
    ),
    Refusal(
        _is_ahead_of_its_readers,
        "InvalidParameterValue",
        "Cannot upgrade DB cluster '{request.id}' to engine version {request.upgrades} as global replica(s) are running "
        "lower version. Please upgrade global replicas first before upgrading the primary member.",
        "https://github.com/hashicorp/terraform-provider-aws/issues/29487",
    ),
]

REFUSALS = {
    "CreateGlobalCluster": [
        Refusal(
            lambda r: r["SourceDBClusterIdentifier"] and (r["Engine"] or r["EngineVersion"] or r["StorageEncrypted"]),
            "InvalidParameterCombination",
            "Engine, EngineVersion and StorageEncrypted can't be specified together with SourceDBClusterIdentifier.",
            API + "API_CreateGlobalCluster.html",
        ),
        Refusal(
            lambda r: not (r["SourceDBClusterIdentifier"] or r["Engine"]),
            "InvalidParameterValue",
            "Value for engineName should be specified",
            "https://github.com/awsdocs/aws-cloudformation-user-guide/issues/1049",
        ),
    ],
    "ModifyGlobalCluster": [
        Refusal(
            lambda r: r.upgrades and engine_versions.parts(r.upgrades)[0] == 3,
            "InvalidParameterValue",
            "Amazon RDS can't perform minor version upgrades through ModifyGlobalCluster for this database engine.",
            "https://github.com/hashicorp/terraform-provider-aws/pull/47448",
        ),
    ],
    "CreateDBCluster": CREATE_CLUSTER,
    "ModifyDBCluster": [
        *UPGRADES,
        Refusal(
            lambda r: r.database and r["ManageMasterUserPassword"] == "true",
            "InvalidParameterCombination",
            "ManageMasterUserPassword is not supported for clusters in a global database.",
            MANAGED_PASSWORD,
        ),
    ],
    "StopDBCluster": [
        Refusal(
            lambda r: r.database,
            "InvalidDBClusterStateFault",
            "A cluster that is a part of a global cluster can't be stopped.",
            GUIDE + "aurora-cluster-stop-start.html",
        ),
    ],
    "CreateDBInstance": [
        Refusal(
            lambda r: r.id and not r.cluster,
            "DBClusterNotFoundFault",
            "DBCluster {request.id} not found.",
            API + "API_CreateDBInstance.html",
            404,
        ),
        Refusal(
            lambda r: r.cluster.get("Status") == "creating",
            "InvalidDBClusterStateFault",
            "DB cluster {request.id} is in creating state, and has to be available.",
            API + "API_RestoreDBClusterToPointInTime.html",
        ),
        BURSTABLE_CLASS,
    ],
    "ModifyDBInstance": [BURSTABLE_CLASS],
    "DeleteDBInstance": [
        Refusal(
            lambda r: r.database and _is_last_instance_of_writer(r),
            "InvalidDBClusterStateFault",
            "Cannot delete the last instance of the master cluster. "
            "Delete the replica cluster before deleting the last master cluster instance.",
            "https://github.com/rebuy-de/aws-nuke/issues/570",
        ),
    ],
    "DeleteDBCluster": [
        Refusal(
            lambda r: r.cluster.get("DBClusterMembers"),
            "InvalidDBClusterStateFault",
            "Cluster cannot be deleted, it still contains DB instances in non-deleting state.",
            API + "API_DeleteDBCluster.html",
        ),
        Refusal(
            lambda r: r.database and global_database.member(r.database, r.cluster["DBClusterArn"]),
            "InvalidDBClusterStateFault",
            "This cluster is a part of a global cluster, please remove it from globalcluster first",
            "https://github.com/hashicorp/terraform-provider-aws/issues/39909",
        ),
    ],
    "DeleteGlobalCluster": [
        Refusal(
            lambda r: r.members,
            "InvalidGlobalClusterStateFault",
            "Global Cluster {request.arn} is not empty",
            API + "API_DeleteGlobalCluster.html",
        ),
    ],
    "RemoveFromGlobalCluster": [
        Refusal(
            lambda r: r.database and not r.removed,
            "DBClusterNotFoundFault",
            "DBCluster {request[DbClusterIdentifier]} is not a member of the global cluster.",
            API + "API_RemoveFromGlobalCluster.html",
            404,
        ),
        Refusal(
            lambda r: r.running,
            "InvalidGlobalClusterStateFault",
            "The global cluster {request.arn} is {request.running[status]}.",
            API + "API_RemoveFromGlobalCluster.html",
        ),
        Refusal(
            lambda r: r.removed and r.removed["IsWriter"] and len(r.members) > 1,
            "InvalidGlobalClusterStateFault",
            "Unable to delete cluster that is a primary member of global cluster while there are other global "
            "cluster members",
            "https://github.com/gruntwork-io/cloud-nuke/issues/597",
        ),
    ],
    "SwitchoverGlobalCluster": SWITCHOVER,
}
