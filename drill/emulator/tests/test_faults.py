"""Faults that a scenario asks for: throttled, unavailable, refused, hanging and lost calls."""

import time
import unittest

import botocore.exceptions

from running import PRIMARY, SECONDARY, emulator
from stacks import Stack, custom_resource

# Service -> a call, and what it is answered with when it is throttled, and when it is not allowed.
CALLS = {
    "cloudformation": ("list_stacks", "Throttling", "AccessDenied"),
    "cloudwatch": ("list_metrics", "ThrottlingException", "AccessDeniedException"),
    "ec2": ("describe_vpcs", "RequestLimitExceeded", "UnauthorizedOperation"),
    "iam": ("list_roles", "Throttling", "AccessDenied"),
    "imagebuilder": ("list_images", "CallRateLimitExceededException", "AccessDeniedException"),
    "kms": ("list_keys", "ThrottlingException", "AccessDeniedException"),
    "lambda": ("list_functions", "TooManyRequestsException", "AccessDeniedException"),
    "logs": ("describe_log_groups", "ThrottlingException", "AccessDeniedException"),
    "rds": ("describe_db_clusters", "Throttling", "AccessDenied"),
    "s3": ("list_buckets", "SlowDown", "AccessDenied"),
    "secretsmanager": ("list_secrets", "ThrottlingException", "AccessDeniedException"),
    "ssm": ("describe_parameters", "ThrottlingException", "AccessDeniedException"),
    "sts": ("get_caller_identity", "Throttling", "AccessDenied"),
}


class Faults(unittest.TestCase):
    def setUp(self):
        self.addCleanup(self.put)

    def put(self, *faults):
        return emulator().control("faults", list(faults))

    def met(self):
        return emulator().control("faults")

    def code(self, service="rds", call="describe_db_clusters", region=PRIMARY, **config):
        """The error that a call gets, or None."""
        try:
            getattr(emulator().client(service, region, **config), call)()
        except botocore.exceptions.ClientError as error:
            return error.response["Error"]["Code"]

    def test_every_service_says_it_in_its_own_words(self):
        for word, column in (("Throttling", 1), ("AccessDenied", 2)):
            self.put(*({"region": region, "answer": word} for region in (PRIMARY, SECONDARY)))
            for service, call in CALLS.items():
                for region in (PRIMARY, SECONDARY):
                    with self.subTest(f"{word} from {service} in {region}"):
                        self.assertEqual(self.code(service, call[0], region), call[column])

    def test_the_sdk_tries_a_throttled_or_unavailable_call_again(self):
        for word in ("Throttling", "ServiceUnavailable"):
            for service in ("rds", "ec2", "s3", "ssm", "lambda", "cloudwatch"):  # one of each protocol
                with self.subTest(f"{word} from {service}"):
                    self.put({"region": PRIMARY, "answer": word, "calls": 1})
                    api = emulator().client(service, retries={"mode": "standard", "total_max_attempts": 2})
                    getattr(api, CALLS[service][0])()
                    self.assertEqual(self.met(), [1])

    def test_a_service_is_unavailable_with_status_503(self):
        self.put({"region": PRIMARY, "service": "rds", "answer": "ServiceUnavailable"})
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            emulator().client("rds").describe_db_clusters()
        answer = caught.exception.response
        self.assertEqual(
            (answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]), (503, "ServiceUnavailable")
        )

    def test_concerns_only_what_it_names(self):
        self.put({"region": SECONDARY, "service": "rds", "actions": ["DescribeDBInstances"], "answer": "Throttling"})
        self.assertIsNone(self.code("rds", "describe_db_clusters", SECONDARY))
        self.assertIsNone(self.code("rds", "describe_db_instances", PRIMARY))
        self.assertIsNone(self.code("ec2", "describe_vpcs", SECONDARY))
        self.assertEqual(self.code("rds", "describe_db_instances", SECONDARY), "Throttling")
        self.put({"region": SECONDARY, "service": "rds", "answer": "Throttling"})
        self.assertIsNone(self.code("ec2", "describe_vpcs", SECONDARY))
        self.assertEqual(self.code("rds", "describe_db_clusters", SECONDARY), "Throttling")

    def test_every_action_has_its_name(self):
        """Of each protocol: a fault for another action of the service is not met."""
        names = {
            "cloudformation": "ListStacks",
            "cloudwatch": "ListMetrics",
            "ec2": "DescribeVpcs",
            "lambda": "ListFunctions",
            "s3": "ListAllMyBuckets",
            "secretsmanager": "ListSecrets",
            "ssm": "DescribeParameters",
        }
        for service, name in names.items():
            with self.subTest(service):
                self.put({"region": PRIMARY, "actions": ["Other"], "answer": "Throttling"})
                self.assertIsNone(self.code(service, CALLS[service][0]))
                self.put({"region": PRIMARY, "actions": [name], "answer": "Throttling"})
                self.assertEqual(self.code(service, CALLS[service][0]), CALLS[service][1])

    def test_ends_after_so_many_calls_or_seconds_or_when_it_is_taken_away(self):
        self.put({"region": PRIMARY, "answer": "Throttling", "calls": 2})
        self.assertEqual([self.code(), self.code(), self.code()], ["Throttling", "Throttling", None])
        self.assertEqual(self.met(), [2])
        self.put({"region": PRIMARY, "answer": "Throttling", "seconds": 2})
        time.sleep(2)
        self.assertEqual(self.code(), "Throttling", "the seconds count from the first call")
        time.sleep(2)
        self.assertIsNone(self.code())
        self.put({"region": PRIMARY, "answer": "Throttling"})
        self.assertEqual(self.code(), "Throttling")
        self.put()
        self.assertIsNone(self.code())

    def test_may_spare_a_caller_or_concern_one_alone(self):
        self.put({"region": PRIMARY, "answer": "Throttling", "caller": "app/machine"})
        self.assertIsNone(self.code())
        self.assertEqual(self.code(user_agent_appid="machine"), "Throttling")
        self.put({"region": PRIMARY, "answer": "Throttling", "except": "app/drill"})
        self.assertEqual(self.code(), "Throttling")
        self.assertIsNone(self.code(user_agent_appid="drill"))

    def test_a_hanging_call_is_not_answered(self):
        self.put({"region": PRIMARY, "answer": "Hang"})
        began = time.monotonic()
        with self.assertRaises(botocore.exceptions.ReadTimeoutError):
            emulator().client("rds", read_timeout=0.5).describe_db_clusters()
        self.assertLess(time.monotonic() - began, 5)
        self.assertIsNone(self.code(region=SECONDARY), "the emulator goes on")

    def test_a_hanging_call_ends_with_the_fault(self):
        self.put({"region": PRIMARY, "answer": "Hang", "seconds": 0.5})
        with self.assertRaises(botocore.exceptions.ConnectionClosedError):
            emulator().client("rds", read_timeout=20).describe_db_clusters()

    def test_a_lost_answer_is_of_a_call_that_was_carried_out(self):
        ssm = emulator().client("ssm")
        self.put({"region": PRIMARY, "actions": ["PutParameter"], "answer": "Lose", "calls": 1})
        with self.assertRaises(botocore.exceptions.ConnectionClosedError):
            ssm.put_parameter(Name="/lost", Value="kept", Type="String")
        self.addCleanup(ssm.delete_parameter, Name="/lost")
        self.assertEqual(ssm.get_parameter(Name="/lost")["Parameter"]["Value"], "kept")

    def test_mistakes_are_named(self):
        for fault, says in (
            ({"region": PRIMARY, "answer": "Throtling"}, "answer: 'Throtling' is not allowed: use one of Throttling, "),
            ({"region": PRIMARY, "answer": "Hang", "cals": 1}, "cals: unknown to a fault"),
            ({"answer": "Hang"}, "region"),
        ):
            with self.subTest(says), self.assertRaisesRegex(ValueError, says):
                self.put(fault)
        self.assertEqual(self.met(), [])

    def test_a_body_of_any_length_arrives_when_no_fault_concerns_it(self):
        s3 = emulator().client("s3")
        s3.create_bucket(Bucket="long")
        self.addCleanup(s3.delete_bucket, Bucket="long")
        self.put({"region": PRIMARY, "service": "rds", "answer": "Throttling"})
        s3.put_object(Bucket="long", Key="long", Body=b"x" * 3_000_000)
        self.addCleanup(s3.delete_object, Bucket="long", Key="long")
        self.assertEqual(s3.head_object(Bucket="long", Key="long")["ContentLength"], 3_000_000)


