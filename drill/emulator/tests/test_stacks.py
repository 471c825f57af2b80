"""What CloudFormation does with the taught types, and the order in which it does it."""

import json
import time
import unittest

import botocore.exceptions

from databases import SECRET
from running import ENGINE_VERSION, PRIMARY, SECONDARY, Hook, emulator, hold, until
from stacks import Stack, allow, custom_resource, launched, outputs, trust

IMAGE, OTHER_IMAGE = "ami-0c2023a1b2c3d4e5f", "ami-0abcdef1234567890"

NETWORK = {
    "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}},
    "Subnet": {
        "Type": "AWS::EC2::Subnet",
        "Properties": {
            "VpcId": {"Ref": "Vpc"},
            "CidrBlock": "10.0.1.0/24",
            "MapPublicIpOnLaunch": True,
            "AvailabilityZone": {"Fn::Select": [1, {"Fn::GetAZs": ""}]},
        },
    },
    "Group": {
        "Type": "AWS::EC2::SecurityGroup",
        "Properties": {"GroupDescription": "the server", "VpcId": {"Ref": "Vpc"}},
    },
}


def server(image=IMAGE, timeout="PT20S", **changes):
    instance = {
        "Type": "AWS::EC2::Instance",
        "CreationPolicy": {"ResourceSignal": {"Timeout": timeout}},
        "Properties": {
            "ImageId": image,
            "InstanceType": "t3.small",
            "SubnetId": {"Ref": "Subnet"},
            "UserData": {"Fn::Base64": "echo hello"},
            "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}],
            **changes,
        },
    }
    return {**NETWORK, "Server": instance}


