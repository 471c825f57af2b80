"""A region is down when every request signed for it gets an error. That includes STS there, and IAM and the other
global control planes when us-east-1 is down: they are signed for it.

An unsigned request belongs to no region, with one exception: the answer of a custom resource's function goes to a
presigned S3 URL in the stack's region, so it is lost with it, and CloudFormation waits until its ServiceTimeout.
"""

import json

from taught import hooks

app = hooks.ministack("app", "app", "_dispatch_service_request")
router = hooks.ministack("core.router", "extract_signed_region")
responses = hooks.ministack("core.responses", "get_region")
custom_resource = hooks.ministack("services.cloudformation.custom_resource", "register_token", "deliver_response")

# Clients sign for us-east-1 what has one control plane for all regions, but not when their endpoint was configured.
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
GLOBAL = ("iam", "route53", "cloudfront", "organizations")

_down = set()
_when_back = []
_region_of_token = {}


def is_down(region):
    return region in _down


def take_down(region):
    _down.add(region)


def bring_back(region):
    if region in _down:
        _down.remove(region)
        for follow in _when_back:
            follow(region)


def when_back(follow):
    """Decorator: the function is called with each region that returns."""
    _when_back.append(follow)
    return follow


def answer(headers, query, path):
    """The error that a request gets, as (status, headers, body), or None when its region is up."""
    scope = headers.get("authorization", "") + "".join(query.get("X-Amz-Credential", []))
    region = router.extract_signed_region(headers, query) or _region_of_token.get(path.rpartition("/")[2])
    if any(f"/{service}/aws4_request" in scope for service in GLOBAL):
        region = "us-east-1"
    return _unavailable(headers, scope, region) if region in _down else None


def _unavailable(headers, scope, region):
    """503 ServiceUnavailable in the shape of the protocol that was spoken; SDKs retry it.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    message = f"The service is unavailable in {region}. Please try again shortly."
    kind = headers.get("content-type", "")
    if "/s3/" in scope:
        return _xml(f"<Error><Code>ServiceUnavailable</Code><Message>{message}</Message></Error>")
    if "/ec2/" in scope:
        return _xml(
            f"<Response><Errors><Error><Code>Unavailable</Code><Message>{message}</Message></Error></Errors></Response>"
        )
    if "x-www-form-urlencoded" in kind and "x-amz-target" not in headers:
        return _xml(
            f"<ErrorResponse><Error><Type>Receiver</Type><Code>ServiceUnavailable</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
    code = "ServiceUnavailableException"
    body = json.dumps({"__type": code, "message": message, "Message": message}).encode()
    return 503, {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}, body


def _xml(text):
    return 503, {"Content-Type": "text/xml"}, text.encode()


@hooks.wrap(custom_resource, "register_token")
def _remember_region(original, token):
    _region_of_token[token] = responses.get_region()
    return original(token)
