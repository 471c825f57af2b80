"""A region has an outage when every request signed for it gets an error. That includes STS there, and IAM and the other
global control planes when us-east-1 has the outage: they are signed for it.

An unsigned request belongs to no region, with one exception: the answer of a custom resource's function goes to a
presigned S3 URL in the stack's region, so it is lost with it, and CloudFormation waits until its ServiceTimeout.
"""

_down = set()
_when_back = []


def affects(region):
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


def answer(call):
    """The error that a call gets, or None when its region is up. SDKs retry it.
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    """
    if call.region not in _down:
        return None
    message = f"The service is unavailable in {call.region}. Please try again shortly."
    return call.error(unavailable(call), 503, message)


def unavailable(call):
    if call.service == "ec2":
        return "Unavailable"
    json = "json" in call.headers.get("content-type", "") or "cbor" in call.headers.get("content-type", "")
    return "ServiceUnavailableException" if json else "ServiceUnavailable"
