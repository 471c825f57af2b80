"""What the drill is told, and what its answer and its refusal do."""

import unittest

import botocore.exceptions
from running import PRIMARY, Hook, emulator

DOCUMENT = """
phases:
  - name: build
    steps:
      - action: S3Download
        inputs:
          - source: s3://releases/{}.tar.gz
            destination: /tmp/unishop.tar.gz
"""


def told(event):
    return [e for e in Hook.events if e["event"] == event]


class ADatabase(unittest.TestCase):
    def setUp(self):
        self.rds = emulator().client("rds")
        self.rds.create_db_cluster(
            DBClusterIdentifier="told", Engine="aurora-mysql", MasterUsername="shop", MasterUserPassword="not-a-secret"
        )
        self.addCleanup(self.rds.delete_db_cluster, DBClusterIdentifier="told", SkipFinalSnapshot=True)
        Hook.events.clear()

    def create_instance(self):
        instance = self.rds.create_db_instance(
            DBInstanceIdentifier="told-1", DBClusterIdentifier="told", DBInstanceClass="db.r6g.large", Engine="aurora-mysql"
        )["DBInstance"]
        self.addCleanup(self.rds.delete_db_instance, DBInstanceIdentifier="told-1", SkipFinalSnapshot=True)
        return instance

    def test_listens_where_the_drill_says(self):
        Hook.answers["database-created"] = {"port": 43210}
        self.addCleanup(Hook.answers.clear)
        self.assertEqual(self.create_instance()["Endpoint"]["Port"], 43210)
        self.assertEqual(self.rds.describe_db_instances()["DBInstances"][0]["Endpoint"]["Port"], 43210)
        self.assertEqual(self.rds.describe_db_clusters(DBClusterIdentifier="told")["DBClusters"][0]["Port"], 43210)

    def test_listens_on_its_own_port_when_the_drill_says_none(self):
        self.assertEqual(self.create_instance()["Endpoint"]["Port"], 3306)

    def test_is_told_with_its_master_user_and_its_clusters_endpoint(self):
        self.create_instance()
        cluster = self.rds.describe_db_clusters(DBClusterIdentifier="told")["DBClusters"][0]
        (event,) = told("database-created")
        self.assertEqual((event["masterUsername"], event["masterUserPassword"]), ("shop", "not-a-secret"))
        self.assertEqual(event["clusterAddress"], cluster["Endpoint"])


class AnImage(unittest.TestCase):
    def setUp(self):
        self.builder = emulator().client("imagebuilder")
        Hook.events.clear()

    def bake(self, name):
        """Creates an image, with what it needs."""
        token = {"clientToken": "0" * 36}
        component = self.builder.create_component(
            name=name, semanticVersion="1.0.0", platform="Linux", data=DOCUMENT.format(name), **token
        )["componentBuildVersionArn"]
        self.addCleanup(self.builder.delete_component, componentBuildVersionArn=component)
        parent = "arn:aws:imagebuilder:us-east-1:aws:image/amazon-linux-2023-x86/x.x.x"
        recipe = self.builder.create_image_recipe(
            name=name, semanticVersion="1.0.0", parentImage=parent, components=[{"componentArn": component}], **token
        )["imageRecipeArn"]
        self.addCleanup(self.builder.delete_image_recipe, imageRecipeArn=recipe)
        infrastructure = self.builder.create_infrastructure_configuration(
            name=name, instanceProfileName="profile", **token
        )["infrastructureConfigurationArn"]
        self.addCleanup(
            self.builder.delete_infrastructure_configuration, infrastructureConfigurationArn=infrastructure
        )
        image = self.builder.create_image(
            imageRecipeArn=recipe, infrastructureConfigurationArn=infrastructure, **token
        )["imageBuildVersionArn"]
        self.addCleanup(self.remove, image)
        return self.builder.get_image(imageBuildVersionArn=image)["image"]["outputResources"]["amis"]

    def remove(self, image):
        self.builder.start_resource_state_update(
            resourceArn=image,
            state={"status": "DELETED"},
            executionRole="arn:aws:iam::000000000000:role/r",
            includeResources={"amis": True},
            clientToken="0" * 36,
        )

    def test_is_told_with_what_is_on_it(self):
        amis = self.bake("told")
        (event,) = told("image-baked")
        self.assertEqual(event["images"], [ami["image"] for ami in amis])
        self.assertEqual(event["bundle"], "s3://releases/told.tar.gz")

    def test_that_cannot_be_baked_leaves_no_ami(self):
        Hook.refuse.add("image-baked")
        self.addCleanup(Hook.refuse.clear)
        ec2 = emulator().client("ec2", PRIMARY)
        before = ec2.describe_images(Owners=["self"])["Images"]
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "image-baked: the drill answered 500"):
            self.bake("refused")
        self.assertEqual(ec2.describe_images(Owners=["self"])["Images"], before)


if __name__ == "__main__":
    unittest.main()
