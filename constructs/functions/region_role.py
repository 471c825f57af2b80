"""Custom::RegionRole declares the role that its region plays, active or pilot-light, and makes the database agree: the
active region's cluster is the writer of the global database. It refuses what would leave no region active or delete the
only copy of the data.

An active region's cluster becomes the writer by a failover, which may lose writes and asks no other region, or by a
switchover, which loses none and needs both regions. A pilot light gives the writer away by a switchover only.
https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-disaster-recovery.html
"""

import urllib.request

from runtime import (
    BUSY,
    DENIED,
    DENIED_SECONDS,
    FAILED,
    FOREVER,
    OutOfTime,
    Refused,
    ask,
    botocore,
    client,
    code_of,
    datetime,
    destroy_first,
    env,
    json,
    note,
    re,
    silent,
    stack_of,
    time,
    while_meant,
)

ACTS = {"Create": "CREATE UPDATE", "Update": "CREATE UPDATE", "Delete": "DELETE"}
# Between two calls that read the global database, and between two tries of what AWS does not accept yet.
POLL_SECONDS, TRY_SECONDS = 1, 10
# An operation that has begun shows in the global database within this time, or AWS has given it up.
SHOWS_SECONDS = 60
# A switchover whose other region is silent hangs, and would keep the stack from being failed over.
SILENT_SECONDS = 60
# CloudWatch publishes a reader's lag once a minute; one that was the writer a moment ago has none yet.
LAG_SECONDS, LAG_ALLOWED_MS = 180, 60_000
# The replica of a new secret takes seconds.
SECRET_SECONDS = 120
# What serves may miss an answer or two.
SERVES_SECONDS = 30
# What AWS answers while it cannot begin an operation.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_FailoverGlobalCluster.html
NOT_NOW = "InvalidGlobalClusterState|InvalidDBClusterState"
WAY_OUT = 'docs/runbook.md, "A cluster that is not in the global database"'
# A secret that does not exist has no ARN, so that the permission to read this one does not apply to it:
# https://github.com/jenkinsci/aws-secrets-manager-credentials-provider-plugin/pull/65
NO_SECRET = "ResourceNotFound|" + DENIED


def act(event, meant):
    region, asked = Region(event, meant), event["ResourceProperties"]
    before = event.get("OldResourceProperties", {})
    if event["RequestType"] == "Delete":
        return leave(region)
    if asked["Role"] == "pilot-light":
        return be_pilot_light(region)
    if asked["Way"] == "failover":
        return fail_over(region)
    if asked["Reconcile"] not in ("", before.get("Reconcile")):
        refuse_unserved(region)
    return switch_over(region, region.look(), region.own)


# --- What is asked for ------------------------------------------------------------------------------------------------


def fail_over(region):
    """Asks nothing of the other region. A switchover that hangs, because it needs the other region, is replaced."""
    now, move = region.look(), Move("failover", region, region.own)
    while not now.writes(region.own):
        if now.target == region.own and now.lossy:
            move.join()
            break
        if now.writer != region.own and move.begin(region.rds.failover_global_cluster, AllowDataLoss=True):
            break
        now = move.wait(TRY_SECONDS, now)
    done = move.end()
    # Not before: the data is saved without it, too. And nothing else may stop a failover.
    region.refuse_no_secret(f"{done}, but ", DENIED_SECONDS, busy=0, silence=0)
    return done


def be_pilot_light(region):
    region.refuse_no_secret("", SECRET_SECONDS)
    now = region.await_end_of_moves()
    if now.writer != region.own:
        return "nothing: not the writer"
    if not now.target:
        refuse_only_copy(region, now)
        refuse_none_active(region, now)
    return switch_over(region, now, region.other)


def leave(region):
    """The stack is deleted, and takes its cluster along."""
    if env["SIDE"] == "primary":
        refuse_first_member(region, region.look())
        return "nothing: the last member goes"
    now = region.await_end_of_moves()
    if now.writer != region.own:
        return "nothing: not the writer"
    refuse_only_copy(region, now)
    done = switch_over(region, now, region.other)
    region.await_whole()
    return done


def switch_over(region, now, target):
    """Loses nothing; called in the region of the writer. One that is under way is joined, any other waited out."""
    move = Move("switchover", region, target)
    while not now.writes(target) and now.target != target:
        move.refuse_silence()
        pause = POLL_SECONDS
        if not now.target and now.connected(target):
            if move.begin(client("rds", region_of(now.writer)).switchover_global_cluster):
                break
            pause = TRY_SECONDS
        now = move.wait(pause, now)
    if now.target == target:
        move.join()
    return move.end()


# --- What is refused --------------------------------------------------------------------------------------------------


def refuse_first_member(region, now):
    if len(now.members) > 1:
        raise Refused(f"{destroy_first(region.other_stack)}: the global database has other members")


def refuse_only_copy(region, now):
    if region.other not in now.members:
        raise Refused(
            f"this is the only copy of the data: {region.other} is not in the global database. After a failover AWS "
            f"adds it back when its region is healthy; if someone detached it: {WAY_OUT}"
        )


