"""What a request says of itself, and what an error looks like in its protocol."""

import json
import re
from urllib.parse import parse_qs

from taught import patches

router = patches.ministack("core.router", "extract_signed_region")
actions = patches.ministack("core.iam_actions", "extract_iam_action")
custom_resource = patches.ministack("services.cloudformation.custom_resource", "register_token")
responses = patches.ministack("core.responses", "get_region")

# Clients sign for us-east-1 what has one control plane for all regions, but not when their endpoint was configured.
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
GLOBAL = ("iam", "route53", "cloudfront", "organizations")

# Where S3 Control is, which is signed for as S3 is.
S3_CONTROL = "/v20180820/"

# The answer of a custom resource's function goes to a presigned URL of S3 in its stack's region.
ANSWERS = "custom-resource-answer"
# What the SDKs say of themselves in a function: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
FUNCTION = "exec-env/AWS_Lambda_"

_region_of_token = {}


@patches.wrap(custom_resource, "register_token")
def _remember_region(original, token):
    _region_of_token[token] = responses.get_region()
    return original(token)


class Call:
    """A request of a client. Its region is None when it is signed for none."""

    def __init__(self, scope):
        self.method, self.path, self.body = scope["method"], scope["path"], b""
        self.headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        self.query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        answered = _region_of_token.get(self.path.rpartition("/")[2])
        credential = self.headers.get("authorization", "") + "".join(self.query.get("X-Amz-Credential", []))
        signed = re.search(r"/\d{8}/[^/]+/([^/]+)/aws4_request", credential)
        self.service = ANSWERS if answered else signed[1] if signed else ""
        self.region = answered or router.extract_signed_region(self.headers, self.query)
        if self.service in GLOBAL:
            self.region = "us-east-1"

    @property
    def caller(self):
        return FUNCTION if self.service == ANSWERS else self.headers.get("user-agent", "")

    @property
    def action(self):
        """The name of the operation. The body has to be there."""
        if "/operation/" in self.path:
            return self.path.rpartition("/")[2]
        if self.service == "servicequotas":  # which ministack does not know
            return self.headers.get("x-amz-target", "").rpartition(".")[2]
        found = actions.extract_iam_action(self.service, self.method, self.path, self.headers, self.body, self.query)
        return found.rpartition(":")[2] if found else ""

    def error(self, code, status, message):
        """(status, headers, body) in the protocol that was spoken."""
        kind = self.headers.get("content-type", "")
        if self.path.startswith(S3_CONTROL):
            inner = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
            return _xml(status, f"<ErrorResponse>{inner}</ErrorResponse>")
        if self.service in ("s3", ANSWERS):
            return _xml(status, f"<Error><Code>{code}</Code><Message>{message}</Message></Error>")
        if self.service == "ec2":
            inner = f"<Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            return _xml(status, f"<Response>{inner}</Response>")
        if "x-www-form-urlencoded" in kind and "x-amz-target" not in self.headers:
            whose = "Sender" if status < 500 else "Receiver"
            inner = f"<Type>{whose}</Type><Code>{code}</Code><Message>{message}</Message>"
            return _xml(status, f"<ErrorResponse><Error>{inner}</Error></ErrorResponse>")
        if "cbor" in kind:
            headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
            return status, headers, _cbor({"__type": code, "message": message})
        body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
        return status, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body


def _xml(status, text):
    return status, {"Content-Type": "text/xml"}, text.encode()


def _cbor(texts):
    """A map of texts: https://www.rfc-editor.org/rfc/rfc8949#section-3.1"""
    encoded = bytes([0xA0 + len(texts)])
    for text in (part.encode() for pair in texts.items() for part in pair):
        encoded += b"\x79" + len(text).to_bytes(2, "big") + text
    return encoded