class Instances(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"))
        self.ec2 = emulator().client("ec2")

    def states(self, *instances):
        described = self.ec2.describe_instances(InstanceIds=list(instances))["Reservations"]
        states = {r["Instances"][0]["InstanceId"]: r["Instances"][0]["State"]["Name"] for r in described}
        return [states[instance] for instance in instances]

    def test_is_complete_with_its_own_signal(self):
        attributes = {
            "Ip": "Server.PublicIp",
            "Private": "Server.PrivateIp",
            "Zone": "Server.AvailabilityZone",
            "Dns": "Server.PublicDnsName",
        }
        self.stack.begin("create", server(), Outputs=outputs(**attributes))
        self.stack.signal(unique_id="another instance")
        time.sleep(0.5)
        self.assertEqual(self.stack.status(), "CREATE_IN_PROGRESS", "only the instance's own id counts")
        instance = self.stack.signal()
        self.assertEqual(self.stack.finished(), "CREATE_COMPLETE")
        found, event = self.stack.outputs(), launched(self.stack.name)[0]
        self.assertEqual(found["Zone"], "us-east-1b")
        self.assertRegex(found["Private"], r"^10\.0\.1\.")
        self.assertEqual(found["Dns"], f"ec2-{found['Ip'].replace('.', '-')}.compute-1.amazonaws.com")
        self.assertEqual((event["instance"], event["userData"], event["logicalId"]), (instance, "echo hello", "Server"))
        self.assertEqual(self.stack.delete(), "")
        self.assertEqual(self.states(instance), ["terminated"])
        self.assertIn(instance, [e["instance"] for e in Hook.events if e["event"] == "instance-terminated"])

    def test_fails_at_once_with_a_failure_signal(self):
        self.stack.begin("create", server())
        instance = self.stack.signal("FAILURE")
        self.assertEqual(self.stack.finished(), "ROLLBACK_COMPLETE")
        self.assertEqual(self.stack.reasons()["Server"], f"Received FAILURE signal with UniqueId {instance}")
        self.assertEqual(self.states(instance), ["terminated"])

    def test_fails_without_a_signal(self):
        self.assertEqual(self.stack.create(server(timeout="PT1S")), "ROLLBACK_COMPLETE")
        self.assertEqual(
            self.stack.reasons()["Server"], "Failed to receive 1 resource signal(s) within the specified duration"
        )

    def test_an_unknown_image_fails_the_stack(self):
        self.assertEqual(self.stack.create(server(image="ami-11111111111111111")), "ROLLBACK_COMPLETE")
        self.assertIn(
            "The image id '[ami-11111111111111111]' does not exist (Service: EC2, Status Code: 400",
            self.stack.reasons()["Server"],
        )

    def test_another_image_is_another_instance_made_before_the_old_one_goes(self):
        self.stack.begin("create", server())
        old = self.stack.signal()
        self.stack.finished()
        self.stack.begin("update", server(image=OTHER_IMAGE))
        until(lambda: len(launched(self.stack.name)) == 2, "the new one launched")
        new = launched(self.stack.name)[1]["instance"]
        self.assertEqual(self.states(old, new), ["running", "running"])
        self.stack.signal()
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")
        self.assertEqual(self.states(old, new), ["terminated", "running"])
        self.assertEqual(self.stack.resources()["Server"], new)

    def test_the_old_instance_goes_on_when_the_new_one_fails(self):
        self.stack.begin("create", server())
        old = self.stack.signal()
        self.stack.finished()
        self.stack.begin("update", server(image=OTHER_IMAGE))
        until(lambda: len(launched(self.stack.name)) == 2, "the new one launched")
        new = self.stack.signal("FAILURE")
        self.assertEqual(self.stack.finished(), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.states(old, new), ["running", "terminated"])
        self.assertEqual(self.stack.resources()["Server"], old)

    def test_type_and_user_data_change_in_place(self):
        self.stack.begin("create", server())
        instance = self.stack.signal()
        self.stack.finished()
        changed = server(InstanceType="t3.medium", UserData={"Fn::Base64": "echo changed"})
        self.assertEqual(self.stack.update(changed), "UPDATE_COMPLETE")
        self.assertEqual(self.stack.resources()["Server"], instance)
        described = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
        self.assertEqual((described["InstanceType"], described["State"]["Name"]), ("t3.medium", "running"))

    def test_the_drill_may_refuse_a_launch(self):
        self.addCleanup(Hook.refuse.clear)
        Hook.refuse.add("instance-launched")
        self.assertEqual(self.stack.create(server()), "ROLLBACK_COMPLETE")
        self.assertIn("instance-launched: the drill answered 500", self.stack.reasons()["Server"])


class Networks(unittest.TestCase):
    def test_rules_and_flow_logs(self):
        ec2, stack = emulator().client("ec2"), Stack(self, "rules")
        group = {"Fn::GetAtt": ["Group", "GroupId"]}
        mysql = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306}
        resources = {
            **NETWORK,
            "In": {
                "Type": "AWS::EC2::SecurityGroupIngress",
                "Properties": {"GroupId": group, "SourceSecurityGroupId": group, **mysql},
            },
            "Out": {
                "Type": "AWS::EC2::SecurityGroupEgress",
                "Properties": {"GroupId": group, "CidrIp": "10.0.0.0/16", **mysql},
            },
            "Logs": {"Type": "AWS::Logs::LogGroup"},
            "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust("vpc-flow-logs")}},
            "Flow": {
                "Type": "AWS::EC2::FlowLog",
                "Properties": {
                    "ResourceId": {"Ref": "Vpc"},
                    "ResourceType": "VPC",
                    "TrafficType": "REJECT",
                    "LogGroupName": {"Ref": "Logs"},
                    "DeliverLogsPermissionArn": {"Fn::GetAtt": ["Role", "Arn"]},
                },
            },
        }
        self.assertEqual(stack.create(resources, Outputs=outputs(Group="Group.GroupId")), "CREATE_COMPLETE")
        found = ec2.describe_security_groups(GroupIds=[stack.outputs()["Group"]])["SecurityGroups"][0]
        self.assertEqual([p["FromPort"] for p in found["IpPermissions"]], [3306])
        self.assertIn(3306, [p.get("FromPort") for p in found["IpPermissionsEgress"]])
        self.assertEqual(len(ec2.describe_flow_logs()["FlowLogs"]), 1)
        # Another port is another rule; the old one goes.
        resources["In"]["Properties"] |= {"FromPort": 3307, "ToPort": 3307}
        self.assertEqual(stack.update(resources), "UPDATE_COMPLETE")
        found = ec2.describe_security_groups(GroupIds=[found["GroupId"]])["SecurityGroups"][0]
        self.assertEqual([p["FromPort"] for p in found["IpPermissions"]], [3307])
        self.assertEqual(stack.delete(), "")


def image(version, deletes=True):
    regions = [
        {"Region": r, "AmiDistributionConfiguration": {"Name": "shop-{{ imagebuilder:buildDate }}"}}
        for r in (PRIMARY, SECONDARY)
    ]
    parent = "arn:aws:imagebuilder:us-east-1:aws:image/amazon-linux-2023-x86/x.x.x"
    deletion = {"DeletionSettings": {"ExecutionRole": "arn:aws:iam::000000000000:role/deletes"}} if deletes else {}
    properties = {
        "Component": {"Name": "shop", "Version": version, "Platform": "Linux", "Data": f"# {version}"},
        "ImageRecipe": {
            "Name": "shop",
            "Version": version,
            "ParentImage": parent,
            "Components": [{"ComponentArn": {"Fn::GetAtt": ["Component", "Arn"]}}],
        },
        "InfrastructureConfiguration": {
            "Name": "shop",
            "InstanceProfileName": "profile",
            "InstanceMetadataOptions": {"HttpTokens": "required"},
        },
        "DistributionConfiguration": {"Name": "shop", "Distributions": regions},
        "Image": {
            **{
                f"{kind}Arn": {"Fn::GetAtt": [kind, "Arn"]}
                for kind in ("ImageRecipe", "InfrastructureConfiguration", "DistributionConfiguration")
            },
            **deletion,
        },
    }
    return {kind: {"Type": f"AWS::ImageBuilder::{kind}", "Properties": of} for kind, of in properties.items()}


