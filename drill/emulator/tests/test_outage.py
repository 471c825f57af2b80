"""A region has an outage when every request signed for it is refused, in the words of the service's own protocol."""

import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

import botocore.exceptions

from running import HERE, PRIMARY, SECONDARY, Hook, direct, emulator, hold, until
from stacks import Stack, custom_resource, trust

CALLS = {
    "sts": "get_caller_identity",
    "s3": "list_buckets",
    "ec2": "describe_vpcs",
    "rds": "describe_db_clusters",
    "iam": "list_roles",
    "lambda": "list_functions",
    "ssm": "describe_parameters",
    "cloudformation": "list_stacks",
    "secretsmanager": "list_secrets",
    "cloudwatch": "list_metrics",
    "logs": "describe_log_groups",
    "kms": "list_keys",
    "imagebuilder": "list_images",
}


class Outages(unittest.TestCase):
    def setUp(self):
        self.addCleanup(self.bring_back)

    def take_down(self, region=PRIMARY):
        emulator().control("outage", {"region": region, "down": True})

    def bring_back(self, region=PRIMARY):
        emulator().control("outage", {"region": region, "down": False})

    def test_every_service_of_the_region_is_unavailable(self):
        self.take_down()
        for service, call in CALLS.items():
            with self.subTest(service), self.assertRaises(botocore.exceptions.ClientError) as caught:
                getattr(emulator().client(service), call)()
            answer = caught.exception.response
            self.assertEqual(answer["ResponseMetadata"]["HTTPStatusCode"], 503, service)
            self.assertIn("navailable", answer["Error"]["Code"], service)
            self.assertIn("us-east-1", answer["Error"]["Message"], service)

    def test_the_other_region_lives_and_iam_does_not(self):
        self.take_down()
        for service, call in CALLS.items():
            with self.subTest(service):
                if service == "imagebuilder":
                    continue  # not taught to list
                try:
                    getattr(emulator().client(service, SECONDARY), call)()
                except botocore.exceptions.ClientError as error:
                    # A global control plane is signed for us-east-1 wherever it is called from.
                    self.assertEqual((service, error.response["ResponseMetadata"]["HTTPStatusCode"]), ("iam", 503))
                else:
                    self.assertNotEqual(service, "iam")

    def test_a_presigned_url_is_of_its_region(self):
        self.take_down()
        for region, status in ((PRIMARY, 503), (SECONDARY, 404)):
            url = (
                emulator()
                .client("s3", region, signature_version="s3v4")
                .generate_presigned_url("get_object", Params={"Bucket": "missing", "Key": "x"})
            )
            with self.assertRaises(urllib.error.HTTPError) as caught:
                direct.open(url)
            self.assertEqual(caught.exception.code, status, region)

    def test_a_region_returns(self):
        self.take_down()
        self.bring_back()
        emulator().client("sts").get_caller_identity()

    def test_no_role_is_made_anywhere_without_us_east_1(self):
        """Static stability: what activates the other region must not need it."""
        stack = Stack(self, "needs-iam", SECONDARY)
        role = {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust("ec2")}}}
        group = {"Group": {"Type": "AWS::Logs::LogGroup"}}
        stack.create(role)
        self.addCleanup(self.bring_back)  # before the stack is removed
        self.take_down()
        self.assertEqual(stack.update({**role, **group}), "UPDATE_COMPLETE", "an unchanged role needs nothing")
        other = {"Other": role["Role"]}
        self.assertEqual(stack.update({**role, **group, **other}), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("The control plane of AWS::IAM::Role is in us-east-1", stack.reasons()["Other"])

    def test_no_role_is_tagged_anywhere_without_us_east_1(self):
        """Stack tags reach every resource: an activation must have those that are deployed."""
        stack = Stack(self, "tags-iam", SECONDARY)
        role = {"Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust("ec2")}}}
        group = {"Group": {"Type": "AWS::Logs::LogGroup"}}
        tags = [{"Key": "owner", "Value": "team"}]
        self.assertEqual(stack.create(role, tags=tags), "CREATE_COMPLETE")
        self.addCleanup(self.bring_back)  # before the stack is removed
        self.take_down()
        self.assertEqual(stack.update({**role, **group}, tags=tags), "UPDATE_COMPLETE", "equal tags need nothing")
        tags[0]["Value"] = "another team"
        self.assertEqual(stack.update({**role, **group}, tags=tags), "UPDATE_ROLLBACK_COMPLETE")
        self.assertIn("The control plane of AWS::IAM::Role is in us-east-1", stack.reasons()["Role"])

    def test_a_stack_stands_still_during_the_outage_of_its_region(self):
        stack = Stack(self, "stands-still")
        groups = {f"Group{number}": {"Type": "AWS::Logs::LogGroup"} for number in range(3)}
        stack.begin("create", {**custom_resource(), **groups})
        self.take_down()
        time.sleep(1)
        self.bring_back()
        self.assertEqual(stack.finished(), "CREATE_COMPLETE", stack.reasons())

    def test_the_answer_of_a_function_is_lost_with_its_region(self):
        stack = Stack(self, "lost-answer")
        Hook.events.clear()  # another test may have called a function
        go_on = hold(self, "function-called")
        stack.begin("create", custom_resource(timeout=2, Post=emulator().hook_url))
        until(lambda: {"event": "function-called"} in Hook.events, "the function called")
        self.take_down()
        go_on()
        time.sleep(8)  # longer than CloudFormation waits, on a busy machine, too
        self.bring_back()
        self.assertEqual(stack.finished(), "ROLLBACK_COMPLETE")
        self.assertIn("did not receive a response", stack.reasons()["Custom"])


class Controls(unittest.TestCase):
    def test_mistakes_are_named(self):
        for path, value, says in (
            ("settings", {"lag": 1}, "lag: unknown setting"),
            ("settings", {"lag_ms": "long"}, "lag_ms: 'long' is not allowed"),
            ("outage", {"region": PRIMARY}, "'down' is unknown"),
            ("nowhere", {}, "nowhere"),
        ):
            with self.subTest(says), self.assertRaisesRegex(ValueError, says):
                emulator().control(path, value)

    def test_another_version_of_ministack_is_not_served(self):
        for breaks, says in (
            (
                "patches.VERSION = '0.0.0'; patches.check_version()",
                r"^taught: written for ministack 0\.0\.0, but [0-9.]+ is installed: run make setup$",
            ),
            (
                "patches.ministack('services.rds', '_no_such_name')",
                r"^taught: .* has no _no_such_name, which is patched here$",
            ),
        ):
            with self.subTest(says):
                ended = subprocess.run(
                    [sys.executable, "-c", f"from taught import patches; {breaks}"],
                    cwd=HERE,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                self.assertEqual(ended.returncode, 1)
                self.assertRegex(ended.stderr.strip().splitlines()[-1], says)


if __name__ == "__main__":
    unittest.main()
