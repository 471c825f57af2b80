"""A secret's replicas in other regions."""

import json
import unittest

import botocore.exceptions

from running import PRIMARY, SECONDARY, emulator
from stacks import Stack


class Replicas(unittest.TestCase):
    def setUp(self):
        self.api = {region: emulator().client("secretsmanager", region) for region in (PRIMARY, SECONDARY)}
        self.name = self.id().rpartition("test_")[2]
        for region in (PRIMARY, SECONDARY):
            self.addCleanup(emulator().control, "outage", {"region": region, "down": False})
        self.addCleanup(self.remove)

    def remove(self):
        for region in (PRIMARY, SECONDARY):
            emulator().control("outage", {"region": region, "down": False})
        for region in (PRIMARY, SECONDARY, PRIMARY):  # again, for the first may have been a replica
            api = self.api[region]
            try:
                found = api.describe_secret(SecretId=self.name)
            except api.exceptions.ResourceNotFoundException:
                continue
            if found.get("PrimaryRegion", region) != region:
                continue
            regions = [status["Region"] for status in found.get("ReplicationStatus", [])]
            if regions:
                api.remove_regions_from_replication(SecretId=self.name, RemoveReplicaRegions=regions)
            api.delete_secret(SecretId=self.name, ForceDeleteWithoutRecovery=True)

    def create(self, home, other):
        return self.api[home].create_secret(
            Name=self.name, SecretString="first", AddReplicaRegions=[{"Region": other}]
        )["ReplicationStatus"]

    def value(self, region):
        return self.api[region].get_secret_value(SecretId=self.name)["SecretString"]

    def status(self, home):
        found = self.api[home].describe_secret(SecretId=self.name).get("ReplicationStatus", [])
        return [(s["Region"], s["Status"]) for s in found]

    def refused(self, says, call, **arguments):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(SecretId=self.name, **arguments)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], "InvalidParameterException")
        self.assertRegex(error["Message"], says)

    def either_way(self):
        """Home of the secret and where it is replicated to, each region in turn."""
        for home, other in ((PRIMARY, SECONDARY), (SECONDARY, PRIMARY)):
            with self.subTest(f"the secret is in {home}"):
                yield home, other
                self.remove()

    def test_a_replica_cannot_be_written(self):
        for home, other in self.either_way():
            self.assertEqual(self.create(home, other)[0]["Status"], "InSync")
            replica = self.api[other]
            says = "^Operation not permitted on a replica secret. Call must be made in primary secret's region.$"
            self.refused(says, replica.put_secret_value, SecretString="second")
            self.refused(says, replica.update_secret, SecretString="second")
            self.refused(says, replica.put_resource_policy, ResourcePolicy="{}")
            self.refused(says, replica.delete_resource_policy)
            self.refused(says, replica.delete_secret, ForceDeleteWithoutRecovery=True)
            self.refused(says, replica.remove_regions_from_replication, RemoveReplicaRegions=[other])
            self.assertEqual(self.value(other), "first")
            self.api[home].put_secret_value(SecretId=self.name, SecretString="second")
            self.assertEqual(self.value(other), "second")

    def test_a_secret_with_replicas_is_not_deleted(self):
        for home, other in self.either_way():
            self.create(home, other)
            says = rf"^You can't delete secret arn:.* that still has replica regions \[{other}\]\.$"
            self.refused(says, self.api[home].delete_secret, ForceDeleteWithoutRecovery=True)

    def test_a_replica_is_removed(self):
        for home, other in self.either_way():
            self.create(home, other)
            answer = self.api[home].remove_regions_from_replication(SecretId=self.name, RemoveReplicaRegions=[other])
            self.assertEqual(answer["ReplicationStatus"], [])
            with self.assertRaises(self.api[other].exceptions.ResourceNotFoundException):
                self.value(other)
            self.assertEqual(self.value(home), "first")

    def test_a_replica_is_made_a_secret_by_itself(self):
        for home, other in self.either_way():
            self.create(home, other)
            self.api[other].stop_replication_to_replica(SecretId=self.name)
            self.api[other].put_secret_value(SecretId=self.name, SecretString="own")
            self.assertEqual((self.value(home), self.value(other)), ("first", "own"))
            self.assertEqual(self.status(home), [])
            with self.assertRaises(self.api[home].exceptions.ResourceNotFoundException):
                self.api[home].stop_replication_to_replica(SecretId=self.name)

    def test_a_replication_fails_when_the_name_is_taken_until_it_is_overwritten(self):
        for home, other in self.either_way():
            self.api[other].create_secret(Name=self.name, SecretString="taken")
            (status,) = self.create(home, other)
            self.assertEqual(
                (status["Status"], status["StatusMessage"]),
                ("Failed", "Secret with this name already exists in this region"),
            )
            self.assertEqual((self.value(other), self.status(home)), ("taken", [(other, "Failed")]))
            self.api[home].put_secret_value(SecretId=self.name, SecretString="second")
            self.assertEqual(self.value(other), "taken")
            self.api[home].replicate_secret_to_regions(
                SecretId=self.name, AddReplicaRegions=[{"Region": other}], ForceOverwriteReplicaSecret=True
            )
            self.assertEqual((self.value(other), self.status(home)), ("second", [(other, "InSync")]))

    def test_a_region_with_an_outage_gets_it_when_the_outage_ends(self):
        for home, other in self.either_way():
            emulator().control("outage", {"region": other, "down": True})
            self.create(home, other)
            self.assertEqual(self.status(home), [(other, "InProgress")])
            emulator().control("outage", {"region": other, "down": False})
            self.assertEqual((self.value(other), self.status(home)), ("first", [(other, "InSync")]))
            emulator().control("outage", {"region": other, "down": True})
            self.api[home].put_secret_value(SecretId=self.name, SecretString="second")
            emulator().control("outage", {"region": other, "down": False})
            self.assertEqual((self.value(other), self.status(home)), ("second", [(other, "InSync")]))

    def test_cloudformation_does_not_report_a_replication_that_has_failed(self):
        """https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/1459"""
        self.api[SECONDARY].create_secret(Name=self.name, SecretString="taken")
        properties = {"Name": self.name, "SecretString": json.dumps({}), "ReplicaRegions": [{"Region": SECONDARY}]}
        stack = Stack(self, "failed-replication")
        created = stack.create({"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}})
        self.assertEqual(created, "CREATE_COMPLETE", stack.reasons())
        self.assertEqual((self.value(SECONDARY), self.status(PRIMARY)), ("taken", [(SECONDARY, "Failed")]))
        self.assertEqual(stack.delete(), "")
        self.assertEqual(self.value(SECONDARY), "taken")

    def test_a_region_that_a_template_drops_loses_its_replica(self):
        def secret(*regions):
            replicas = [{"Region": region} for region in regions]
            properties = {"Name": self.name, "SecretString": json.dumps({}), "ReplicaRegions": replicas}
            return {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}}

        stack = Stack(self, "dropped-replica")
        stack.create(secret(SECONDARY))
        self.assertEqual(self.value(SECONDARY), "{}")
        self.assertEqual(stack.update(secret()), "UPDATE_COMPLETE", stack.reasons())
        with self.assertRaises(self.api[SECONDARY].exceptions.ResourceNotFoundException):
            self.value(SECONDARY)
        self.assertEqual(stack.update(secret(SECONDARY)), "UPDATE_COMPLETE", stack.reasons())
        self.assertEqual(self.value(SECONDARY), "{}")

    def test_a_generated_password_has_no_punctuation_where_none_is_wanted(self):
        wanted = {"PasswordLength": 200, "ExcludePunctuation": True}
        properties = {"Name": self.name, "GenerateSecretString": wanted}
        created = Stack(self, "plain-password").create(
            {"Secret": {"Type": "AWS::SecretsManager::Secret", "Properties": properties}}
        )
        self.assertEqual(created, "CREATE_COMPLETE")
        self.assertTrue(self.value(PRIMARY).isalnum())


if __name__ == "__main__":
    unittest.main()
