"""Runs the inline functions as they stand in the templates: their text, environment and permissions are read from the
folder that TEMPLATES names. `go test ./test -run TestInlineFunctions` sets it; by hand, in the repository's folder:

    npx cdk synth --quiet -c artifact=s3://releases/unishop-1.tar.gz
    TEMPLATES=cdk.out .cache/emulator-venv/bin/python -m unittest discover -s test/functions
"""

import contextlib
import dataclasses
import functools
import io
import json
import os
import sys
import threading
import types
import unittest.mock
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from clock import Clock
from fake_aws import Aws
from fake_regions import ACCOUNT, PRIMARY, SECONDARY, Regions, moment, other

STACKS = {PRIMARY: "unishop-primary", SECONDARY: "unishop-secondary"}

if "TEMPLATES" not in os.environ:
    sys.exit(__doc__)

# Nothing of the user's AWS. A real client, where a test makes one, reaches a server of the test's and no other.
for name in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[name]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
    "no_proxy": "127.0.0.1",
}


@functools.cache
def template(region):
    return json.loads(Path(os.environ["TEMPLATES"], STACKS[region] + ".template.json").read_text())


def resources(region):
    return template(region)["Resources"]


def text_of(parts, region):
    """What CloudFormation makes of texts and of places in the template's mappings."""
    separator, parts = parts["Fn::Join"]
    texts = []
    for part in parts:
        if not isinstance(part, str):
            name, key, attribute = part["Fn::FindInMap"]
            part = template(region)["Mappings"][name][key][attribute]
        texts.append(part)
    return separator.join(texts)


@dataclasses.dataclass(frozen=True)
class Function:
    """The function behind a custom resource, as a template has it."""

    kind: str  # Custom::...
    code: types.CodeType
    environment: dict
    seconds: int
    granted: frozenset  # actions


@functools.cache
def function(kind, region):
    (custom,) = (r for r in resources(region).values() if r["Type"] == kind)
    properties = resources(region)[custom["Properties"]["ServiceToken"]["Fn::GetAtt"][0]]["Properties"]
    role = resources(region)[properties["Role"]["Fn::GetAtt"][0]]["Properties"]
    actions = set()
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow", statement
            action = statement["Action"]
            actions.update([action] if isinstance(action, str) else action)
    return Function(
        kind,
        compile(text_of(properties["Code"]["ZipFile"], region), kind, "exec"),
        properties.get("Environment", {}).get("Variables", {}),
        properties["Timeout"],
        frozenset(actions),
    )


def names():
    """What the two regions' resources are called, as the functions get it."""
    role = {region: function("Custom::RegionRole", region).environment for region in STACKS}
    return {
        "global": role[PRIMARY]["GLOBAL_CLUSTER"],
        "cluster": {region: role[other(region)]["OTHER_CLUSTER"] for region in STACKS},
        "stack": {region: role[other(region)]["OTHER_STACK"] for region in STACKS},
        "instance": {region: role[region]["INSTANCE"] for region in STACKS},
        "secret": role[PRIMARY]["SECRET"],
        "parameter": function("Custom::PublishedImage", PRIMARY).environment["PARAMETER"],
    }


@dataclasses.dataclass
class Answer:
    """What CloudFormation is answered, and what is left in the log."""

    body: dict
    size: int
    headers: dict
    log: str = ""
    seconds: float = 0  # of the regions' clock

    @property
    def status(self):
        return self.body["Status"]

    @property
    def said(self):
        """Without the time at which it was said."""
        return self.body["Data"]["Done"].rpartition(", at ")[0]


