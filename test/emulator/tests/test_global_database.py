"""Switchover, failover, outage, resynchronisation."""

import time
import unittest

import botocore.exceptions
from databases import GlobalDatabase
from running import PRIMARY, SECONDARY, Hook, emulator, hold, until


def outage(region, down):
    emulator().control("outage", {"region": region, "down": down})


class TheWriter(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.db = GlobalDatabase(cls, "moving")

    def setUp(self):
        self.addCleanup(self.db.bring_home)
        Hook.events.clear()

    def test_switches_over_and_back_any_number_of_times(self):
        db = self.db
        for source, target in ((PRIMARY, SECONDARY), (SECONDARY, PRIMARY), (PRIMARY, SECONDARY)):
            db.switch(source, target)
            db.await_whole()
            self.assertEqual(db.members(), {source: (False, "connected"), target: (True, "connected")})
        told = [
            (e["from"]["region"], e["to"]["region"], e["way"]) for e in Hook.events if e["event"] == "writer-changed"
        ]
        self.assertEqual(
            told,
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

    def test_a_failover_without_its_old_region_drops_the_member_until_the_region_returns(self):
        db = self.db
        outage(PRIMARY, True)
        db.fail_over(SECONDARY, SECONDARY)
        self.assertTrue(db.describe()["FailoverState"]["IsDataLossAllowed"])
        until(lambda: db.members() == {SECONDARY: (True, "connected")}, "the writer alone")
        self.assertEqual(db.describe()["Status"], "failing-over", "the topology is not whole")
        self.assertEqual(self.status(SECONDARY), "available")
        go_on = hold(self, "member-resynchronised")
        outage(PRIMARY, False)
        self.assertEqual(db.members(), {SECONDARY: (True, "connected"), PRIMARY: (False, "pending-resync")})
        go_on()
        db.await_whole()
        self.assertEqual(db.members(PRIMARY)[PRIMARY], (False, "connected"))
        self.assertEqual(
            [e["cluster"] for e in Hook.events if e["event"] == "member-resynchronised"], [db.ids[PRIMARY]]
        )

    def test_a_failover_of_a_healthy_region_makes_it_resynchronise(self):
        db, go_on = self.db, hold(self, "member-resynchronised")
        db.fail_over(SECONDARY, SECONDARY)
        until(lambda: db.members()[PRIMARY] == (False, "pending-resync"), "resynchronising")
        self.assertEqual(db.describe()["Status"], "failing-over", "the topology is not whole")
        go_on()
        db.await_whole()
        self.assertEqual(db.members(), {PRIMARY: (False, "connected"), SECONDARY: (True, "connected")})

    def test_a_failover_without_data_loss_is_a_switchover(self):
        go_on = hold(self, "writer-changed")
        self.db.fail_over(PRIMARY, SECONDARY, AllowDataLoss=False)
        self.assertEqual(self.db.describe()["Status"], "switching-over")
        go_on()
        self.db.await_whole()

    def test_a_switchover_hangs_in_an_outage_until_a_failover_may_take_over(self):
        db = self.db
        self.hang()
        with self.assertRaises(botocore.exceptions.ClientError) as refused:
            db.fail_over(SECONDARY, SECONDARY)
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidGlobalClusterStateFault")
        emulator().control("settings", {"hanging_seconds": 0})
        db.fail_over(SECONDARY, SECONDARY)
        until(lambda: db.members() == {SECONDARY: (True, "connected")}, "the writer alone")
        self.assertEqual([e["way"] for e in Hook.events if e["event"] == "writer-changed"], ["failover"])

    def test_a_hanging_switchover_ends_well_when_the_region_returns(self):
        self.hang()
        outage(PRIMARY, False)
        self.db.await_whole()
        self.assertEqual(self.db.writer(), SECONDARY)

    def hang(self):
        """A switchover that the old writer's region does not live to see the end of."""
        emulator().control("settings", {"operation_seconds": 3})
        self.addCleanup(emulator().control, "settings", {"hanging_seconds": 20})
        self.db.switch(PRIMARY, SECONDARY)
        outage(PRIMARY, True)
        emulator().control("settings", {"operation_seconds": 0.2})
        time.sleep(2)  # longer than the switchover would have taken
        self.assertEqual(self.db.describe()["Status"], "switching-over")

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


class Databases(unittest.TestCase):
    def test_each_instance_is_told_of_and_may_be_refused(self):
        db = GlobalDatabase(type(self), "told")
        created = {
            e["region"]: e for e in Hook.events if e["event"] == "database-created" and e["globalCluster"] == "told"
        }
        self.assertEqual(
            {region: event["isWriter"] for region, event in created.items()}, {PRIMARY: True, SECONDARY: False}
        )
        self.assertRegex(created[PRIMARY]["address"], r"^told-primary-1\.[a-z0-9]+\.us-east-1\.rds\.amazonaws\.com$")
        self.addCleanup(Hook.refuse.clear)
        Hook.refuse.add("database-created")
        with self.assertRaises(botocore.exceptions.ClientError):
            db.add_instance(SECONDARY, number=2)
        Hook.refuse.clear()
        members = db.api[SECONDARY].describe_db_clusters(DBClusterIdentifier=db.ids[SECONDARY])["DBClusters"][0][
            "DBClusterMembers"
        ]
        self.assertEqual([m["DBInstanceIdentifier"] for m in members], ["told-secondary-1"])


if __name__ == "__main__":
    unittest.main()
