"""DB clusters that are restored beside others, and the backup that the drill fills them with."""

import datetime
import unittest

import botocore.exceptions

from running import ENGINE_VERSION, PRIMARY, SECONDARY, Hook, emulator


class Restores(unittest.TestCase):
    def setUp(self):
        self.rds = emulator().client("rds", PRIMARY)
        self.name = self.id().rpartition("test_")[2].replace("_", "-")
        self.rds.create_db_cluster(
            DBClusterIdentifier=self.name,
            Engine="aurora-mysql",
            EngineVersion=ENGINE_VERSION,
            MasterUsername="unishop",
            MasterUserPassword="only-for-tests",
            StorageEncrypted=True,
        )
        self.addCleanup(self.remove, self.name)

    def remove(self, cluster, region=PRIMARY):
        api = emulator().client("rds", region)
        for instance in api.describe_db_instances()["DBInstances"]:
            if instance.get("DBClusterIdentifier") == cluster:
                api.delete_db_instance(DBInstanceIdentifier=instance["DBInstanceIdentifier"], SkipFinalSnapshot=True)
        api.delete_db_cluster(DBClusterIdentifier=cluster, SkipFinalSnapshot=True)

    def refused(self, code, call, **asked):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**asked)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)

    def to_time(self, **asked):
        return {"SourceDBClusterIdentifier": self.name, "DBClusterIdentifier": f"{self.name}-restored", **asked}

    def test_a_time_is_asked_for_and_there(self):
        restore = self.rds.restore_db_cluster_to_point_in_time
        future = datetime.datetime.now().astimezone() + datetime.timedelta(hours=1)
        self.refused("InvalidParameterCombination", restore, **self.to_time())
        self.refused("InvalidParameterValue", restore, **self.to_time(RestoreToTime=future))
        self.refused(
            "DBClusterNotFoundFault",
            restore,
            **self.to_time(SourceDBClusterIdentifier="other", UseLatestRestorableTime=True),
        )

    def test_an_instance_comes_when_the_cluster_is_available_and_says_of_what_time(self):
        restored = f"{self.name}-restored"
        before = datetime.datetime.now().astimezone()
        self.rds.restore_db_cluster_to_point_in_time(**self.to_time(UseLatestRestorableTime=True))
        self.addCleanup(self.remove, restored)
        instance = {
            "DBInstanceIdentifier": f"{restored}-1",
            "DBClusterIdentifier": restored,
            "Engine": "aurora-mysql",
            "DBInstanceClass": "db.r6g.large",
        }
        self.refused("InvalidDBClusterStateFault", self.rds.create_db_instance, **instance)
        self.rds.get_waiter("db_cluster_available").wait(DBClusterIdentifier=restored, WaiterConfig={"Delay": 1})
        self.rds.create_db_instance(**instance)
        sent = [e for e in Hook.events if e["event"] == "database-created" and e["cluster"] == restored][-1]
        self.assertEqual(sent["restoredFrom"]["cluster"], self.name)
        self.assertEqual(sent["restoredFrom"]["region"], PRIMARY)
        self.assertAlmostEqual(sent["restoredFrom"]["time"], before.timestamp(), delta=60)
        self.assertTrue(sent["isWriter"])

    def test_a_snapshot_in_another_region_is_copied_with_a_key_of_that_region(self):
        snapshot, elsewhere = f"{self.name}-kept", emulator().client("rds", SECONDARY)
        source = self.rds.create_db_cluster_snapshot(
            DBClusterIdentifier=self.name, DBClusterSnapshotIdentifier=snapshot
        )
        arn = source["DBClusterSnapshot"]["DBClusterSnapshotArn"]
        asked = {"SourceDBClusterSnapshotIdentifier": arn, "TargetDBClusterSnapshotIdentifier": snapshot}
        self.refused("InvalidParameterCombination", elsewhere.copy_db_cluster_snapshot, **asked)
        elsewhere.copy_db_cluster_snapshot(**asked, KmsKeyId="alias/aws/rds")
        for api in (self.rds, elsewhere):
            self.addCleanup(api.delete_db_cluster_snapshot, DBClusterSnapshotIdentifier=snapshot)
        restored = {"DBClusterIdentifier": f"{self.name}-restored", "SnapshotIdentifier": snapshot}
        restore = elsewhere.restore_db_cluster_from_snapshot
        self.refused("InvalidParameterCombination", restore, **restored, Engine="aurora-postgresql")
        self.refused(
            "DBClusterSnapshotNotFoundFault",
            restore,
            **{**restored, "SnapshotIdentifier": "other"},
            Engine="aurora-mysql",
        )
        restore(**restored, Engine="aurora-mysql")
        self.addCleanup(self.remove, restored["DBClusterIdentifier"], SECONDARY)
