"""Switchover, failover, outage, resynchronisation."""

import time
import unittest

import botocore.exceptions

from databases import KEY, GlobalDatabase
from running import PRIMARY, SECONDARY, Hook, emulator, hold, until


def outage(region, down):
    emulator().control("outage", {"region": region, "down": down})


def events_of(event):
    return [e for e in Hook.events if e["event"] == event]


def either_way(test):
    """Decorator: the region of the writer is lost, and the other one is the target; each region in turn."""

    def both(self):
        for lost, target in ((PRIMARY, SECONDARY), (SECONDARY, PRIMARY)):
            with self.subTest(f"{lost} is lost"):
                if self.db.writer() != lost:
                    self.db.switch(target, lost)
                    self.db.await_whole()
                Hook.events.clear()
                test(self, lost, target)
                self.doCleanups()

    both.__name__, both.__doc__ = test.__name__, test.__doc__
    return both


class TheWriter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = GlobalDatabase(cls, "moving")

    def setUp(self):
        self.addCleanup(self.db.fail_back)
        Hook.events.clear()

    def test_switches_over_and_back_any_number_of_times(self):
        db = self.db
        for source, target in ((PRIMARY, SECONDARY), (SECONDARY, PRIMARY), (PRIMARY, SECONDARY)):
            db.switch(source, target)
            db.await_whole()
            self.assertEqual(db.members(), {source: (False, "connected"), target: (True, "connected")})
        self.assertEqual(
            [(e["from"]["region"], e["to"]["region"], e["way"]) for e in events_of("writer-changed")],
            [
                (PRIMARY, SECONDARY, "switchover"),
                (SECONDARY, PRIMARY, "switchover"),
                (PRIMARY, SECONDARY, "switchover"),
            ],
        )

    def test_a_switchover_takes_a_while_and_shows(self):
        db = self.db
        go_on = hold(self, "writer-changed")
        db.switch(PRIMARY, SECONDARY)
        during = db.describe()
        self.assertEqual(during["Status"], "switching-over")
        self.assertEqual(during["FailoverState"]["ToDbClusterArn"], db.arn(SECONDARY))
        self.assertEqual(during["FailoverState"]["FromDbClusterArn"], db.arn(PRIMARY))
        self.assertFalse(during["FailoverState"]["IsDataLossAllowed"])
        self.assertEqual(self.status(PRIMARY), "switching-over")
        until(lambda: db.describe().get("FailoverState", {}).get("Status") == "switching-over", "no longer pending")
        go_on()
        db.await_whole()
        self.assertNotIn("FailoverState", db.describe())
        self.assertEqual(self.status(PRIMARY), "available")

    def status(self, region):
        return self.cluster(region)["Status"]

    def cluster(self, region):
        return self.db.api[region].describe_db_clusters(DBClusterIdentifier=self.db.ids[region])["DBClusters"][0]

    def test_only_the_writers_cluster_endpoint_is_listed(self):
        self.assertIn("Endpoint", self.cluster(PRIMARY))
        self.assertNotIn("Endpoint", self.cluster(SECONDARY))
        self.db.switch(PRIMARY, SECONDARY)
        self.db.await_whole()
        self.assertNotIn("Endpoint", self.cluster(PRIMARY))
        self.assertIn("Endpoint", self.cluster(SECONDARY))
        self.assertIn("ReaderEndpoint", self.cluster(PRIMARY))

    @either_way
    def test_a_failover_without_its_old_region_drops_the_member_until_the_region_returns(self, lost, target):
        db = self.db
        outage(lost, True)
        db.fail_over(target, target)
        self.assertTrue(db.describe(target)["FailoverState"]["IsDataLossAllowed"])
        until(lambda: db.members(target) == {target: (True, "connected")}, "the writer alone")
        self.assertEqual(db.describe(target)["Status"], "failing-over", "the topology is not whole")
        self.assertEqual(self.status(target), "available")
        self.assertIn("Endpoint", self.cluster(target))
        go_on = hold(self, "member-resynchronised")
        outage(lost, False)
        self.assertEqual(db.members(target), {target: (True, "connected"), lost: (False, "pending-resync")})
        go_on()
        db.await_whole()
        self.assertEqual(db.members(lost)[lost], (False, "connected"))
        self.assertEqual([e["cluster"] for e in events_of("member-resynchronised")], [db.ids[lost]])
        self.assertEqual(
            [(e["from"]["region"], e["to"]["region"], e["way"]) for e in events_of("writer-changed")],
            [(lost, target, "failover")],
        )

    @either_way
    def test_a_failover_of_a_healthy_region_makes_it_resynchronise(self, lost, target):
        db, go_on = self.db, hold(self, "member-resynchronised")
        db.fail_over(target, target)
        until(lambda: db.members()[lost] == (False, "pending-resync"), "resynchronising")
        self.assertEqual(db.describe()["Status"], "failing-over", "the topology is not whole")
        go_on()
        db.await_whole()
        self.assertEqual(db.members(), {lost: (False, "connected"), target: (True, "connected")})

    @either_way
    def test_a_resynchronisation_waits_for_the_writers_region(self, lost, target):
        """The region that was lost first is back, and now the other one is gone."""
        db = self.db
        outage(lost, True)
        db.fail_over(target, target)
        until(lambda: db.members(target) == {target: (True, "connected")}, "the writer alone")
        emulator().control("settings", {"resync_seconds": 1})
        self.addCleanup(emulator().control, "settings", {"resync_seconds": 0.1})
        outage(lost, False)
        outage(target, True)
        time.sleep(1.5)
        self.assertEqual(events_of("member-resynchronised"), [])
        self.assertEqual(db.members(lost)[lost], (False, "pending-resync"))
        outage(target, False)
        db.await_whole()
        self.assertEqual(len(events_of("member-resynchronised")), 1)

    @either_way
    def test_a_resynchronisation_that_fails_is_tried_again(self, lost, target):
        db = self.db
        self.addCleanup(Hook.refuse.clear)
        Hook.refuse.add("member-resynchronised")
        db.fail_over(target, target)
        until(lambda: len(events_of("member-resynchronised")) > 1, "a second try")
        self.assertEqual(db.members()[lost], (False, "pending-resync"))
        Hook.refuse.clear()
        db.await_whole()
        self.assertEqual(db.members(), {lost: (False, "connected"), target: (True, "connected")})

    @either_way
    def test_the_volume_that_a_failover_has_left_is_kept_in_one_snapshot(self, lost, target):
        db, api = self.db, emulator().client("rds", lost)

        def kept():
            found = api.describe_db_cluster_snapshots(DBClusterIdentifier=db.ids[lost])["DBClusterSnapshots"]
            return {s["DBClusterSnapshotIdentifier"]: s["SnapshotType"] for s in found}

        before = kept()
        self.addCleanup(Hook.refuse.clear)
        Hook.refuse.add("member-resynchronised")
        db.fail_over(target, target)
        until(lambda: len(events_of("member-resynchronised")) > 1, "a second try")
        Hook.refuse.clear()
        db.await_whole()
        new = {name: kind for name, kind in kept().items() if name not in before}
        (name,) = new
        self.assertEqual(new[name], "automated")
        self.assertRegex(name, f"^rds:unplanned-global-failover-{db.ids[lost]}-")
        self.assertEqual({e["snapshot"] for e in events_of("member-resynchronised")}, {name})

    def test_automated_snapshots_go_with_their_cluster(self):
        db = GlobalDatabase(type(self), "kept-volume")
        db.fail_over(SECONDARY, SECONDARY)
        db.await_whole()
        api, cluster = db.api[PRIMARY], db.ids[PRIMARY]
        found = lambda: api.describe_db_cluster_snapshots()["DBClusterSnapshots"]
        self.assertIn(cluster, [s["DBClusterIdentifier"] for s in found()])
        api.remove_from_global_cluster(GlobalClusterIdentifier=db.name, DbClusterIdentifier=db.arn(PRIMARY))
        api.delete_db_instance(DBInstanceIdentifier=cluster + "-1", SkipFinalSnapshot=True)
        api.delete_db_cluster(DBClusterIdentifier=cluster, SkipFinalSnapshot=True)
        self.assertNotIn(cluster, [s["DBClusterIdentifier"] for s in found()])

    def test_a_member_that_is_detached_is_resynchronised_no_more(self):
        db = GlobalDatabase(type(self), "detaching")
        self.addCleanup(Hook.refuse.clear)
        Hook.refuse.add("member-resynchronised")
        db.fail_over(SECONDARY, SECONDARY)
        until(lambda: events_of("member-resynchronised"), "a first try")
        db.api[PRIMARY].remove_from_global_cluster(GlobalClusterIdentifier=db.name, DbClusterIdentifier=db.arn(PRIMARY))
        time.sleep(0.5)
        tries = len(events_of("member-resynchronised"))
        time.sleep(1)
        self.assertEqual(len(events_of("member-resynchronised")), tries)
        self.assertEqual(db.members(), {SECONDARY: (True, "connected")})
        db.api[PRIMARY].delete_db_instance(DBInstanceIdentifier=db.ids[PRIMARY] + "-1", SkipFinalSnapshot=True)
        db.api[PRIMARY].delete_db_cluster(DBClusterIdentifier=db.ids[PRIMARY], SkipFinalSnapshot=True)

    def test_a_failover_without_data_loss_is_a_switchover(self):
        go_on = hold(self, "writer-changed")
        self.db.fail_over(PRIMARY, SECONDARY, AllowDataLoss=False)
        self.assertEqual(self.db.describe()["Status"], "switching-over")
        go_on()
        self.db.await_whole()

    @either_way
    def test_a_switchover_hangs_in_an_outage_until_a_failover_may_replace_it(self, lost, target):
        db = self.db
        self.hang(lost, target)
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            db.fail_over(target, target)
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidGlobalClusterStateFault")
        emulator().control("settings", {"hanging_seconds": 0})
        db.fail_over(target, target)
        until(lambda: db.members(target) == {target: (True, "connected")}, "the writer alone")
        self.assertEqual([e["way"] for e in events_of("writer-changed")], ["failover"])

    @either_way
    def test_a_hanging_switchover_ends_well_when_the_region_returns(self, lost, target):
        self.hang(lost, target)
        outage(lost, False)
        self.db.await_whole()
        self.assertEqual(self.db.writer(), target)

    def hang(self, lost, target):
        """A switchover that the old writer's region does not live to see the end of."""
        emulator().control("settings", {"operation_seconds": 3})
        self.addCleanup(self.db.fail_back)
        self.addCleanup(emulator().control, "settings", {"hanging_seconds": 20})
        self.db.switch(lost, target)
        outage(lost, True)
        emulator().control("settings", {"operation_seconds": 0.2})
        time.sleep(2)  # longer than the switchover would have taken
        self.assertEqual(self.db.describe(target)["Status"], "switching-over")

    def test_the_writer_stays_when_the_drill_cannot_follow(self):
        self.addCleanup(Hook.refuse.clear)
        Hook.refuse.add("writer-changed")
        self.db.switch(PRIMARY, SECONDARY)
        self.db.await_whole()
        self.assertEqual(self.db.writer(), PRIMARY)

    def test_the_lag_is_published_for_connected_readers_only(self):
        db = self.db
        emulator().control("settings", {"lag_ms": 61000})
        self.addCleanup(emulator().control, "settings", {"lag_ms": 100})
        self.assertEqual(self.lag(SECONDARY), [61000])
        self.assertEqual(self.lag(PRIMARY), [])
        go_on = hold(self, "member-resynchronised")
        db.fail_over(SECONDARY, SECONDARY)
        until(lambda: db.members()[PRIMARY] == (False, "pending-resync"), "resynchronising")
        self.assertEqual(self.lag(PRIMARY), [])
        self.assertEqual(self.lag(SECONDARY), [])
        go_on()
        db.await_whole()
        self.assertEqual(self.lag(PRIMARY), [61000])

    def lag(self, region):
        now = time.time()
        answer = (
            emulator()
            .client("cloudwatch", region)
            .get_metric_statistics(
                Namespace="AWS/RDS",
                MetricName="AuroraGlobalDBReplicationLag",
                Period=600,
                Statistics=["Maximum"],
                Dimensions=[{"Name": "DBClusterIdentifier", "Value": self.db.ids[region]}],
                StartTime=now - 600,
                EndTime=now + 60,
            )
        )
        return sorted({point["Maximum"] for point in answer["Datapoints"]})


