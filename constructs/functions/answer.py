"""What the functions behind our custom resources have in common. It stands in front of each one's own source, which has

    ACTS                the states of the stack in which it acts, by request type
    act(event, context) does what is asked and returns what it did, in one sentence; raises Refused

Whatever happens, CloudFormation is answered: it would wait for ServiceTimeout otherwise. Every answer has the attribute
Done, since CloudFormation reads it into an output after any of them.
"""

import functools
import json
import logging
import os
import time

import boto3
import botocore.config
import botocore.exceptions
import urllib3

# Kept back of the function's time for the answer itself.
ANSWER_SECONDS = 20
# A new role's permissions reach a service after a while:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
DENIED_SECONDS = 60
DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError")

logging.basicConfig()
log = logging.getLogger()
log.setLevel(logging.INFO)


# What is asked for cannot or must not be done; says why, and what to do instead.
class Refused(Exception): ...


# CloudFormation no longer means what it asked for.
class Late(Exception): ...


def handler(event, context):
    log.info("%s %s of %s", event["RequestType"], event["ResourceType"], event["StackId"])
    status, said = "SUCCESS", ""
    try:
        said = act_when_meant(event, context)
    except Late as late:
        said = f"nothing: {late}"
    except Refused as refused:
        status, said = "FAILED", str(refused)
    except Exception as error:
        log.exception("unexpected")
        status, said = "FAILED", f"{type(error).__name__}: {error}"
    log.info("%s: %s", status, said)
    answer(event, status, said)


def act_when_meant(event, context):
    state, _since = operation(event)
    if state not in ACTS.get(event["RequestType"], ()):
        raise Late(f"{event['RequestType']} in {state}")
    return act(event, context)


def operation(event):
    """What is happening to the stack: its state, and what tells this operation from an earlier or later one."""
    found = ask(client("cloudformation").describe_stacks, StackName=event["StackId"])["Stacks"][0]
    return found["StackStatus"], found.get("LastUpdatedTime")


def answer(event, status, said):
    body = {
        "Status": status,
        "Reason": said[:1000],  # the whole answer may have 4096 bytes
        # One for all time: another id would be a replacement, whose clean-up deletes.
        "PhysicalResourceId": event["ResourceType"].removeprefix("Custom::"),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Done": said[:1000]},
    }
    retries = urllib3.Retry(total=5, backoff_factor=0.5, status_forcelist=range(500, 600), allowed_methods=None)
    # Without the content type that urllib3 would add, or the signature of the URL does not fit.
    urllib3.PoolManager(retries=retries, timeout=5).request(
        "PUT", event["ResponseURL"], body=json.dumps(body).encode(), headers={"Content-Type": ""}
    )


def seconds_left(context):
    return context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS


@functools.cache
def client(service, region=None, seconds=20, attempts=8):
    """A client that waits so long for a connection and for an answer, and asks so often when it is throttled."""
    return boto3.client(
        service,
        region_name=region or os.environ["AWS_REGION"],
        config=botocore.config.Config(
            connect_timeout=min(seconds, 5),
            read_timeout=seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
        ),
    )


def ask(call, **parameters):
    """Calls, and calls again while it is denied and the role may be too new."""
    ends = time.monotonic() + DENIED_SECONDS
    while True:
        try:
            return call(**parameters)
        except botocore.exceptions.ClientError as error:
            if code_of(error) not in DENIED or time.monotonic() > ends:
                raise
        time.sleep(5)


def code_of(error):
    return error.response["Error"]["Code"]
