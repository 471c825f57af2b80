"""What events the drill gets, and what its answer and its refusal do."""

import unittest

from running import PRIMARY, SECONDARY, Hook, emulator, hold, until

DOCUMENT = """
phases:
  - name: build
    steps:
      - action: S3Download
        inputs:
          - source: s3://releases/{}.tar.gz
            destination: /tmp/unishop.tar.gz
"""


IMAGE = "ami-0c2023a1b2c3d4e5f"  # one of the emulator's public ones


def events_of(event):
    return [e for e in Hook.events if e["event"] == event]


class ADatabase(unittest.TestCase):
    def setUp(self):
        self.rds = emulator().client("rds")
        self.rds.create_db_cluster(
            DBClusterIdentifier="sent", Engine="aurora-mysql", MasterUsername="shop", MasterUserPassword="not-a-secret"
        )
        self.addCleanup(self.rds.delete_db_cluster, DBClusterIdentifier="sent", SkipFinalSnapshot=True)
        Hook.events.clear()

    def create_instance(self):
        instance = self.rds.create_db_instance(
            DBInstanceIdentifier="sent-1",
            DBClusterIdentifier="sent",
            DBInstanceClass="db.r6g.large",
            Engine="aurora-mysql",
        )["DBInstance"]
        self.addCleanup(self.rds.delete_db_instance, DBInstanceIdentifier="sent-1", SkipFinalSnapshot=True)
        return instance

    def test_listens_where_the_drill_says(self):
        Hook.answers["database-created"] = {"port": 43210}
        self.addCleanup(Hook.answers.clear)
        self.assertEqual(self.create_instance()["Endpoint"]["Port"], 43210)
        self.assertEqual(self.rds.describe_db_instances()["DBInstances"][0]["Endpoint"]["Port"], 43210)
        self.assertEqual(self.rds.describe_db_clusters(DBClusterIdentifier="sent")["DBClusters"][0]["Port"], 43210)

    def test_listens_on_its_own_port_when_the_drill_says_none(self):
        self.assertEqual(self.create_instance()["Endpoint"]["Port"], 3306)

    def test_event_has_its_master_user_and_its_clusters_endpoint(self):
        self.create_instance()
        cluster = self.rds.describe_db_clusters(DBClusterIdentifier="sent")["DBClusters"][0]
        (event,) = events_of("database-created")
        self.assertEqual((event["masterUsername"], event["masterUserPassword"]), ("shop", "not-a-secret"))
        self.assertEqual(event["clusterAddress"], cluster["Endpoint"])

    def test_reboot_is_an_event_and_it_is_available_after_it(self):
        self.create_instance()
        go_on = hold(self, "database-rebooted")

        def status():
            return self.rds.describe_db_instances(DBInstanceIdentifier="sent-1")["DBInstances"][0]["DBInstanceStatus"]

        self.rds.reboot_db_instance(DBInstanceIdentifier="sent-1")
        until(lambda: events_of("database-rebooted"), "the event")
        self.assertEqual(status(), "rebooting")
        go_on()
        until(lambda: status() == "available", "available")
        (event,) = events_of("database-rebooted")
        self.assertEqual((event["region"], event["cluster"], event["instance"]), (PRIMARY, "sent", "sent-1"))


class AMachine(unittest.TestCase):
    def setUp(self):
        Hook.events.clear()

    def launch(self, region):
        ec2 = emulator().client("ec2", region)
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
        launched = ec2.run_instances(
            ImageId=IMAGE, InstanceType="t3.small", SubnetId=subnet, MinCount=1, MaxCount=1, UserData="hello"
        )
        instance = launched["Instances"][0]["InstanceId"]
        self.addCleanup(ec2.terminate_instances, InstanceIds=[instance])
        return ec2, instance

    def test_reboot_is_an_event_and_it_keeps_its_addresses(self):
        for region in (PRIMARY, SECONDARY):
            ec2, instance = self.launch(region)
            ec2.reboot_instances(InstanceIds=[instance])
            before, after = events_of("instance-launched")[-1], events_of("instance-rebooted")[-1]
            self.assertEqual({**before, "event": ""}, {**after, "event": ""})

    def test_that_is_stopped_has_no_public_address_and_gets_another_one(self):
        for region in (PRIMARY, SECONDARY):
            ec2, instance = self.launch(region)

            def describe(ec2=ec2, instance=instance):
                return ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]

            launched = events_of("instance-launched")[-1]
            ec2.stop_instances(InstanceIds=[instance])
            self.assertEqual(events_of("instance-stopped")[-1]["publicDnsName"], launched["publicDnsName"])
            self.assertEqual((describe()["State"]["Name"], describe().get("PublicIpAddress", "")), ("stopped", ""))
            ec2.start_instances(InstanceIds=[instance])
            started = events_of("instance-started")[-1]
            self.assertEqual((started["instance"], started["privateIp"]), (instance, launched["privateIp"]))
            self.assertNotEqual(started["publicIp"], launched["publicIp"])
            self.assertIn(started["publicIp"].replace(".", "-"), started["publicDnsName"])
            self.assertEqual(describe()["PublicDnsName"], started["publicDnsName"])

    def test_what_happens_once_is_one_event(self):
        ec2, instance = self.launch(PRIMARY)
        ec2.start_instances(InstanceIds=[instance])
        ec2.stop_instances(InstanceIds=[instance])
        ec2.stop_instances(InstanceIds=[instance])
        self.assertEqual((len(events_of("instance-started")), len(events_of("instance-stopped"))), (0, 1))


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
        self.addCleanup(self.builder.delete_infrastructure_configuration, infrastructureConfigurationArn=infrastructure)
        image = self.builder.create_image(
            imageRecipeArn=recipe, infrastructureConfigurationArn=infrastructure, **token
        )["imageBuildVersionArn"]
        self.addCleanup(self.remove, image)
        return self.builder.get_image(imageBuildVersionArn=image)["image"]

    def remove(self, image):
        self.builder.start_resource_state_update(
            resourceArn=image,
            state={"status": "DELETED"},
            executionRole="arn:aws:iam::000000000000:role/r",
            includeResources={"amis": True},
            clientToken="0" * 36,
        )

    def test_event_has_what_is_on_it(self):
        amis = self.bake("sent")["outputResources"]["amis"]
        (event,) = events_of("image-baked")
        self.assertEqual(event["images"], [ami["image"] for ami in amis])
        self.assertEqual(event["bundle"], "s3://releases/sent.tar.gz")

    def test_that_cannot_be_baked_leaves_no_ami(self):
        Hook.refuse.add("image-baked")
        self.addCleanup(Hook.refuse.clear)
        ec2 = emulator().client("ec2", PRIMARY)
        before = ec2.describe_images(Owners=["self"])["Images"]
        image = self.bake("refused")
        self.assertEqual(image["state"]["status"], "FAILED")
        self.assertIn("image-baked: the drill answered 500", image["state"]["reason"])
        self.assertEqual(ec2.describe_images(Owners=["self"])["Images"], before)


if __name__ == "__main__":
    unittest.main()