class Images(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"))

    def amis(self, region):
        """AMI -> the Image Builder image that it is a copy of."""
        found = (
            emulator()
            .client("ec2", region)
            .describe_images(Owners=["self"], Filters=[{"Name": "tag:CreatedBy", "Values": ["EC2 Image Builder"]}])
        )
        return {i["ImageId"]: {t["Key"]: t["Value"] for t in i["Tags"]}["Ec2ImageBuilderArn"] for i in found["Images"]}

    def snapshots(self, region):
        found = emulator().client("ec2", region).describe_snapshots(OwnerIds=["self"])["Snapshots"]
        return [snapshot["SnapshotId"] for snapshot in found]

    def test_is_distributed_replaced_and_deleted(self):
        self.assertEqual(
            self.stack.create(image("1.0.7"), Outputs=outputs(Ami="Image.ImageId", Arn="Image.Arn")), "CREATE_COMPLETE"
        )
        first = self.stack.outputs()
        self.assertEqual(first["Arn"], "arn:aws:imagebuilder:us-east-1:000000000000:image/shop/1.0.7/1")
        self.assertEqual(self.amis(PRIMARY), {first["Ami"]: first["Arn"]})
        found = emulator().client("ec2", PRIMARY).describe_images(ImageIds=[first["Ami"]])["Images"]
        self.assertRegex(found[0]["CreationDate"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(list(self.amis(SECONDARY).values()), [first["Arn"]])
        self.assertNotEqual(list(self.amis(SECONDARY)), [first["Ami"]], "an AMI's id is its region's")
        self.assertEqual(
            self.stack.update(image("1.0.8"), Outputs=outputs(Ami="Image.ImageId", Arn="Image.Arn")), "UPDATE_COMPLETE"
        )
        second = self.stack.outputs()
        self.assertEqual(
            self.amis(PRIMARY), {second["Ami"]: "arn:aws:imagebuilder:us-east-1:000000000000:image/shop/1.0.8/1"}
        )
        self.assertEqual(len(self.amis(SECONDARY)), 1)
        self.assertEqual(self.stack.delete(), "")
        self.assertEqual((self.amis(PRIMARY), self.amis(SECONDARY)), ({}, {}))
        self.assertEqual(self.snapshots(PRIMARY) + self.snapshots(SECONDARY), [])

    def test_without_deletion_settings_the_amis_stay(self):
        self.stack.create(image("1.0.9", deletes=False))
        self.assertEqual(self.stack.delete(), "")
        for region in (PRIMARY, SECONDARY):
            (left,) = self.amis(region)
            self.assertEqual(len(self.snapshots(region)), 1)
            emulator().client("ec2", region).deregister_image(ImageId=left, DeleteAssociatedSnapshots=True)
            self.assertEqual((self.amis(region), self.snapshots(region)), ({}, []))

    def test_that_is_deregistered_leaves_its_snapshot_unless_that_is_asked_for(self):
        self.stack.create(image("1.0.12", deletes=False))
        self.assertEqual(self.stack.delete(), "")
        for region in (PRIMARY, SECONDARY):
            ec2 = emulator().client("ec2", region)
            ec2.deregister_image(ImageId=next(iter(self.amis(region))))
            (left,) = self.snapshots(region)
            ec2.delete_snapshot(SnapshotId=left)

    def test_whose_build_fails_is_deleted_with_what_there_is_of_it(self):
        builder, names = emulator().client("imagebuilder"), {"Arn": "Image.Arn"}
        emulator().control("settings", {"failing_builds": 1})
        self.stack.begin("create", image("1.0.11"), disable_rollback=True)
        self.assertEqual(self.stack.finished(), "CREATE_FAILED")
        first = self.stack.resources()["Image"]
        says = (
            f"failed for image arn: '{first}' with status = 'Failed' in state = 'BUILDING' and failure message = "
            "'Document arn:aws:imagebuilder:us-east-1:000000000000:component/shop/1.0.11/1 failed!''.\" (RequestToken: "
        )
        self.assertIn(says, self.stack.reasons()["Image"])
        self.assertEqual(builder.get_image(imageBuildVersionArn=first)["image"]["state"]["status"], "FAILED")
        self.assertEqual((self.amis(PRIMARY), self.amis(SECONDARY)), ({}, {}))
        self.stack.begin("update", image("1.0.11"), disable_rollback=True, Outputs=outputs(**names))
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")
        self.assertEqual(list(self.amis(PRIMARY).values()), [self.stack.outputs()["Arn"]])
        self.assertEqual(self.stack.delete(), "")
        emulator().control("settings", {"failing_builds": 1})
        self.assertEqual(self.stack.create(image("1.0.11")), "ROLLBACK_COMPLETE")
        with self.assertRaises(botocore.exceptions.ClientError):
            builder.get_image(imageBuildVersionArn=first)

    def test_a_known_version_with_other_content_is_refused(self):
        self.stack.create(image("1.0.10"))
        changed = image("1.0.10")
        changed["Component"]["Properties"]["Data"] = "# other"
        self.assertEqual(self.stack.update(changed), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("already exists", self.stack.reasons()["Component"])


class ImageParameters(unittest.TestCase):
    def setUp(self):
        self.ssm = emulator().client("ssm", SECONDARY)

    def put(self, value):
        return self.ssm.put_parameter(
            Name="/shop/image", Value=value, Type="String", DataType="aws:ec2:image", Overwrite=True
        )

    def value(self):
        try:
            return self.ssm.get_parameter(Name="/shop/image")["Parameter"]["Value"]
        except self.ssm.exceptions.ParameterNotFound:
            return None

    def test_appears_when_the_image_has_been_found(self):
        self.put("ami-11111111111111111")
        time.sleep(1)
        self.assertIsNone(self.value(), "no such image")
        self.put(IMAGE)
        self.addCleanup(self.ssm.delete_parameter, Name="/shop/image")
        until(self.value, "the parameter")
        self.put("ami-11111111111111111")
        time.sleep(1)
        self.assertEqual(self.value(), IMAGE, "the old one stays")

    def test_a_template_with_a_missing_one_changes_nothing(self):
        parameter = {"Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/nowhere/image"}}
        body = json.dumps({"Parameters": parameter, "Resources": NETWORK})
        stack = Stack(self, "no-image", SECONDARY)
        says = "Unable to fetch parameters [/nowhere/image] from parameter store for this account."
        for call, arguments in (
            (stack.api.create_stack, {"StackName": "no-image"}),
            (
                stack.api.create_change_set,
                {"StackName": "no-image", "ChangeSetName": "first", "ChangeSetType": "CREATE"},
            ),
        ):
            with self.assertRaises(botocore.exceptions.ClientError) as refused:
                call(**arguments, TemplateBody=body)
            error = refused.exception.response["Error"]
            self.assertEqual((error["Code"], error["Message"]), ("ValidationError", says))
        self.assertEqual(stack.status(), "")

    def deregistered(self, region):
        """An image that a parameter still names."""
        ec2 = emulator().client("ec2", region)
        image = ec2.register_image(Name=f"gone-from-{region}", RootDeviceName="/dev/xvda")["ImageId"]
        ssm = emulator().client("ssm", region)
        ssm.put_parameter(Name="/shop/gone", Value=image, Type="String", DataType="aws:ec2:image", Overwrite=True)
        self.addCleanup(ssm.delete_parameter, Name="/shop/gone")
        until(
            lambda: ssm.describe_parameters(ParameterFilters=[{"Key": "Name", "Values": ["/shop/gone"]}])["Parameters"],
            "it",
        )
        ec2.deregister_image(ImageId=image)
        return image

    def test_an_image_that_is_gone_is_refused_before_anything_changes(self):
        parameter = {"Image": {"Type": "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", "Default": "/shop/gone"}}
        before = {"Group": {"Type": "AWS::Logs::LogGroup"}}
        after = {**before, "Other": {"Type": "AWS::Logs::LogGroup"}}
        for region in (PRIMARY, SECONDARY):
            with self.subTest(region):
                says = f"Parameter validation failed: parameter value {self.deregistered(region)} for parameter name Image does not exist"
                stack = Stack(self, "image-gone", region)
                self.assertEqual(stack.create(before), "CREATE_COMPLETE")
                group = stack.resources()
                self.assertEqual(stack.update(after, Parameters=parameter), "UPDATE_ROLLBACK_COMPLETE")
                self.assertIn(
                    ("image-gone", "UPDATE_ROLLBACK_IN_PROGRESS", f"{says}. Rollback requested by user."),
                    stack.events(),
                )
                self.assertEqual(stack.resources(), group)
                self.assertNotIn("Other", [name for name, _, _ in stack.events()])

                change_set = {"StackName": "image-gone", "ChangeSetName": "update"}
                body = json.dumps({"Parameters": parameter, "Resources": after})
                stack.api.create_change_set(**change_set, TemplateBody=body)
                described = stack.api.describe_change_set(**change_set)
                self.assertEqual(
                    (described["Status"], described["ExecutionStatus"], described["StatusReason"]),
                    ("FAILED", "UNAVAILABLE", says),
                )
                self.doCleanups()

    def test_a_creation_with_an_image_that_is_gone_creates_nothing(self):
        image = self.deregistered(SECONDARY)
        stack = Stack(self, "never-made", SECONDARY)
        parameter = {"Image": {"Type": "AWS::EC2::Image::Id", "Default": image}}
        group = {"Group": {"Type": "AWS::Logs::LogGroup"}}
        self.assertEqual(stack.create(group, Parameters=parameter), "ROLLBACK_COMPLETE")
        self.assertNotIn("Group", [name for name, _, _ in stack.events()])

    def test_an_image_that_is_there_is_taken(self):
        stack = Stack(self, "image-there", SECONDARY)
        parameter = {"Image": {"Type": "AWS::EC2::Image::Id", "Default": IMAGE}}
        group = {"Group": {"Type": "AWS::Logs::LogGroup"}}
        self.assertEqual(stack.create(group, Parameters=parameter), "CREATE_COMPLETE")


class Functions(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"))

    def test_a_failed_creation_is_followed_by_a_deletion_in_the_rollback(self):
        self.assertEqual(self.stack.create(custom_resource(fail="Create")), "ROLLBACK_COMPLETE")
        events = [(name, status) for name, status, _ in self.stack.events()]
        self.assertLess(
            events.index((self.stack.name, "ROLLBACK_IN_PROGRESS")), events.index(("Custom", "DELETE_COMPLETE"))
        )

    def test_what_is_removed_is_removed_in_the_cleanup(self):
        """A function reads the state of its stack to know whether a deletion is meant."""
        kept = custom_resource()
        second = {**kept, "Second": {**kept["Custom"], "DependsOn": ["Custom"]}}
        self.assertEqual(self.stack.create(second), "CREATE_COMPLETE")
        self.assertEqual(self.stack.update(kept), "UPDATE_COMPLETE")
        self.assertIn("Delete UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", self.logged())
        names = [status for name, status, _ in self.stack.events() if name == self.stack.name]
        self.assertEqual(names[-3:], ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_COMPLETE"])

    def logged(self):
        logs, group = emulator().client("logs"), self.stack.resources()["Logs"]
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        return [
            e["message"]
            for s in streams
            for e in logs.get_log_events(logGroupName=group, logStreamName=s["logStreamName"])["events"]
        ]

    def test_a_failed_deletion_keeps_what_it_depends_on_and_nothing_else(self):
        bystander = {"Group": {"Type": "AWS::Logs::LogGroup"}}
        self.stack.create({**custom_resource(fail="Delete"), **bystander})
        self.assertEqual(self.stack.delete(), "DELETE_FAILED")
        self.assertEqual(self.stack.reasons()["Custom"], "asked to")
        self.assertEqual(self.stack.reasons()[self.stack.name], "The following resource(s) failed to delete: [Custom].")
        self.assertEqual(set(self.stack.resources()), {"Custom", "Function", "Role", "Logs", "Retries"})
        self.assertEqual(self.stack.delete(RetainResources=["Custom"]), "")

    def test_late_output_does_not_bring_a_log_group_back(self):
        self.stack.create(custom_resource())
        names = self.stack.resources()
        emulator().client("logs").delete_log_group(logGroupName=names["Logs"])
        self.stack.update(custom_resource(Again="yes"))
        groups = [g["logGroupName"] for g in emulator().client("logs").describe_log_groups()["logGroups"]]
        self.assertNotIn(names["Logs"], groups)
        # With the permission it comes back.
        emulator().client("iam").put_role_policy(
            RoleName=names["Role"], PolicyName="Create", PolicyDocument=json.dumps(allow("logs:*"))
        )
        self.stack.update(custom_resource(Again="once more"))
        until(
            lambda: (
                names["Logs"]
                in [g["logGroupName"] for g in emulator().client("logs").describe_log_groups()["logGroups"]]
            ),
            "the group",
        )
        emulator().client("iam").delete_role_policy(RoleName=names["Role"], PolicyName="Create")


class SideBySide(unittest.TestCase):
    """A custom resource is updated, and an instance that does not depend on it is new."""

    def setUp(self):
        self.stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"))
        self.stack.create({**custom_resource(), **NETWORK})

    def begin(self, fail=""):
        """Returns what lets the function go on."""
        release = hold(self, "function-called")
        posting = custom_resource(fail=fail, Post=emulator().hook_url)
        self.stack.begin("update", {**posting, **server()}, Outputs=outputs(Dns="Server.PublicDnsName"))
        return release

    def terminated(self):
        gone = [e["instance"] for e in Hook.events if e["event"] == "instance-terminated"]
        return [e["instance"] in gone for e in launched(self.stack.name)]

    def test_the_instance_is_launched_while_the_function_works(self):
        release = self.begin()
        instance = self.stack.signal()
        self.assertEqual(self.stack.status(), "UPDATE_IN_PROGRESS")
        release()
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")
        self.assertEqual(self.stack.resources()["Server"], instance)
        self.assertEqual(self.stack.outputs()["Dns"], launched(self.stack.name)[0]["publicDnsName"])

    def test_an_instance_that_depends_on_it_comes_after_it(self):
        release = hold(self, "function-called")
        resources = {**custom_resource(Post=emulator().hook_url), **server()}
        resources["Server"]["DependsOn"] = ["Custom"]
        self.stack.begin("update", resources)
        until(lambda: ("Custom", "UPDATE_IN_PROGRESS", "") in self.stack.events(), "the function called")
        time.sleep(0.5)
        self.assertEqual(launched(self.stack.name), [])
        release()
        self.stack.signal()
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")

    def test_a_failed_instance_cancels_the_function(self):
        self.begin()
        self.stack.signal("FAILURE")
        self.assertEqual(self.stack.finished(), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.stack.reasons()["Custom"], "Resource update cancelled")
        self.assertIn("Received FAILURE signal", self.stack.reasons()["Server"])
        self.assertEqual(self.terminated(), [True])

    def test_a_failed_function_cancels_the_instance(self):
        release = self.begin(fail="Update")
        until(lambda: launched(self.stack.name), "the launch")
        release()
        self.assertEqual(self.stack.finished(), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.stack.reasons()["Server"], "Resource creation cancelled")
        self.assertEqual(self.terminated(), [True])

    def test_an_instance_that_was_complete_goes_when_the_function_fails(self):
        release = self.begin(fail="Update")
        self.stack.signal()
        time.sleep(0.5)
        release()
        self.assertEqual(self.stack.finished(), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.terminated(), [True])


class Cancelling(unittest.TestCase):
    """An update that is cancelled is rolled back at once, whatever it is at."""

    def setUp(self):
        self.stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"), SECONDARY)

    def cancel(self):
        self.stack.api.cancel_update_stack(StackName=self.stack.name)

    def assert_cancelled(self):
        self.assertEqual(self.stack.finished(), "UPDATE_ROLLBACK_COMPLETE", self.stack.reasons())
        own = [(status, reason) for name, status, reason in self.stack.events() if name == self.stack.name]
        self.assertIn(("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"), own)
        self.assertNotIn("UPDATE_FAILED", [status for status, _ in own])

    def logged(self):
        logs, group = emulator().client("logs", SECONDARY), self.stack.resources()["Logs"]
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        return [
            e["message"].strip()
            for s in streams
            for e in logs.get_log_events(logGroupName=group, logStreamName=s["logStreamName"])["events"]
        ]

    def test_the_function_of_the_last_resource_is_not_waited_for_and_is_called_again(self):
        self.stack.create(custom_resource())
        go_on = hold(self, "function-called")
        Hook.events.clear()
        self.stack.begin("update", custom_resource(Post=emulator().hook_url))
        until(lambda: {"event": "function-called"} in Hook.events, "the function called")
        self.cancel()
        self.assert_cancelled()
        self.assertEqual(self.stack.reasons()["Custom"], "Resource update cancelled")
        self.assertIn("Update UPDATE_ROLLBACK_IN_PROGRESS", self.logged())
        go_on()  # and its late answer changes nothing
        time.sleep(0.5)
        self.assertEqual(self.stack.status(), "UPDATE_ROLLBACK_COMPLETE")
        self.assertEqual(self.stack.update(custom_resource(Again="yes")), "UPDATE_COMPLETE")

    def test_a_new_custom_resource_is_deleted_again(self):
        kept = {name: of for name, of in custom_resource().items() if name != "Custom"}
        self.stack.create(kept)
        go_on = hold(self, "function-called")
        Hook.events.clear()
        self.stack.begin("update", custom_resource(Post=emulator().hook_url))
        until(lambda: {"event": "function-called"} in Hook.events, "the function called")
        self.cancel()
        until(lambda: self.stack.status().startswith("UPDATE_ROLLBACK"), "the rollback")
        go_on()
        self.assert_cancelled()
        self.assertEqual(self.stack.reasons()["Custom"], "Resource creation cancelled")
        self.assertIn("Delete UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", self.logged())

    def test_an_instance_that_is_waited_for_is_terminated(self):
        self.stack.create(NETWORK)
        self.stack.begin("update", server())
        until(lambda: launched(self.stack.name), "the launch")
        self.cancel()
        self.assert_cancelled()
        self.assertEqual(self.stack.reasons()["Server"], "Resource creation cancelled")
        self.assert_terminated()

    def test_an_instance_beside_a_function_is_terminated(self):
        self.stack.create({**custom_resource(), **NETWORK})
        go_on = hold(self, "function-called")
        self.stack.begin("update", {**custom_resource(Post=emulator().hook_url), **server()})
        until(lambda: launched(self.stack.name), "the launch")
        self.cancel()
        until(lambda: self.stack.status().startswith("UPDATE_ROLLBACK"), "the rollback")
        go_on()
        self.assert_cancelled()
        self.assertEqual(self.stack.reasons()["Custom"], "Resource update cancelled")
        self.assertEqual(self.stack.reasons()["Server"], "Resource creation cancelled")
        self.assert_terminated()

    def test_an_instance_whose_turn_has_come_is_terminated(self):
        """The function beside it has answered already."""
        self.stack.create({**custom_resource(), **NETWORK})
        self.stack.begin("update", {**custom_resource(Again="yes"), **server()})
        until(lambda: ("Custom", "UPDATE_COMPLETE", "") in self.stack.events(), "the function done")
        until(lambda: launched(self.stack.name), "the launch")
        self.cancel()
        self.assert_cancelled()
        reasons = [reason for name, status, reason in self.stack.events() if name == "Server" and "FAILED" in status]
        self.assertEqual(reasons, ["Resource creation cancelled"])
        self.assert_terminated()

    def assert_terminated(self):
        gone = [e["instance"] for e in Hook.events if e["event"] == "instance-terminated"]
        self.assertEqual([e["instance"] in gone for e in launched(self.stack.name)], [True])

    def test_what_waits_for_nothing_else_ends_first(self):
        """A database, which is made to the end, and goes again: also when it was the last."""
        properties = {"Engine": "aurora-mysql", "DBClusterIdentifier": "cancelled", **SECRET}
        cluster = {"Cluster": {"Type": "AWS::RDS::DBCluster", "DeletionPolicy": "Delete", "Properties": properties}}
        instance = {
            "DBClusterIdentifier": {"Ref": "Cluster"},
            "DBInstanceClass": "db.r6g.large",
            "Engine": "aurora-mysql",
        }
        self.stack.create(cluster)
        go_on = hold(self, "database-created")
        self.stack.begin("update", {**cluster, "Instance": {"Type": "AWS::RDS::DBInstance", "Properties": instance}})
        until(lambda: ("Instance", "UPDATE_IN_PROGRESS", "") in self.stack.events(), "the database")
        self.cancel()
        time.sleep(0.5)
        self.assertEqual(self.stack.status(), "UPDATE_IN_PROGRESS")
        go_on()
        self.assert_cancelled()
        left = emulator().client("rds", SECONDARY).describe_db_instances()["DBInstances"]
        self.assertNotIn("cancelled", [i["DBClusterIdentifier"] for i in left])

    def test_nothing_else_can_be_cancelled(self):
        self.stack.create({"Group": {"Type": "AWS::Logs::LogGroup"}})
        with self.assertRaisesRegex(
            botocore.exceptions.ClientError, "CancelUpdateStack cannot be called from current stack status"
        ):
            self.cancel()


class Databases(unittest.TestCase):
    def test_a_global_database_in_two_stacks(self):
        key = {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": allow("kms:*")}}
        cluster = {
            "GlobalClusterIdentifier": "stacked",
            "Engine": "aurora-mysql",
            "EngineVersion": ENGINE_VERSION,
            "StorageEncrypted": True,
            "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
        }
        instance = {
            "DBClusterIdentifier": {"Ref": "Cluster"},
            "DBInstanceClass": "db.r6g.large",
            "Engine": "aurora-mysql",
        }
        global_cluster = {
            "GlobalClusterIdentifier": "stacked",
            "Engine": "aurora-mysql",
            "EngineVersion": ENGINE_VERSION,
            "StorageEncrypted": True,
        }
        secret = {
            "Name": "stacked",
            "SecretString": json.dumps({"username": "shop"}),
            "ReplicaRegions": [{"Region": SECONDARY}],
        }
        attached = {"SecretId": {"Ref": "Secret"}, "TargetId": {"Ref": "Cluster"}, "TargetType": "AWS::RDS::DBCluster"}
        primary, secondary = Stack(self, "stacked-primary"), Stack(self, "stacked-secondary", SECONDARY)

        def resource(kind, properties):
            return {"Type": f"AWS::{kind}", "DeletionPolicy": "Delete", "Properties": properties}

        joining = {
            "Key": key,
            "Cluster": resource(
                "RDS::DBCluster", {**cluster, "DBClusterIdentifier": "stacked-secondary", "SourceRegion": PRIMARY}
            ),
            "Instance": resource("RDS::DBInstance", instance),
        }
        self.assertEqual(secondary.create(joining), "ROLLBACK_COMPLETE", "there is no global cluster yet")
        self.assertIn("The global cluster stacked was not found.", secondary.reasons()["Cluster"])
        secondary.delete()

        first = {
            "Key": key,
            "Secret": resource("SecretsManager::Secret", secret),
            "Attachment": resource("SecretsManager::SecretTargetAttachment", attached),
            "Global": resource("RDS::GlobalCluster", global_cluster),
            "Cluster": resource(
                "RDS::DBCluster",
                {
                    **cluster,
                    **SECRET,
                    "GlobalClusterIdentifier": {"Ref": "Global"},
                    "DBClusterIdentifier": "stacked-primary",
                },
            ),
            "Instance": resource("RDS::DBInstance", instance),
        }
        wanted = {
            "Host": "Instance.Endpoint.Address",
            "Port": "Instance.Endpoint.Port",
            "Writer": "Cluster.Endpoint.Address",
            "Readers": "Cluster.ReadEndpoint.Address",
            "Arn": "Cluster.DBClusterArn",
            "Id": "Cluster.DBClusterResourceId",
        }
        self.assertEqual(
            primary.create(first, Outputs={**outputs(**wanted), "Secret": {"Value": {"Ref": "Secret"}}}),
            "CREATE_COMPLETE",
            primary.reasons(),
        )
        found = primary.outputs()
        self.assertRegex(found["Host"], r"\.us-east-1\.rds\.amazonaws\.com$")
        self.assertEqual(found["Arn"], "arn:aws:rds:us-east-1:000000000000:cluster:stacked-primary")
        self.assertRegex(found["Secret"], r"^arn:aws:secretsmanager:us-east-1:000000000000:secret:stacked-")
        replica = emulator().client("secretsmanager", SECONDARY).get_secret_value(SecretId="stacked")["SecretString"]
        self.assertEqual(
            json.loads(replica)["host"], found["Writer"], "RDS attaches the primary's host, and the replica gets it too"
        )

        self.assertEqual(
            secondary.create(joining, Outputs=outputs(Host="Instance.Endpoint.Address")),
            "CREATE_COMPLETE",
            secondary.reasons(),
        )
        self.assertEqual(primary.delete(), "DELETE_FAILED", "the writer cannot leave while there is a reader")
        self.assertIn("Cannot delete the last instance of the master cluster", primary.reasons()["Instance"])
        self.assertEqual(secondary.delete(), "")
        self.assertEqual(primary.delete(), "")
        with self.assertRaises(botocore.exceptions.ClientError):
            emulator().client("secretsmanager", SECONDARY).describe_secret(SecretId="stacked")

    def test_dropping_the_global_cluster_detaches_for_good(self):
        stack = Stack(self, "detached")
        cluster = {
            "Engine": "aurora-mysql",
            "EngineVersion": ENGINE_VERSION,
            "DBClusterIdentifier": "detached",
            **SECRET,
        }
        global_cluster = {
            "GlobalClusterIdentifier": "detached",
            "Engine": "aurora-mysql",
            "EngineVersion": ENGINE_VERSION,
        }

        def resources(**changes):
            return {
                "Global": {"Type": "AWS::RDS::GlobalCluster", "Properties": global_cluster},
                "Cluster": {
                    "Type": "AWS::RDS::DBCluster",
                    "DependsOn": "Global",
                    "DeletionPolicy": "Delete",
                    "Properties": {**cluster, **changes},
                },
            }

        stack.create(resources(GlobalClusterIdentifier="detached"))
        self.assertEqual(stack.update(resources()), "UPDATE_COMPLETE")
        described = (
            emulator().client("rds").describe_global_clusters(GlobalClusterIdentifier="detached")["GlobalClusters"][0]
        )
        self.assertEqual(described["GlobalClusterMembers"], [])
        self.assertEqual(stack.update(resources(GlobalClusterIdentifier="detached")), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("NotUpdatable", stack.reasons()["Cluster"])


class ChangeSets(unittest.TestCase):
    def setUp(self):
        self.stack = Stack(self, "compared")
        self.group = {"Group": {"Type": "AWS::Logs::LogGroup"}}
        self.stack.create(self.group, Outputs={"Release": {"Value": "1"}})

    def described(self, name, **parts):
        of = {"StackName": "compared", "ChangeSetName": name}
        self.stack.api.create_change_set(**of, TemplateBody=json.dumps({"Resources": self.group, **parts}))
        described = self.stack.api.describe_change_set(**of)
        return described["Status"], described["ExecutionStatus"], described["Changes"]

    def test_of_outputs_alone_lists_nothing_and_changes_them(self):
        outputs = {"Release": {"Value": "2"}}
        self.assertEqual(self.described("outputs", Outputs=outputs), ("CREATE_COMPLETE", "AVAILABLE", []))
        self.stack.api.execute_change_set(StackName="compared", ChangeSetName="outputs")
        self.assertEqual(self.stack.finished(), "UPDATE_COMPLETE")
        self.assertEqual(self.stack.outputs(), {"Release": "2"})

    def test_of_nothing_cannot_be_executed(self):
        outputs = {"Release": {"Value": "1"}}
        self.assertEqual(self.described("nothing", Outputs=outputs), ("FAILED", "UNAVAILABLE", []))


class Buckets(unittest.TestCase):
    def test_a_bucket_with_objects_is_not_deleted(self):
        stack, s3 = Stack(self, "bucket"), emulator().client("s3")
        bucket = {
            "Site": {"Type": "AWS::S3::Bucket", "Properties": {"WebsiteConfiguration": {"IndexDocument": "index.html"}}}
        }
        stack.create(bucket)
        name = stack.resources()["Site"]
        s3.put_object(Bucket=name, Key="index.html", Body=b"shop")
        self.assertEqual(stack.delete(), "DELETE_FAILED")
        self.assertIn("not empty", stack.reasons()["Site"])
        s3.delete_object(Bucket=name, Key="index.html")
        self.assertEqual(stack.delete(), "")


if __name__ == "__main__":
    unittest.main()
