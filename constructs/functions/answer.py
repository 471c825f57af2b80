"""What the functions behind our custom resources have in common. It stands in front of each one's own source, which has

    ACTS               the states of the stack in which it acts, by request type
    act(event, meant)  does what is asked and returns what it did, in one sentence; raises Refused

Whatever happens, CloudFormation is answered: it would wait for ServiceTimeout otherwise. Every answer has the attribute
Done, since CloudFormation reads it into an output after any of them.
"""

import functools
import json
import os
import signal
import time
import traceback

import boto3
import botocore.config
import urllib3
from botocore.exceptions import ClientError

# Kept back of the function's time for the answer itself.
ANSWER_SECONDS = 20
# A new role's permissions reach a service after a while:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
DENIED_SECONDS = 60
DENIED = "AccessDenied", "AccessDeniedException", "UnauthorizedOperation"


# What is asked for cannot or must not be done; says why, and what to do instead.
class Refused(Exception): ...


# CloudFormation does not mean, or no longer means, what it asked for.
class Late(Exception): ...


# Raised in the midst of whatever is going on. Not an Exception: botocore would take it for a failed request.
class OutOfTime(BaseException): ...


def handler(event, context):
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(context.get_remaining_time_in_millis() // 1000 - ANSWER_SECONDS)
    status = "FAILED"
    try:
        status, said = "SUCCESS", act(event, check_meant(event))
    except Late as late:
        status, said = "SUCCESS", f"nothing: {late}"
    except (Refused, OutOfTime) as no:
        said = str(no)
    except Exception as error:
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}"
    signal.alarm(0)
    print(event["RequestType"], status, said)
    answer(event, status, said)


def out_of_time(*_):
    raise OutOfTime("no time is left: run the same command again")


def check_meant(event, meant=None):
    """Returns what tells this operation of the stack's from an earlier or later one. It has to be one in which this
    function acts, and the one that was meant before, if any.
    """
    found = ask(client("cloudformation").describe_stacks, StackName=event["StackId"])["Stacks"][0]
    now = found["StackStatus"], found.get("LastUpdatedTime")
    if now[0] not in ACTS.get(event["RequestType"], ()) or meant not in (None, now):
        raise Late(f"{event['RequestType']} in {now[0]}")
    return now


def answer(event, status, said):
    # ASCII, and twice: the whole answer may have 4096 bytes.
    said = said.encode("ascii", "replace").decode()[:800]
    body = {
        "Status": status,
        "Reason": said,
        # One for all time: another id would be a replacement, whose clean-up deletes.
        "PhysicalResourceId": event["ResourceType"],
        "Data": {"Done": said},
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    retries = urllib3.Retry(5, backoff_factor=0.5, status_forcelist=range(500, 600))
    # Without the content type that urllib3 would add, or the signature of the URL does not fit.
    urllib3.PoolManager(retries=retries, timeout=5).request(
        "PUT", event["ResponseURL"], body=json.dumps(body), headers={"Content-Type": ""}
    )


@functools.cache
def client(service, region=None, seconds=20, attempts=8):
    """A client that waits so long for a connection and for an answer, and asks so often when it is throttled."""
    config = botocore.config.Config(
        connect_timeout=min(seconds, 5),
        read_timeout=seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return boto3.client(service, region or os.environ["AWS_REGION"], config=config)


def ask(call, again=DENIED, seconds=DENIED_SECONDS, **parameters):
    """Calls, and calls again for so long while these errors are answered: denied, because the role may be too new."""
    ends = time.monotonic() + seconds
    while True:
        try:
            return call(**parameters)
        except ClientError as error:
            if code_of(error) not in again or time.monotonic() > ends:
                raise
        time.sleep(5)


def code_of(error):
    return error.response["Error"]["Code"]