def refuse_none_active(region, now):
    """The other region must be able to serve before this one stops."""
    problem = why_other_cannot_serve(region, now)
    if problem:
        flag = "false" if env["SIDE"] == "secondary" else "planned"
        raise Refused(
            f"no region would be active: {region.other_stack} is not ready: {problem}; "
            f"`cdk deploy --all -c failover={flag}` activates it first"
        )


def why_other_cannot_serve(region, now):
    try:
        found = stack_of(region.other_stack, region_of(region.other), SILENT_SECONDS)
    except FAILED as error:
        return f"its stack cannot be asked: {error}"
    role = found.get("Role")
    if not found["StackStatus"].endswith("_COMPLETE") or role != "active":
        return f"its stack is {found['StackStatus']} with the role {role}"
    if not now.connected(region.other):
        return "its cluster is being resynchronised"
    lag = region.await_lag(region.other)
    if lag is None or lag >= LAG_ALLOWED_MS:
        return f"its lag is {in_ms(lag)}, and must be under {in_ms(LAG_ALLOWED_MS)}"


def refuse_unserved(region):
    """CloudFormation does not see what was lost outside it. It is looked at from where the customers are: the site's
    config.json, its page, and the shop that config.json names. A stack that is created has no site yet.
    """
    site, ends = stack_of(region.event["StackId"]).get("WebsiteURL"), time.monotonic() + SERVES_SECONDS
    while site:
        url = f"{site}/config.json"
        try:
            config = json.load(urllib.request.urlopen(url, timeout=5))
            for url in site, f"http://{config['host']}/health/ishealthy":
                urllib.request.urlopen(url, timeout=5)
            return
        except Exception as error:
            if time.monotonic() > ends:
                flag = "false" if env["SIDE"] == "primary" else "planned"
                raise Refused(
                    f"{url}: {error}: the instance, or what it has published, is gone: deploy with another "
                    f"server-zone, and back (`cdk deploy --all -c failover={flag} -c server-zone=2`)"
                ) from None
        time.sleep(POLL_SECONDS)


# --- A move of the writer ---------------------------------------------------------------------------------------------


class Move:
    """One move of the writer to a cluster: begun at most once, or joined. What was done is one sentence."""

    def __init__(self, word, region, target):
        self.word, self.region, self.target = word, region, target
        # When it began, and when the other region last replied while it is needed.
        self.began = self.reply = time.monotonic()
        self.did = self.lag = None
        # Whether an answer was lost, and what AWS said when it did not accept the move.
        self.lost, self.words = False, ""

    def join(self):
        self.words = ""
        if not self.lost:
            self.did = f"joined a {self.word} that was under way"

    def begin(self, call, **how):
        """The one changing call, made only while it is meant. Whether AWS has accepted it."""
        lag = lag_of(self.target)
        self.lag = self.lag if lag is None else lag
        change = while_meant(self.region.event, self.region.meant, call)
        how |= {"GlobalClusterIdentifier": self.region.database, "TargetDbClusterIdentifier": self.target}
        try:
            ask(change, busy=0, silence=0, **how)
        except FAILED as error:
            if not silent(error) and not re.search(f"{NOT_NOW}|{BUSY}", code_of(error)):
                raise
            # AWS may have received a call that it has not answered.
            self.lost |= silent(error) and not isinstance(error, botocore.exceptions.ConnectionError)
            self.words = note(error, self.words)
            return False
        self.did, self.words = self.word, ""
        return True

    def wait(self, seconds, now):
        what = f"the {self.word} to {self.target} ({now.state(self.target)})"
        return self.region.wait(seconds, what, self.words)

    def end(self):
        """Waits until the target is the writer and our own cluster and instance are available. Returns what was done.
        The global cluster's status is not waited for: after a failover it may take hours.
        """
        now = self.region.look()
        seen = time.monotonic()
        while not now.writes(self.target) or not self.region.own_is_available():
            if now.writer == self.target or now.target:
                seen = time.monotonic()
            if not now.writes(self.target):
                self.refuse_silence()
            if time.monotonic() - seen > SHOWS_SECONDS:
                raise Refused(
                    f"AWS gave up the {self.word} to {self.target}: RDS events say why; run the command again"
                )
            now = self.wait(POLL_SECONDS, now)
        did = self.did or self.lost and f"{self.word} (its answer was lost)"
        if not did:
            return "nothing: already the writer"
        return f"{did} in {time.monotonic() - self.began:.1f} s, lag before {in_ms(self.lag)}"

    def refuse_silence(self):
        """A switchover needs both regions."""
        if self.word == "failover" or answers(self.region.other):
            self.reply = time.monotonic()
        elif time.monotonic() - self.reply > SILENT_SECONDS:
            raise Refused(f"{region_of(self.region.other)} is silent, and a {self.word} needs it; a failover does not")


# --- The global database ----------------------------------------------------------------------------------------------


