"""What AWS refuses: one row a refusal, and no refusal in the tables without a row."""

import re
import time
import unittest

import botocore.exceptions

from databases import KEY, GlobalDatabase
from running import PRIMARY, SECONDARY, emulator, hold, until
from taught import ec2, image_builder, rds

IMAGE = "ami-0c2023a1b2c3d4e5f"  # one of the emulator's public ones
OURS = "arn:aws:imagebuilder:us-east-1:000000000000:"
PARENT = "arn:aws:imagebuilder:us-east-1:aws:image/amazon-linux-2023-x86/x.x.x"


class Refusals(unittest.TestCase):
    seen = set()  # every message, of all tests

    def refused(self, code, call, *args, **kwargs):
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(*args, **kwargs)
        error = caught.exception.response["Error"]
        self.assertEqual(error["Code"], code, error["Message"])
        Refusals.seen.add(error["Message"])
        return error["Message"]

    @classmethod
    def setUpClass(cls):
        cls.db = GlobalDatabase(cls, "refusals")

    def setUp(self):
        emulator().control("settings", {"no_capacity": {}})

    def test_creating_a_global_cluster(self):
        create = self.db.api[PRIMARY].create_global_cluster
        source = {"SourceDBClusterIdentifier": self.db.arn(PRIMARY)}
        self.refused(
            "InvalidParameterCombination", create, GlobalClusterIdentifier="other", Engine="aurora-mysql", **source
        )
        self.refused("InvalidParameterValue", create, GlobalClusterIdentifier="other")

    def test_joining(self):
        rows = {
            "unknown global cluster": ("GlobalClusterNotFoundFault", {"GlobalClusterIdentifier": "missing"}),
            "user": ("InvalidParameterCombination", {"MasterUsername": "unishop"}),
            "password": ("InvalidParameterCombination", {"MasterUserPassword": "not-a-secret"}),
            "database name": ("InvalidParameterCombination", {"DatabaseName": "unishop"}),
            "managed password": ("InvalidParameterCombination", {"ManageMasterUserPassword": True}),
            "not encrypted": ("InvalidParameterCombination", {"StorageEncrypted": False, "KmsKeyId": None}),
            "no key": ("InvalidParameterCombination", {"KmsKeyId": None}),
            "a key of another region": ("KMSKeyNotAccessibleFault", {"KmsKeyId": KEY.format(PRIMARY)}),
            "an identifier of another region": (
                "DBClusterAlreadyExistsFault",
                {"DBClusterIdentifier": self.db.ids[PRIMARY]},
            ),
            "an unknown parameter group": (
                "DBClusterParameterGroupNotFound",
                {"DBClusterParameterGroupName": "unknown"},
            ),
            "a log of another engine": ("InvalidParameterCombination", {"EnableCloudwatchLogsExports": ["upgrade"]}),
            "another engine version": ("InvalidParameterValue", {"EngineVersion": "8.0.mysql_aurora.3.04.0"}),
            "another engine": ("InvalidParameterValue", {"Engine": "aurora-postgresql", "EngineVersion": "16.4"}),
        }
        for name, (code, changes) in rows.items():
            with self.subTest(name):
                arguments = {"KmsKeyId": KEY.format("eu-west-1"), **changes}
                self.refused(
                    code,
                    self.db.api["eu-west-1"].create_db_cluster,
                    **self.db.joining("eu-west-1", "third", **arguments),
                )

    def test_the_first_member_needs_a_user(self):
        api = self.db.api[SECONDARY]
        api.create_global_cluster(GlobalClusterIdentifier="empty", Engine="aurora-mysql")
        self.addCleanup(api.delete_global_cluster, GlobalClusterIdentifier="empty")
        self.refused(
            "InvalidParameterValue",
            api.create_db_cluster,
            DBClusterIdentifier="first",
            GlobalClusterIdentifier="empty",
            Engine="aurora-mysql",
        )

    def test_changing_a_member(self):
        api, cluster, instance = self.db.api[PRIMARY], self.db.ids[PRIMARY], self.db.ids[PRIMARY] + "-1"
        burstable = {"DBInstanceClass": "db.t4g.medium"}
        rows = {
            "managed password": (
                "InvalidParameterCombination",
                api.modify_db_cluster,
                {"DBClusterIdentifier": cluster, "ManageMasterUserPassword": True},
            ),
            "stop": ("InvalidDBClusterStateFault", api.stop_db_cluster, {"DBClusterIdentifier": cluster}),
            "burstable class": (
                "InvalidParameterCombination",
                api.modify_db_instance,
                {"DBInstanceIdentifier": instance, **burstable},
            ),
            "burstable instance": (
                "InvalidParameterCombination",
                api.create_db_instance,
                {
                    "DBInstanceIdentifier": "small",
                    "DBClusterIdentifier": cluster,
                    "Engine": "aurora-mysql",
                    **burstable,
                },
            ),
            "instance of no cluster": (
                "DBClusterNotFoundFault",
                api.create_db_instance,
                {
                    "DBInstanceIdentifier": "lost",
                    "DBClusterIdentifier": "missing",
                    "Engine": "aurora-mysql",
                    "DBInstanceClass": "db.r6g.large",
                },
            ),
        }
        for name, (code, call, arguments) in rows.items():
            with self.subTest(name):
                self.refused(code, call, **arguments)

    def test_deleting(self):
        api, cluster = self.db.api[PRIMARY], self.db.ids[PRIMARY]
        self.refused(
            "InvalidDBClusterStateFault",
            api.delete_db_instance,
            DBInstanceIdentifier=cluster + "-1",
            SkipFinalSnapshot=True,
        )
        self.refused(
            "InvalidDBClusterStateFault", api.delete_db_cluster, DBClusterIdentifier=cluster, SkipFinalSnapshot=True
        )
        self.refused("InvalidGlobalClusterStateFault", api.delete_global_cluster, GlobalClusterIdentifier=self.db.name)
        remove = api.remove_from_global_cluster
        self.refused(
            "InvalidGlobalClusterStateFault",
            remove,
            GlobalClusterIdentifier=self.db.name,
            DbClusterIdentifier=self.db.arn(PRIMARY),
        )
        # Without its region a cluster of another region is unknown here.
        self.refused(
            "DBClusterNotFoundFault",
            remove,
            GlobalClusterIdentifier=self.db.name,
            DbClusterIdentifier=self.db.ids[SECONDARY],
        )

    def test_a_member_without_instances_is_still_a_member(self):
        db = GlobalDatabase(type(self), "headless")
        api = db.api[SECONDARY]
        api.delete_db_instance(DBInstanceIdentifier=db.ids[SECONDARY] + "-1", SkipFinalSnapshot=True)
        self.refused(
            "InvalidDBClusterStateFault",
            api.delete_db_cluster,
            DBClusterIdentifier=db.ids[SECONDARY],
            SkipFinalSnapshot=True,
        )
        self.refused("InvalidDBClusterStateFault", db.switch, PRIMARY, SECONDARY)
        self.refused("InvalidDBClusterStateFault", db.fail_over, SECONDARY, SECONDARY)

    def test_a_cluster_that_is_being_restored_takes_no_instance(self):
        api, restored = self.db.api[PRIMARY], f"{self.db.name}-restored"
        api.restore_db_cluster_to_point_in_time(
            SourceDBClusterIdentifier=self.db.ids[PRIMARY],
            DBClusterIdentifier=restored,
            UseLatestRestorableTime=True,
            KmsKeyId="alias/aws/rds",
        )
        self.addCleanup(api.delete_db_cluster, DBClusterIdentifier=restored, SkipFinalSnapshot=True)
        self.refused(
            "InvalidDBClusterStateFault",
            api.create_db_instance,
            DBInstanceIdentifier="early",
            DBClusterIdentifier=restored,
            Engine="aurora-mysql",
            DBInstanceClass="db.r6g.large",
        )

    def test_moving_the_writer(self):
        db, down = self.db, lambda region, value: emulator().control("outage", {"region": region, "down": value})
        self.refused("InvalidGlobalClusterStateFault", db.switch, PRIMARY, PRIMARY)
        self.refused("InvalidGlobalClusterStateFault", db.switch, SECONDARY, SECONDARY)
        self.refused("InvalidGlobalClusterStateFault", db.fail_over, PRIMARY, SECONDARY)
        self.refused("InvalidParameterCombination", db.fail_over, SECONDARY, SECONDARY, Switchover=True)
        for name in ("switchover_global_cluster", "failover_global_cluster"):
            call = getattr(db.api[PRIMARY], name)
            self.refused(
                "GlobalClusterNotFoundFault",
                call,
                GlobalClusterIdentifier="missing",
                TargetDbClusterIdentifier=db.arn(SECONDARY),
            )
            self.refused(
                "DBClusterNotFoundFault",
                call,
                GlobalClusterIdentifier=db.name,
                TargetDbClusterIdentifier=db.ids[SECONDARY],
            )
        down(SECONDARY, True)
        self.addCleanup(down, SECONDARY, False)
        self.refused("InvalidGlobalClusterStateFault", db.switch, PRIMARY, SECONDARY)
        self.refused("InvalidGlobalClusterStateFault", db.fail_over, PRIMARY, SECONDARY, AllowDataLoss=False)

    def test_one_operation_at_a_time(self):
        db = GlobalDatabase(type(self), "busy")
        hold(self, "writer-changed")
        db.switch(PRIMARY, SECONDARY)
        self.refused("InvalidGlobalClusterStateFault", db.switch, PRIMARY, SECONDARY)
        self.refused("InvalidGlobalClusterStateFault", db.fail_over, SECONDARY, SECONDARY)
        remove = db.api[SECONDARY].remove_from_global_cluster
        self.refused(
            "InvalidGlobalClusterStateFault",
            remove,
            GlobalClusterIdentifier=db.name,
            DbClusterIdentifier=db.arn(SECONDARY),
        )
        third = db.joining("eu-west-1", "busy-third")
        self.refused("InvalidGlobalClusterStateFault", db.api["eu-west-1"].create_db_cluster, **third)

    def test_a_member_that_resynchronises_cannot_be_promoted(self):
        for lost, target in ((PRIMARY, SECONDARY), (SECONDARY, PRIMARY)):
            with self.subTest(f"{lost} resynchronises"):
                db = GlobalDatabase(type(self), f"resynchronising-{lost}")
                if lost != PRIMARY:
                    db.switch(PRIMARY, lost)
                    db.await_whole()
                go_on = hold(self, "member-resynchronised")
                db.fail_over(target, target)
                until(lambda: db.members()[lost] == (False, "pending-resync"), "resynchronising")  # noqa: B023
                says = "The {} request is not successful because replication setup is still in progress. "
                says += "Please retry the request later."
                self.assertEqual(
                    self.refused("InvalidDBClusterStateFault", db.switch, target, lost), says.format("switchover")
                )
                self.assertEqual(
                    self.refused("InvalidDBClusterStateFault", db.fail_over, lost, lost), says.format("failover")
                )
                go_on()
                db.await_whole()

    def test_a_switchover_at_once_after_another_one(self):
        db = GlobalDatabase(type(self), "at-once")
        emulator().control("settings", {"setup_seconds": 2})
        self.addCleanup(emulator().control, "settings", {"setup_seconds": 0})
        db.switch(PRIMARY, SECONDARY)
        db.await_whole()
        self.refused("InvalidDBClusterStateFault", db.switch, SECONDARY, PRIMARY)
        time.sleep(2)
        db.switch(SECONDARY, PRIMARY)
        db.await_whole()

    def test_another_engine_version(self):
        for writer, reader in ((PRIMARY, SECONDARY), (SECONDARY, PRIMARY)):
            with self.subTest(f"{writer} is the writer"):
                db = GlobalDatabase(type(self), f"versions-{writer}")
                if writer != PRIMARY:
                    db.switch(PRIMARY, writer)
                    db.await_whole()
                self.assert_versions(db, writer, reader)

    def assert_versions(self, db, writer, reader):
        """Readers first, patch by patch: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-global-database-upgrade.html"""
        patch, minor, older = (f"8.0.mysql_aurora.{version}" for version in ("3.10.5", "3.11.1", "3.10.3"))

        def upgrade(region, version):
            db.api[region].modify_db_cluster(
                DBClusterIdentifier=db.ids[region], EngineVersion=version, ApplyImmediately=True
            )

        def version(region):
            (found,) = db.api[region].describe_db_clusters(DBClusterIdentifier=db.ids[region])["DBClusters"]
            return found["Status"], found["EngineVersion"]

        through_global = db.api[writer].modify_global_cluster
        said = self.refused(
            "InvalidParameterValue", through_global, GlobalClusterIdentifier=db.name, EngineVersion=patch
        )
        self.assertIn("can't perform minor version upgrades through ModifyGlobalCluster", said)
        said = self.refused("InvalidParameterValue", upgrade, writer, patch)
        self.assertIn("Please upgrade global replicas first", said)
        for region in (writer, reader):
            said = self.refused("InvalidParameterValue", upgrade, region, minor)
            self.assertIn(
                f"In-place minor version upgrade of Aurora MySQL global database cluster '{db.ids[region]}'", said
            )
            said = self.refused("InvalidParameterCombination", upgrade, region, older)
            self.assertEqual(said, f"Cannot upgrade aurora-mysql from 8.0.mysql_aurora.3.10.4 to {older}")

        upgrade(reader, patch)
        until(lambda: version(reader) == ("available", patch), "the reader upgraded")
        self.assertEqual(db.describe()["EngineVersion"], "8.0.mysql_aurora.3.10.4")
        said = self.refused("InvalidDBClusterStateFault", db.switch, writer, reader)
        self.assertIn("must have the same engine version as current primary cluster", said)
        self.refused("InvalidDBClusterStateFault", db.fail_over, reader, reader)
        upgrade(writer, patch)
        until(lambda: version(writer) == ("available", patch), "the writer upgraded")
        self.assertEqual(db.describe()["EngineVersion"], patch)
        db.switch(writer, reader)
        db.await_whole()
        # Who joins now has to have the version that the others have.
        arguments = db.joining("eu-west-1", f"{db.name}-third", EngineVersion="8.0.mysql_aurora.3.10.4")
        said = self.refused("InvalidParameterValue", db.api["eu-west-1"].create_db_cluster, **arguments)
        self.assertEqual(said, f"Value for engineVersion should match setting for global cluster {db.name}")

    def test_a_member_alone_is_upgraded_to_another_minor_version(self):
        """As AWS has it for MySQL: without its readers, which are made again."""
        db = GlobalDatabase(type(self), "alone")
        api, cluster = db.api[SECONDARY], db.ids[SECONDARY]
        api.remove_from_global_cluster(GlobalClusterIdentifier=db.name, DbClusterIdentifier=db.arn(SECONDARY))
        api.delete_db_instance(DBInstanceIdentifier=f"{cluster}-1", SkipFinalSnapshot=True)
        api.delete_db_cluster(DBClusterIdentifier=cluster, SkipFinalSnapshot=True)
        minor = "8.0.mysql_aurora.3.11.1"
        db.api[PRIMARY].modify_db_cluster(
            DBClusterIdentifier=db.ids[PRIMARY], EngineVersion=minor, ApplyImmediately=True
        )
        until(lambda: db.describe()["EngineVersion"] == minor, "upgraded")
        db.add(SECONDARY, EngineVersion=minor)
        db.switch(PRIMARY, SECONDARY)
        db.await_whole()

    def test_launching(self):
        api = emulator().client("ec2", SECONDARY)
        subnet = api.describe_subnets()["Subnets"][0]["SubnetId"]
        emulator().control("settings", {"no_capacity": {SECONDARY: ["t3.small"]}})
        rows = {
            "image": ("InvalidAMIID.NotFound", {"ImageId": "ami-11111111111111111"}),
            "subnet": ("InvalidSubnetID.NotFound", {"SubnetId": "subnet-11111111111111111"}),
            "capacity": ("InsufficientInstanceCapacity", {"InstanceType": "t3.small"}),
        }
        for name, (code, changes) in rows.items():
            with self.subTest(name):
                arguments = {
                    "ImageId": IMAGE,
                    "InstanceType": "t3.medium",
                    "SubnetId": subnet,
                    "MinCount": 1,
                    "MaxCount": 1,
                    **changes,
                }
                self.refused(code, api.run_instances, **arguments)

    def test_building_images(self):
        api = emulator().client("imagebuilder")
        component = {"name": "refused", "semanticVersion": "1.0.0", "platform": "Linux", "data": "phases: []"}
        made = api.create_component(**component, clientToken="1")["componentBuildVersionArn"]
        self.assertEqual(made, OURS + "component/refused/1.0.0/1")
        self.addCleanup(api.delete_component, componentBuildVersionArn=made)
        recipe = {
            "name": "refused",
            "semanticVersion": "1.0.0",
            "parentImage": PARENT,
            "components": [{"componentArn": made}],
        }
        arn = api.create_image_recipe(**recipe, clientToken="2")["imageRecipeArn"]
        self.addCleanup(api.delete_image_recipe, imageRecipeArn=arn)
        infrastructure = {"name": "refused", "instanceProfileName": "profile"}
        of = api.create_infrastructure_configuration(**infrastructure, clientToken="3")[
            "infrastructureConfigurationArn"
        ]
        self.addCleanup(api.delete_infrastructure_configuration, infrastructureConfigurationArn=of)
        distribution = {
            "name": "refused",
            "distributions": [{"region": PRIMARY, "amiDistributionConfiguration": {"name": "refused"}}],
        }
        to = api.create_distribution_configuration(**distribution, clientToken="4")["distributionConfigurationArn"]
        self.addCleanup(api.delete_distribution_configuration, distributionConfigurationArn=to)
        unnamed = {
            "name": "unnamed",
            "distributions": [{"region": PRIMARY, "amiDistributionConfiguration": {"description": "no name"}}],
        }
        exists, invalid = "ResourceAlreadyExistsException", "InvalidParameterValueException"
        rows = {
            "same component, other data": (exists, api.create_component, {**component, "data": "phases: [build]"}),
            "same recipe": (exists, api.create_image_recipe, recipe),
            "same infrastructure": (exists, api.create_infrastructure_configuration, infrastructure),
            "same distribution": (exists, api.create_distribution_configuration, distribution),
            "version of two parts": (invalid, api.create_component, {**component, "semanticVersion": "1.0"}),
            "wildcard version": (invalid, api.create_component, {**component, "semanticVersion": "1.0.x"}),
            "version too big": (
                "InvalidVersionNumberException",
                api.create_component,
                {**component, "semanticVersion": f"1.0.{2**30}"},
            ),
            "data too long": (
                invalid,
                api.create_component,
                {**component, "semanticVersion": "1.0.1", "data": "x" * 16001},
            ),
            "no such component": (
                invalid,
                api.create_image_recipe,
                {
                    **recipe,
                    "semanticVersion": "1.0.1",
                    "components": [{"componentArn": OURS + "component/none/1.0.0/1"}],
                },
            ),
            "no such recipe": (
                invalid,
                api.create_image,
                {"imageRecipeArn": OURS + "image-recipe/none/1.0.0", "infrastructureConfigurationArn": of},
            ),
            "images without names": (invalid, api.create_distribution_configuration, unnamed),
        }
        for name, (code, call, arguments) in rows.items():
            with self.subTest(name):
                self.refused(code, call, **arguments, clientToken=name.replace(" ", ""))
        biggest = {**component, "semanticVersion": f"1.0.{2**30 - 1}", "data": "x" * 16000}
        made = api.create_component(**biggest, clientToken="5")["componentBuildVersionArn"]
        api.delete_component(componentBuildVersionArn=made)

    def test_zz_no_refusal_is_without_a_row(self):
        """Last by its name: the others have to have been provoked by then."""
        tables = [
            *rds.REFUSALS.values(),
            rds.SWITCHOVER,
            rds.FAILOVER,
            *ec2.REFUSALS.values(),
            *image_builder.REFUSALS.values(),
        ]
        for refusal in {refusal for table in tables for refusal in table}:
            pattern = re.sub(r"\\\{[^}]*\\\}", ".*", re.escape(refusal.message))
            with self.subTest(refusal.message):
                self.assertTrue(
                    any(re.fullmatch(pattern, message) for message in self.seen), f"never provoked: {refusal.message}"
                )
                self.assertRegex(refusal.source, "^https://")


if __name__ == "__main__":
    unittest.main()