class Bucket(BaseHTTPRequestHandler):
    """The place in S3 that CloudFormation reads answers from."""

    answers = []
    refusals = []  # HTTP statuses for the next requests

    def do_PUT(self):
        text = self.rfile.read(int(self.headers["Content-Length"]))
        refused = Bucket.refusals.pop(0) if Bucket.refusals else None
        if refused is None:
            Bucket.answers.append(Answer(json.loads(text), len(text), dict(self.headers)))
        self.send_response(refused or 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@functools.cache
def bucket_url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/answer?signature=secret"


class Lambda:
    """Runs one function for one event after the other, in two regions."""

    def __init__(self, kind, region, regions=None):
        self.function, self.region = function(kind, region), region
        self.regions = regions or Regions(Clock(), names())
        self.aws = Aws(self.regions, self.regions.clock, self.function.granted)
        self.module = {}
        exec(self.function.code, self.module)  # noqa: S102
        self.module["boto3"] = self.aws
        self.module["time"] = self.module["signal"] = self.regions.clock
        self.module["urllib"] = types.SimpleNamespace(request=types.SimpleNamespace(urlopen=self.regions.urlopen))

    def event(self, request, properties, old=None):
        """As of now."""
        event = {
            "RequestType": request,
            "ResponseURL": bucket_url() + f"&X-Amz-Date={moment(self.regions.clock.now):%Y%m%dT%H%M%SZ}",
            "StackId": self.regions.stack_id(self.region),
            "RequestId": str(uuid.uuid4()),
            "ResourceType": self.function.kind,
            "LogicalResourceId": "Resource",
            "ResourceProperties": properties,
        }
        return event if old is None else event | {"OldResourceProperties": old}

    def send(self, request, properties, seconds=None, old=None):
        """Has CloudFormation send an event, and returns the one answer that it gets."""
        return self.deliver(self.event(request, properties, old), seconds)

    def deliver(self, event, seconds=None):
        """Has Lambda run an event, which must be answered once, and returns the answer."""
        began = self.regions.clock.now
        Bucket.answers = [a for a in Bucket.answers if a.body["RequestId"] != event["RequestId"]]
        log = self.run(event, seconds or self.function.seconds)
        answers = [a for a in Bucket.answers if a.body["RequestId"] == event["RequestId"]]
        assert len(answers) == 1, f"{len(answers)} answers:\n{log}"
        return dataclasses.replace(answers[0], log=log, seconds=self.regions.clock.now - began)

    def run(self, event, seconds):
        """Has Lambda run the function, and returns its log."""
        context = types.SimpleNamespace(
            invoked_function_arn=f"arn:aws:lambda:{self.region}:{ACCOUNT}:function:f",
            get_remaining_time_in_millis=lambda: seconds * 1000,
        )
        log = io.StringIO()
        environment = self.function.environment | {"AWS_REGION": self.region}
        with (
            unittest.mock.patch.dict(os.environ, environment),
            contextlib.redirect_stdout(log),
            contextlib.redirect_stderr(log),
        ):
            self.module["handler"](event, context)
        return log.getvalue()


class RegionRole(Lambda):
    """RegionRole's function, with what its events say."""

    def __init__(self, region, regions=None):
        super().__init__("Custom::RegionRole", region, regions)

    def ask(self, role, way="switchover", request="Update", reconcile=("", ""), **how):
        """reconcile: its value before, and now."""
        asked = [{"Role": role, "Way": way, "Reconcile": value} for value in reconcile]
        old = asked[0] if request == "Update" else None
        return self.while_it(request, lambda: self.send(request, asked[1], old=old, **how))

    def delete(self, **how):
        return self.while_it("Delete", lambda: self.send("Delete", {"Role": "active", "Way": "switchover"}, **how))

    def while_it(self, request, send):
        """Sends while the stack is in the state in which CloudFormation sends such an event."""
        self.regions.set_stack(self.region, request.upper() + "_IN_PROGRESS", since=self.regions.clock.now)
        return send()

    def moves(self):
        """The changing calls: (region that was asked, operation's kind, region of the new writer)."""
        calls = [c for c in self.aws.calls if c[1] in ("FailoverGlobalCluster", "SwitchoverGlobalCluster")]
        return [
            (region, name.removesuffix("GlobalCluster").lower(), p["TargetDbClusterIdentifier"].split(":")[3])
            for region, name, p in calls
        ]
