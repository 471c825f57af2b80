"""Custom::RegionRole declares the role that its region plays, active or pilot-light, and makes the database agree: the
active region's cluster is the writer of the global database. It refuses what would leave both regions dark or delete
the only copy of the data.

An active region's cluster becomes the writer by a failover, which may lose writes and asks no other region, or by a
switchover, which loses none and needs both regions. A pilot light only ever hands back by a switchover.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

import datetime

ACTS = {
    "Create": ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"),
    "Update": ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"),
    "Delete": ("DELETE_IN_PROGRESS",),
}
# Between two looks at the global database, and between two tries of what AWS does not accept yet.
LOOK_SECONDS, TRY_SECONDS = 1, 10
# An operation that has begun shows in the global database within this time, or AWS has given it up.
SHOWS_SECONDS = 60
# CloudWatch publishes a reader's lag once a minute; one that was the writer a moment ago has none yet.
LAG_SECONDS, LAG_ALLOWED_MS = 180, 60_000
# The replica of a new secret takes seconds.
SECRET_SECONDS = 120
# What AWS answers while it cannot begin an operation.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverGlobalCluster.html
NOT_NOW = ("InvalidGlobalClusterStateFault", "InvalidDBClusterStateFault")


def act(event, context):
    region, asked = Region(event, context), event["ResourceProperties"]
    if event["RequestType"] == "Delete":
        return leave(region)
    if asked["Role"] == "pilot-light":
        return be_pilot_light(region)
    return fail_over(region) if asked["Way"] == "failover" else switch_over(region)


# --- What is asked for ------------------------------------------------------------------------------------------------


def fail_over(region):
    """Asks nothing of the other region. A switchover that hangs, because it needs the other region, is asked away."""
    now, move = region.look(), Move("failover", region)
    if not now.writes(region.own):
        move.note_lag(region.own)
    while not now.writes(region.own):
        if now.moves_to(region.own) and now.lossy:
            move.join()
            break
        if not now.is_writer(region.own) and move.begin(region.rds.failover_global_cluster, region.own, AllowDataLoss=True):
            break
        now = region.wait(TRY_SECONDS, "the operation that is under way")
    move.await_writer(region.own)
    return move.said()


def switch_over(region):
    return move_without_loss(region, region.look(), region.own, "switchover")


def be_pilot_light(region):
    region.await_secret()
    now = region.await_end_of_moves(but=region.other)
    if not now.is_writer(region.own):
        return "nothing: not the writer"
    if not now.moves:
        refuse_only_copy(region, now)
        refuse_both_dark(region, now)
    return move_without_loss(region, now, region.other, "hand-back")


def leave(region):
    """The stack is deleted, and takes its cluster along."""
    if region.side == "primary":
        refuse_first_member(region, region.look())
        return "nothing: the last member goes"
    now = region.await_end_of_moves(but=region.other)
    if not now.is_writer(region.own):
        return "nothing: not the writer"
    refuse_only_copy(region, now)
    said = move_without_loss(region, now, region.other, "hand-back")
    region.await_whole()
    return said


def move_without_loss(region, now, target, word):
    """A switchover to a target, called in the region of the writer. One that is under way is joined, any other waited out."""
    move = Move(word, region)
    while not now.is_writer(target) and not now.moves_to(target):
        pause = LOOK_SECONDS
        if not now.moves and now.connected(target):
            move.note_lag(target)
            if move.begin(client("rds", region_of(now.writer)).switchover_global_cluster, target):
                break
            pause = TRY_SECONDS
        now = region.wait(pause, f"{target} to be ready for a {word}")
    if now.moves_to(target):
        move.join()
    move.await_writer(target)
    return move.said()


# --- What is refused --------------------------------------------------------------------------------------------------


def refuse_first_member(region, now):
    if now.is_member(region.other):
        raise Refused(
            f"destroy {region.other_stack} first (`cdk destroy --all` without the failover flag): "
            f"{region.other} is still a member of the global database"
        )


def refuse_only_copy(region, now):
    if not now.is_member(region.other):
        raise Refused(
            f"this is the only copy of the data: {region.other} is not in the global database; "
            "AWS adds it back when its region is healthy"
        )


def refuse_both_dark(region, now):
    """Who stops selling here must sell there first."""
    problem = why_other_cannot_sell(region, now)
    if problem:
        flag, where = ("", "home") if region.side == "secondary" else (" -c failover=planned", f"to {region.other_region}")
        raise Refused(
            f"{region.other_stack} is at rest: both regions would be dark; "
            f"`cdk deploy --all{flag}` brings everything {where} ({problem})"
        )


def why_other_cannot_sell(region, now):
    try:
        stacks = client("cloudformation", region.other_region, seconds=5, attempts=3)
        found = ask(stacks.describe_stacks, StackName=region.other_stack)["Stacks"][0]
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
        return f"{region.other_region} does not answer: {error}"
    role = next((o["OutputValue"] for o in found.get("Outputs", []) if o["OutputKey"] == "Role"), "none")
    if not found["StackStatus"].endswith("_COMPLETE") or role != "active":
        return f"its stack is {found['StackStatus']}, with the role {role}"
    if not now.connected(region.other):
        return f"{region.other} is being resynchronised"
    lag = region.await_lag(region.other)
    if lag is None or lag > LAG_ALLOWED_MS:
        return f"the lag of {region.other} is {in_ms(lag)}, and {in_ms(LAG_ALLOWED_MS)} is allowed"
    return None


# --- A move of the writer ---------------------------------------------------------------------------------------------


class Move:
    """One move of the writer: begun at most once, or joined, and told in one sentence."""

    def __init__(self, word, region):
        self.word, self.region = word, region
        self.did, self.lag, self.began = None, None, time.monotonic()

    def note_lag(self, arn):
        self.lag = self.region.lag(arn)

    def join(self):
        self.did = self.did or f"joined a {self.word} that was under way"

    def begin(self, call, target, **how):
        """The one changing call. Whether AWS has accepted it."""
        self.region.check_meant()
        try:
            ask(call, GlobalClusterIdentifier=self.region.database, TargetDbClusterIdentifier=target, **how)
        except botocore.exceptions.ClientError as error:
            if code_of(error) not in NOT_NOW:
                raise
            log.info("%s to %s: not accepted yet: %s", self.word, target, error)
            return False
        log.info("%s to %s: accepted, lag %s", self.word, target, in_ms(self.lag))
        self.did = self.word
        return True

    def await_writer(self, target):
        """Until the target is the writer and our own cluster and instance are available. The global cluster's status
        is not waited for: after a failover it may take hours.
        """
        now, seen = self.region.look(), time.monotonic()
        while not now.writes(target) or not self.region.is_available():
            if now.is_writer(target) or now.moves:
                seen = time.monotonic()
            if time.monotonic() - seen > SHOWS_SECONDS:
                raise Refused(f"AWS gave up the {self.word} to {target}: RDS events of the cluster say why; run the same command again")
            now = self.region.wait(LOOK_SECONDS, f"the {self.word} to {target}")

    def said(self):
        if self.did is None:
            return "nothing: already the writer"
        when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return f"{self.did} in {time.monotonic() - self.began:.1f} s, lag before {in_ms(self.lag)}, ended {when}"


# --- The global database ----------------------------------------------------------------------------------------------


class Look:
    """The global database at one moment. Clusters are named by their ARNs."""

    def __init__(self, database):
        self.members = {m["DBClusterArn"]: m for m in database["GlobalClusterMembers"]}
        self.writer = next((arn for arn, m in self.members.items() if m["IsWriter"]), None)
        self.status, state = database["Status"], database.get("FailoverState") or {}
        self.target, self.lossy = state.get("ToDbClusterArn"), state.get("IsDataLossAllowed", False)

    @property
    def moves(self):
        return self.target is not None

    def moves_to(self, arn):
        return self.target == arn

    def is_member(self, arn):
        return arn in self.members

    def is_writer(self, arn):
        return self.writer == arn

    def writes(self, arn):
        """It is the writer, and remains so."""
        return self.is_writer(arn) and self.target in (None, arn)

    def connected(self, arn):
        return self.is_member(arn) and self.members[arn].get("SynchronizationStatus") != "pending-resync"


class Region:
    """The region that plays the role: its cluster and the other one, what is asked of it, and how long there is."""

    def __init__(self, event, context):
        self.event, self.context, self.meant = event, context, operation(event)
        self.side, self.database, self.instance = (os.environ[name] for name in ("SIDE", "GLOBAL_CLUSTER", "INSTANCE"))
        self.region, self.other_region = os.environ["AWS_REGION"], os.environ["OTHER_REGION"]
        self.other_stack = os.environ["OTHER_STACK"]
        _arn, partition, _lambda, _region, account, *_ = context.invoked_function_arn.split(":")
        self.own = f"arn:{partition}:rds:{self.region}:{account}:cluster:{os.environ['CLUSTER']}"
        self.other = f"arn:{partition}:rds:{self.other_region}:{account}:cluster:{os.environ['OTHER_CLUSTER']}"
        self.rds = client("rds")

    def look(self):
        try:
            found = ask(self.rds.describe_global_clusters, GlobalClusterIdentifier=self.database)["GlobalClusters"]
        except self.rds.exceptions.GlobalClusterNotFoundFault:
            found = []
        now = Look(found[0]) if found else None
        if now is None or not now.is_member(self.own):
            raise Refused(
                f"{self.own} is not in the global database {self.database}: docs/runbook.md, "
                '"A cluster that is not in the global database", has the way out'
            )
        return now

    def wait(self, seconds, what):
        if seconds_left(self.context) < seconds:
            raise Refused(f"no time is left to wait for {what}; it goes on by itself: run the same command again, which joins it")
        time.sleep(seconds)
        return self.look()

    def await_end_of_moves(self, but):
        now = self.look()
        while now.moves and not now.moves_to(but):
            now = self.wait(LOOK_SECONDS, "the operation that is under way")
        return now

    def await_whole(self):
        """Until a member can be removed: the global cluster and both clusters are available."""
        while not (self.look().status == "available" and is_available(self.own) and is_available(self.other)):
            self.wait(LOOK_SECONDS, "the global database to be available")

    def is_available(self):
        """Our own cluster and its instance."""
        if not is_available(self.own):
            return False
        found = ask(self.rds.describe_db_instances, DBInstanceIdentifier=self.instance)["DBInstances"][0]
        return found["DBInstanceStatus"] == "available"

    def check_meant(self):
        """An operation of the stack's that has ended since, by a rollback or a time-out, asks for nothing any more."""
        if operation(self.event) != self.meant:
            raise Late(f"the operation that asked for it has ended: {self.meant[0]} is {operation(self.event)[0]}")

    def await_secret(self):
        """CloudFormation reports success although a replication has failed:
        https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1459
        """
        secrets, ends = client("secretsmanager"), time.monotonic() + SECRET_SECONDS
        while True:
            try:
                return ask(secrets.describe_secret, SecretId=os.environ["SECRET"])
            except secrets.exceptions.ResourceNotFoundException:
                if time.monotonic() > ends:
                    raise Refused(
                        f"the secret {os.environ['SECRET']} has not arrived in {self.region}, and no shop could start there: "
                        f"see its replication status in {self.other_region}, then run the same command again"
                    ) from None
            time.sleep(5)

    def await_lag(self, arn):
        ends = time.monotonic() + LAG_SECONDS
        while (lag := self.lag(arn)) is None and time.monotonic() < ends:
            self.wait(TRY_SECONDS, "CloudWatch to know the lag")
        return lag

    def lag(self, arn):
        """How far a reader is behind, in milliseconds; None when CloudWatch does not say so within two seconds.
        https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
        """
        now = datetime.datetime.now(datetime.UTC)
        try:
            points = client("cloudwatch", region_of(arn), seconds=1, attempts=1).get_metric_statistics(
                Namespace="AWS/RDS",
                MetricName="AuroraGlobalDBReplicationLag",
                Dimensions=[{"Name": "DBClusterIdentifier", "Value": name_of(arn)}],
                StartTime=now - datetime.timedelta(minutes=10),
                EndTime=now,
                Period=60,
                Statistics=["Maximum"],
            )["Datapoints"]
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            log.info("lag of %s: %s", arn, error)
            return None
        return max(points, key=lambda point: point["Timestamp"])["Maximum"] if points else None


def is_available(arn):
    rds = client("rds", region_of(arn))
    return ask(rds.describe_db_clusters, DBClusterIdentifier=name_of(arn))["DBClusters"][0]["Status"] == "available"


def region_of(arn):
    return arn.split(":")[3]


def name_of(arn):
    return arn.split(":")[6]


def in_ms(lag):
    return "unknown" if lag is None else f"{lag:.0f} ms"
