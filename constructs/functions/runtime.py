"""What the functions behind our custom resources have in common. It stands in front of each one's own source, which
imports from it what it uses, a module too, and has

    ACTS               what the stack is doing, in CloudFormation's words, when the function acts, by request type
    act(event, meant)  does what is asked and returns what it did, in one sentence; raises Refused

Whatever happens, CloudFormation is answered: it would wait for ServiceTimeout otherwise. Every answer has the attribute
Done, since CloudFormation reads it into an output after any of them.
"""

import datetime
import functools
import json
import os
import re
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
DENIED = "AccessDenied|UnauthorizedOperation"
# What services answer who are asked too often:
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
BUSY = "Throttl|TooMany|SlowDown|RequestLimit|RequestTimeout"
# A call that failed: AWS answers an error, or nothing.
FAILED = ClientError, botocore.exceptions.ConnectionError, botocore.exceptions.HTTPClientError
FOREVER = float("inf")

env = os.environ
# What an answer says beside Done.
facts = {}


# What is asked for cannot or must not be done; says why, and what to do instead.
class Refused(Exception): ...


# CloudFormation does not mean, or no longer means, what it asked for.
class Late(Exception): ...


# Raised in the midst of whatever is going on, with what AWS said last. Not an Exception: botocore would take it for a
# failed request.
class OutOfTime(BaseException): ...


def handler(event, context):
    signal.signal(signal.SIGALRM, out_of_time)
    signal.alarm(context.get_remaining_time_in_millis() // 1000 - ANSWER_SECONDS)
    status = "FAILED"
    try:
        status, said = "SUCCESS", act(event, check_meant(event))  # noqa: F821
    except Late as late:
        status, said = "SUCCESS", f"nothing: {late}"
    except Refused as no:
        said = str(no)
    except OutOfTime as words:
        said = f"no time is left: run the same command again{words}"
    except Exception as error:
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}"
    signal.alarm(0)
    print(event["RequestType"], status, said)
    answer(event, status, said)


def out_of_time(*_):
    raise OutOfTime


def check_meant(event, meant=None):
    """Returns what distinguishes this operation of the stack's from an earlier or later one. It has to be one in which
    this function acts, the one that was meant before, if any, and the one that the event was sent in: Lambda may deliver an
    event again, within a minute (MaxEventAge), when the next operation has begun. The event's own time is that of the
    signature of its URL, which CloudFormation makes when it sends it.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    A real URL: https://github.com/anomalyco/sst/pull/3539
    """
    found = stack_of(event["StackId"])
    now = found["StackStatus"], found.get("LastUpdatedTime")
    acts = [f"{doing}_IN_PROGRESS" for doing in ACTS.get(event["RequestType"], "").split()]  # noqa: F821
    if now[0] not in acts or meant not in (None, now):
        raise Late(f"{event['RequestType']} in {now[0]}")
    sent = re.search("X-Amz-Date=([0-9TZ]+)", event["ResponseURL"])
    # The signature counts whole seconds. No success: were the clocks that far apart, nothing would have been done.
    if sent and now[1] and sent[1] < f"{now[1] - datetime.timedelta(seconds=5):%Y%m%dT%H%M%SZ}":
        raise Refused("this event is older than the operation: run the same command again")
    return now


def stack_of(name, region=None, silence=FOREVER):
    """A stack, with its outputs beside its own attributes."""
    stacks = client("cloudformation", region)
    found = ask(stacks.describe_stacks, silence=silence, StackName=name)["Stacks"][0]
    return found | {o["OutputKey"]: o["OutputValue"] for o in found.get("Outputs", [])}


def while_meant(event, meant, call):
    """A changing call, each time right behind a check that was answered."""

    def change(**parameters):
        check_meant(event, meant)
        return call(**parameters)

    return change


def answer(event, status, said):
    # ASCII, and twice: the whole answer may have 4096 bytes. With its time: an output keeps an old answer until there
    # is a new one.
    said = said.encode("ascii", "replace").decode()[:800] + time.strftime(", at %Y-%m-%dT%H:%M:%SZ", time.gmtime())
    body = {
        "Status": status,
        "Reason": said,
        # One for all time: another id would be a replacement, whose clean-up deletes.
        "PhysicalResourceId": event["ResourceType"],
        "Data": {"Done": said, **facts},
        **{key: event[key] for key in ("StackId", "RequestId", "LogicalResourceId")},
    }
    retries = urllib3.Retry(5, backoff_factor=0.5, status_forcelist=range(500, 600))
    # Without the content type that urllib3 would add, or the signature of the URL does not fit.
    urllib3.PoolManager(retries=retries, timeout=5).request(
        "PUT", event["ResponseURL"], body=json.dumps(body), headers={"Content-Type": ""}
    )


def destroy_first(stack):
    return f"destroy {stack} first (`cdk destroy --all -c failover=false`)"


@functools.cache
def client(service, region=None, seconds=20):
    """A client that asks once, and waits so long for a connection and for an answer."""
    config = botocore.config.Config(
        connect_timeout=min(seconds, 5), read_timeout=seconds, retries={"total_max_attempts": 1}
    )
    return boto3.client(service, region or env["AWS_REGION"], config=config)


def ask(call, again=DENIED, seconds=DENIED_SECONDS, busy=FOREVER, silence=FOREVER, **parameters):
    """Calls, and calls again for so long while these errors are answered (denied, because the role may be too new),
    while AWS is busy, and while it is silent: in a disaster it is both, and passes.
    """
    began, words = time.monotonic(), ""
    try:
        while True:
            try:
                return call(**parameters)
            except FAILED as error:
                code = code_of(error)
                answered = seconds if re.search(again, code) else 0
                limit = busy if re.search(BUSY, code) else silence if silent(error) else answered
                if time.monotonic() - began >= limit:
                    raise
                words = note(error, words)
            time.sleep(2)
    except OutOfTime as out:
        raise OutOfTime(words or out) from None


def note(error, before):
    """Logs what was not said before, and returns it for the answer."""
    words = f" ({error})"
    if words != before:
        print(words)
    return words


def silent(error):
    """Whether there was no answer, or only one of a server in front of AWS: the call may have been received."""
    return not isinstance(error, ClientError) or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500


def code_of(error):
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
