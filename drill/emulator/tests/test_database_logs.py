"""Who makes the log groups of a cluster, and when: RDS makes what is missing, CloudFormation nothing that exists."""

import unittest

from databases import KEY, SECRET
from running import ENGINE_VERSION, PRIMARY, emulator
from stacks import Stack

GROUP = "/aws/rds/cluster/logged/error"


def cluster(after=True, **changes):
    """A cluster with an instance, and the log group for its errors, before or beside it."""
    order = {"DependsOn": "Errors"} if after else {}
    return {
        "Errors": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": GROUP, "RetentionInDays": 30}},
        "Parameters": {
            "Type": "AWS::RDS::DBClusterParameterGroup",
            "Properties": {"Family": "aurora-mysql8.0", "Description": "x", "Parameters": {"slow_query_log": "1"}},
        },
        "Cluster": {
            "Type": "AWS::RDS::DBCluster",
            "DeletionPolicy": "Delete",
            **order,
            "Properties": {
                "DBClusterIdentifier": "logged",
                "Engine": "aurora-mysql",
                "EngineVersion": ENGINE_VERSION,
                "StorageEncrypted": True,
                "KmsKeyId": KEY.format(PRIMARY),
                "DBClusterParameterGroupName": {"Ref": "Parameters"},
                "EnableCloudwatchLogsExports": ["error"],
                **SECRET,
                **changes,
            },
        },
        "Instance": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "DBClusterIdentifier": {"Ref": "Cluster"},
                "DBInstanceClass": "db.r6g.large",
                "Engine": "aurora-mysql",
            },
        },
    }


class DatabaseLogs(unittest.TestCase):
    def setUp(self):
        self.logs = emulator().client("logs")
        self.addCleanup(self.forget)  # after the stack
        self.stack = Stack(self, "logged")

    def forget(self):
        for group in self.groups():
            self.logs.delete_log_group(logGroupName=group)

    def groups(self):
        found = self.logs.describe_log_groups(logGroupNamePrefix="/aws/rds/cluster/logged/")["logGroups"]
        return {group["logGroupName"]: group.get("retentionInDays") for group in found}

    def test_a_group_before_the_cluster_keeps_its_retention_and_goes_last(self):
        self.assertEqual(self.stack.create(cluster()), "CREATE_COMPLETE", self.stack.reasons())
        self.assertEqual(self.groups(), {GROUP: 30})
        self.assertEqual(self.stack.delete(), "")
        self.assertEqual(self.groups(), {})
        self.assertEqual(self.stack.create(cluster()), "CREATE_COMPLETE", self.stack.reasons())

    def test_rds_makes_what_is_not_declared_and_leaves_it(self):
        resources = cluster(after=False)
        declared = {name: r for name, r in resources.items() if name != "Errors"}
        self.assertEqual(self.stack.create(declared), "CREATE_COMPLETE", self.stack.reasons())
        self.assertEqual(self.groups(), {GROUP: None})
        self.assertEqual(self.stack.delete(), "")
        self.assertEqual(self.groups(), {GROUP: None})
        self.assertEqual(self.stack.create(cluster()), "ROLLBACK_COMPLETE")
        self.assertIn("already exists", self.stack.reasons()["Errors"])

    def test_a_group_that_goes_first_comes_back(self):
        resources = cluster()
        self.assertEqual(self.stack.create(resources), "CREATE_COMPLETE", self.stack.reasons())
        self.logs.delete_log_group(logGroupName=GROUP)
        del resources["Instance"]
        self.assertEqual(self.stack.update(resources), "UPDATE_COMPLETE")
        self.assertEqual(self.groups(), {GROUP: None})

    def test_exports_are_changed(self):
        self.assertEqual(self.stack.create(cluster()), "CREATE_COMPLETE", self.stack.reasons())
        more = cluster(EnableCloudwatchLogsExports=["error", "slowquery"])
        self.assertEqual(self.stack.update(more), "UPDATE_COMPLETE", self.stack.reasons())
        self.assertEqual(self.groups(), {GROUP: 30, "/aws/rds/cluster/logged/slowquery": None})
        self.assertEqual(self.stack.update(cluster(EnableCloudwatchLogsExports=["slowquery"])), "UPDATE_COMPLETE")


if __name__ == "__main__":
    unittest.main()
