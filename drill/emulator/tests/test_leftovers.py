"""What counts as left over, and that no resource type of the two stacks could be left over unseen."""

import json
import unittest
from pathlib import Path

from running import PRIMARY, emulator
from stacks import Stack
from taught import leftovers

ROOT = Path(__file__).parents[3]


def left():
    return emulator().control("leftovers")


class Leftovers(unittest.TestCase):
    def test_every_type_of_the_stacks_has_a_store(self):
        types = {
            resource["Type"]
            for template in ROOT.glob("test/testdata/*/*.template.json")
            for resource in json.loads(template.read_text())["Resources"].values()
        }
        self.assertIn("AWS::RDS::GlobalCluster", types)
        self.assertEqual(leftovers.without_store(types), [])

    def test_topics_and_alarms_that_remain_are_left_over(self):
        before = left()
        sns, cloudwatch = emulator().client("sns"), emulator().client("cloudwatch")
        topic = sns.create_topic(Name="leaked")["TopicArn"]
        self.addCleanup(sns.delete_topic, TopicArn=topic)
        subscription = sns.subscribe(
            TopicArn=topic, Protocol="email", Endpoint="operator@example.com", ReturnSubscriptionArn=True
        )["SubscriptionArn"]
        self.addCleanup(sns.unsubscribe, SubscriptionArn=subscription)
        cloudwatch.put_metric_alarm(
            AlarmName="leaked",
            Namespace="AWS/EC2",
            MetricName="CPUUtilization",
            Statistic="Maximum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        cloudwatch.put_composite_alarm(AlarmName="leaked-too", AlarmRule="ALARM(leaked)")
        self.addCleanup(cloudwatch.delete_alarms, AlarmNames=["leaked"])
        self.addCleanup(cloudwatch.delete_alarms, AlarmNames=["leaked-too"])
        cloudwatch.put_dashboard(DashboardName="leaked", DashboardBody='{"widgets": []}')
        self.addCleanup(cloudwatch.delete_dashboards, DashboardNames=["leaked"])
        expected = {
            "topics": [topic],
            "subscriptions": [subscription],
            "alarms": ["leaked"],
            "compositeAlarms": ["leaked-too"],
            "dashboards": ["leaked"],
        }
        self.assertEqual({k: v for k, v in left()[PRIMARY].items() if k in expected}, expected)
        self.doCleanups()
        self.assertEqual(left(), before)


class TypesWithoutAStore(unittest.TestCase):
    """The last of all: after it the emulator answers no leftovers any more."""

    def test_are_named_in_the_place_of_leftovers(self):
        stack = Stack(self, "unseen")
        self.assertEqual(stack.create({"Queue": {"Type": "AWS::SQS::Queue"}}), "CREATE_COMPLETE")
        with self.assertRaisesRegex(ValueError, "^AWS::SQS::Queue: no store to look for leftovers in: add .*"):
            left()


if __name__ == "__main__":
    unittest.main()