class Snapshots(unittest.TestCase):
    def test_a_copy_has_the_key_that_is_named(self):
        db = GlobalDatabase(type(self), "copied")
        rds, key = db.api[PRIMARY], "alias/aws/rds"
        rds.create_db_cluster_snapshot(DBClusterIdentifier=db.ids[PRIMARY], DBClusterSnapshotIdentifier="first")
        copy = {"SourceDBClusterSnapshotIdentifier": "first", "TargetDBClusterSnapshotIdentifier": "second"}
        rds.copy_db_cluster_snapshot(**copy, KmsKeyId=key)
        found = {
            s["DBClusterSnapshotIdentifier"]: s["KmsKeyId"]
            for s in rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
        }
        self.assertEqual(found, {"first": KEY.format(PRIMARY), "second": key})
        for changed, code in (
            (copy, "DBClusterSnapshotAlreadyExistsFault"),
            ({**copy, "SourceDBClusterSnapshotIdentifier": "third"}, "DBClusterSnapshotNotFoundFault"),
        ):
            with self.assertRaises(botocore.exceptions.ClientError) as refused:
                rds.copy_db_cluster_snapshot(**changed)
            self.assertEqual(refused.exception.response["Error"]["Code"], code)
        for name in found:
            rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)


class Databases(unittest.TestCase):
    def test_each_instance_is_an_event_and_may_be_refused(self):
        db = GlobalDatabase(type(self), "created")
        created = {
            e["region"]: e for e in Hook.events if e["event"] == "database-created" and e["globalCluster"] == "created"
        }
        self.assertEqual(
            {region: event["isWriter"] for region, event in created.items()}, {PRIMARY: True, SECONDARY: False}
        )
        self.assertRegex(created[PRIMARY]["address"], r"^created-primary-1\.[a-z0-9]+\.us-east-1\.rds\.amazonaws\.com$")
        self.addCleanup(Hook.refuse.clear)
        Hook.refuse.add("database-created")
        with self.assertRaises(botocore.exceptions.ClientError):
            db.add_instance(SECONDARY, number=2)
        Hook.refuse.clear()
        members = db.api[SECONDARY].describe_db_clusters(DBClusterIdentifier=db.ids[SECONDARY])["DBClusters"][0][
            "DBClusterMembers"
        ]
        self.assertEqual([m["DBInstanceIdentifier"] for m in members], ["created-secondary-1"])

    def test_what_is_made_again_has_its_old_endpoints(self):
        db = GlobalDatabase(type(self), "again")

        def endpoints(region):
            api, cluster = db.api[region], db.ids[region]
            (instance,) = api.describe_db_instances(DBInstanceIdentifier=f"{cluster}-1")["DBInstances"]
            (found,) = api.describe_db_clusters(DBClusterIdentifier=cluster)["DBClusters"]
            return instance["Endpoint"]["Address"], found.get("Endpoint"), found["ReaderEndpoint"]

        before = {region: endpoints(region) for region in (PRIMARY, SECONDARY)}
        fixed = before[PRIMARY][0].split(".")[1]
        self.assertEqual(before[PRIMARY][1].split(".")[1], f"cluster-{fixed}")
        self.assertEqual(before[PRIMARY][2].split(".")[1], f"cluster-ro-{fixed}")
        self.assertNotEqual(before[SECONDARY][0].split(".")[1], fixed, "it is a region's own")
        api, cluster = db.api[SECONDARY], db.ids[SECONDARY]
        api.delete_db_instance(DBInstanceIdentifier=f"{cluster}-1", SkipFinalSnapshot=True)
        api.remove_from_global_cluster(GlobalClusterIdentifier=db.name, DbClusterIdentifier=db.arn(SECONDARY))
        api.delete_db_cluster(DBClusterIdentifier=cluster, SkipFinalSnapshot=True)
        made = api.create_db_cluster(**db.joining(SECONDARY, cluster))["DBCluster"]
        self.assertEqual(made["ReaderEndpoint"], before[SECONDARY][2])
        db.add_instance(SECONDARY)
        self.assertEqual(endpoints(SECONDARY), before[SECONDARY])


if __name__ == "__main__":
    unittest.main()