class OfFunctions(unittest.TestCase):
    """A fault distinguishes a custom resource's function from other callers, and so its answer."""

    def setUp(self):
        self.stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"), SECONDARY)
        self.addCleanup(emulator().control, "faults", [])

    def put(self, **fault):
        emulator().control("faults", [{"region": SECONDARY, **fault}])

    def test_only_a_function_is_refused(self):
        self.put(service="cloudformation", answer="AccessDenied", caller="exec-env/AWS_Lambda_", calls=1)
        self.assertEqual(self.stack.create(custom_resource(timeout=3)), "ROLLBACK_COMPLETE")
        self.assertIn("did not receive a response", self.stack.reasons()["Custom"])
        self.assertEqual(emulator().control("faults"), [1])

    def test_its_answer_is_lost(self):
        self.put(service="custom-resource-answer", answer="ServiceUnavailable", calls=1)
        self.assertEqual(self.stack.create(custom_resource(timeout=3)), "ROLLBACK_COMPLETE")
        self.assertIn("did not receive a response", self.stack.reasons()["Custom"])
        self.assertEqual(emulator().control("faults"), [1])


class OfCloudFormation(unittest.TestCase):
    """CloudFormation calls the services too: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html"""

    CLUSTER = {
        "Global": {
            "Type": "AWS::RDS::GlobalCluster",
            "Properties": {"GlobalClusterIdentifier": "throttled", "Engine": "aurora-mysql"},
        }
    }

    def create(self, answer):
        emulator().control("faults", [{"region": PRIMARY, "service": "rds", "answer": answer, "calls": 2}])
        self.addCleanup(emulator().control, "faults", [])
        stack = Stack(self, self.id().rpartition("test_")[2].replace("_", "-"))
        status = stack.create(self.CLUSTER)
        return status, stack.reasons().get("Global", "")

    def test_calls_again_when_it_is_throttled_or_the_service_is_unavailable(self):
        for answer in ("Throttling", "ServiceUnavailable"):
            with self.subTest(answer):
                self.assertEqual(self.create(answer), ("CREATE_COMPLETE", ""))
                self.assertEqual(emulator().control("faults"), [2])
                self.doCleanups()

    def test_gives_up_when_it_is_refused(self):
        status, reason = self.create("AccessDenied")
        self.assertEqual(status, "ROLLBACK_COMPLETE")
        self.assertIn("HandlerErrorCode: AccessDenied", reason)


if __name__ == "__main__":
    unittest.main()