class Look:
    """The global database at one moment. Clusters are named by their ARNs."""

    def __init__(self, found):
        self.members = {m["DBClusterArn"]: m for m in found["GlobalClusterMembers"]}
        self.writer = next((arn for arn, m in self.members.items() if m["IsWriter"]), None)
        self.status, state = found["Status"], found.get("FailoverState") or {}
        self.lossy = state.get("IsDataLossAllowed")
        # Who is to be the writer. What AWS does after that, be it hours of rebuilding the lost member, moves nothing.
        self.target = state.get("ToDbClusterArn")
        if self.target == self.writer:
            self.target = None

    def writes(self, arn):
        """It is the writer, and remains so."""
        return self.writer == arn and not self.target

    def connected(self, arn):
        return arn in self.members and self.members[arn].get("SynchronizationStatus") != "pending-resync"

    def state(self, arn):
        member = self.members.get(arn, {}).get("SynchronizationStatus", "no status")
        return f"{member}, global database {self.status}"


class Region:
    """The region that plays the role: its cluster and the other one, and what is asked of it."""

    def __init__(self, event, meant):
        self.event, self.meant, self.rds = event, meant, client("rds")
        self.database, self.other_stack = env["GLOBAL_CLUSTER"], env["OTHER_STACK"]
        _arn, partition, _service, here, account, _stack = event["StackId"].split(":")
        cluster = f"arn:{partition}:rds:%s:{account}:cluster:%s"
        self.own = cluster % (here, env["CLUSTER"])
        self.other = cluster % (env["OTHER_REGION"], env["OTHER_CLUSTER"])

    def look(self):
        try:
            found = ask(self.rds.describe_global_clusters, GlobalClusterIdentifier=self.database)["GlobalClusters"]
            now = Look(found[0])
            if self.own in now.members:
                return now
        except self.rds.exceptions.GlobalClusterNotFoundFault:
            pass
        raise Refused(f"{self.own} is not in the global database {self.database}: {WAY_OUT}")

    def wait(self, seconds, what, words=""):
        try:
            time.sleep(seconds)
            return self.look()
        except OutOfTime as out:
            raise Refused(f"no time is left to wait for {what}: run the same command again{words or out}") from None

    def await_end_of_moves(self):
        """But not of one to the other cluster, which is joined."""
        now = self.look()
        while now.target not in (None, self.other):
            now = self.wait(POLL_SECONDS, "the operation that is under way")
        return now

    def await_whole(self):
        """Until a member can be removed: the global cluster and both clusters are available."""
        while not (self.look().status == "available" and is_available(self.own) and is_available(self.other)):
            self.wait(POLL_SECONDS, "the global database to be available")

    def own_is_available(self):
        """Our cluster and its instance."""
        found = ask(self.rds.describe_db_instances, DBInstanceIdentifier=env["INSTANCE"])["DBInstances"][0]
        return found["DBInstanceStatus"] == "available" and is_available(self.own)

    def refuse_no_secret(self, done, seconds, **patience):
        """CloudFormation reports success although a replication has failed:
        https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1459
        Only the region of the secret itself knows more than that its replica is there.
        """
        secret = env["SECRET"]
        try:
            ask(client("secretsmanager").describe_secret, NO_SECRET, seconds, SecretId=secret, **patience)
        except FAILED as error:
            if re.search(NO_SECRET, code_of(error)):
                raise Refused(
                    f"{done}the secret {secret} is not here, and no shop can log in: docs/runbook.md, "
                    f'"The shop cannot log in to its database" ({error})'
                ) from None
            if not patience:
                raise

    def await_lag(self, arn):
        ends = time.monotonic() + LAG_SECONDS
        while (lag := lag_of(arn, 20, FOREVER, SILENT_SECONDS)) is None and time.monotonic() < ends:
            self.wait(TRY_SECONDS, "CloudWatch to know the lag")
        return lag


def lag_of(arn, seconds=1, busy=0, silence=0):
    """How far a reader is behind, in milliseconds; None when CloudWatch does not say so at once, within two seconds.
    https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
    """
    now = datetime.datetime.now(datetime.UTC)
    try:
        points = ask(
            client("cloudwatch", region_of(arn), seconds).get_metric_statistics,
            seconds=0,
            busy=busy,
            silence=silence,
            Namespace="AWS/RDS",
            MetricName="AuroraGlobalDBReplicationLag",
            Dimensions=[{"Name": "DBClusterIdentifier", "Value": name_of(arn)}],
            StartTime=now - datetime.timedelta(minutes=10),
            EndTime=now,
            Period=60,
            Statistics=["Maximum"],
        )["Datapoints"]
    except FAILED as error:
        print("no lag:", error)
        return None
    return max(points, key=lambda point: point["Timestamp"])["Maximum"] if points else None


def answers(arn):
    rds = client("rds", region_of(arn), seconds=2)
    try:
        return rds.describe_db_clusters(DBClusterIdentifier=name_of(arn))
    except FAILED as error:
        return not silent(error)


def is_available(arn):
    rds = client("rds", region_of(arn))
    return ask(rds.describe_db_clusters, DBClusterIdentifier=name_of(arn))["DBClusters"][0]["Status"] == "available"


def region_of(arn):
    return arn.split(":")[3]


def name_of(arn):
    return arn.split(":")[6]


def in_ms(lag):
    return "unknown" if lag is None else f"{lag:.0f} ms"
