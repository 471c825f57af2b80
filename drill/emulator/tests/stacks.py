"""Stacks for the tests: created, changed and deleted through CloudFormation's API."""

import json

import botocore.exceptions

from running import PRIMARY, Hook, emulator, until

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]

# A function that fails when it is asked to, and answers the state of its stack.
FUNCTION = """
import boto3, json, urllib3
def handler(event, context):
    http = urllib3.PoolManager()
    stack = boto3.client("cloudformation").describe_stacks(StackName=event["StackId"])["Stacks"][0]
    print(event["RequestType"], stack["StackStatus"])
    if "Post" in event["ResourceProperties"]:
        http.request("POST", event["ResourceProperties"]["Post"], body=json.dumps({"event": "function-called"}))
    failed = event["RequestType"] in event["ResourceProperties"].get("Fail")
    answer = {key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "FAILED" if failed else "SUCCESS", "Reason": "asked to", "PhysicalResourceId": "constant"}
    answer["Data"] = {"Status": stack["StackStatus"]}
    http.request("PUT", event["ResponseURL"], body=json.dumps(answer))
"""


def trust(service):
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def allow(*actions):
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


def custom_resource(fail="", timeout=30, **properties):
    """A function with its role and log group, and a custom resource of it."""
    return {
        "Logs": {"Type": "AWS::Logs::LogGroup"},
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("lambda"),
                "Policies": [
                    {"PolicyName": "Act", "PolicyDocument": allow("logs:CreateLogStream", "logs:PutLogEvents")}
                ],
            },
        },
        "Function": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Code": {"ZipFile": FUNCTION},
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Timeout": 60,
                "Role": {"Fn::GetAtt": ["Role", "Arn"]},
                "LoggingConfig": {"LogGroup": {"Ref": "Logs"}},
            },
        },
        "Retries": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Function"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 0,
                "MaximumEventAgeInSeconds": 60,
            },
        },
        "Custom": {
            "Type": "Custom::Test",
            "DependsOn": ["Retries"],
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                "ServiceTimeout": timeout,
                "Fail": fail,
                **properties,
            },
        },
    }


def outputs(**attributes):
    return {name: {"Value": {"Fn::GetAtt": attribute.split(".", 1)}} for name, attribute in attributes.items()}


class Stack:
    def __init__(self, test, name, region=PRIMARY):
        self.name, self.region = name, region
        self.api = emulator().client("cloudformation", region)
        test.addCleanup(self.remove)

    def begin(self, verb, resources, disable_rollback=False, tags=None, **parts):
        begin = getattr(self.api, f"{verb}_stack")
        body = json.dumps({"Resources": resources, **parts})
        asked = {"StackName": self.name, "TemplateBody": body, "Capabilities": CAPABILITIES}
        if tags is not None:
            asked["Tags"] = tags
        begin(**asked, DisableRollback=disable_rollback)

    def create(self, resources, **parts):
        self.begin("create", resources, **parts)
        return self.finished()

    def update(self, resources, **parts):
        self.begin("update", resources, **parts)
        return self.finished()

    def delete(self, **arguments):
        self.api.delete_stack(StackName=self.name, **arguments)
        return self.finished()

    def finished(self, seconds=60):
        """The final status, "" when the stack is gone."""
        return until(lambda: self._final(), f"{self.name} finished", seconds).strip()

    def _final(self):
        status = self.status()
        return status if status != "" and not status.endswith("IN_PROGRESS") else " " if status == "" else None

    def status(self):
        try:
            return self.api.describe_stacks(StackName=self.name)["Stacks"][0]["StackStatus"]
        except botocore.exceptions.ClientError:
            return ""

    def outputs(self):
        described = self.api.describe_stacks(StackName=self.name)["Stacks"][0]
        return {o["OutputKey"]: o["OutputValue"] for o in described.get("Outputs", [])}

    def events(self):
        """(logical id, status, reason), oldest first."""
        events = self.api.describe_stack_events(StackName=self.name)["StackEvents"]
        return [
            (e["LogicalResourceId"], e["ResourceStatus"], e.get("ResourceStatusReason", "")) for e in reversed(events)
        ]

    def reasons(self):
        """Why something failed, by logical id, the latest."""
        return {name: reason for name, status, reason in self.events() if status.endswith("FAILED")}

    def resources(self):
        return {
            r["LogicalResourceId"]: r["PhysicalResourceId"]
            for r in self.api.describe_stack_resources(StackName=self.name)["StackResources"]
        }

    def signal(self, status="SUCCESS", unique_id=None, launch=-1):
        """Signals for the instance that was launched last, once it is."""
        event = until(lambda: launched(self.name)[launch:], "the launch")[0]
        arguments = {
            "LogicalResourceId": event["logicalId"],
            "UniqueId": unique_id or event["instance"],
            "Status": status,
        }
        self.api.signal_resource(StackName=self.name, **arguments)
        return event["instance"]

    def remove(self):
        """Whatever is left of it after a test that failed."""
        if self.status() and self.delete() == "DELETE_FAILED":
            self.delete(RetainResources=list(self.resources()))


def launched(stack):
    return [e for e in Hook.events if e["event"] == "instance-launched" and e["stack"] == stack]
