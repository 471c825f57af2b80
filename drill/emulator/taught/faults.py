"""Faults of AWS that a scenario asks for: calls of a region, of one service or all, are answered with an error, are never
answered, or are carried out and their answer is lost; the next so many of them, or those within so many seconds of the first
of them: when that one comes depends on how busy the drill's machine is.

A fault is {"region", "answer"} and, each optional, {"service", "actions", "caller", "except", "calls", "seconds"}. The
service is named as in a signature ("rds", "monitoring"), or wire.ANSWERS; a caller by a part of its User-Agent. With
several faults the first that concerns a call is the one that it meets.
"""

import time

from taught import outage

# What throttled calls get: code, status, message. SDKs know them all, as
# https://github.com/boto/botocore/blob/develop/botocore/data/_retry.json does; all others have ThrottlingException.
_THROTTLED = {
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    "ec2": ("RequestLimitExceeded", 503, "Request limit exceeded."),
    # https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
    "s3": ("SlowDown", 503, "Please reduce your request rate."),
    # https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html
    "lambda": ("TooManyRequestsException", 429, "Rate exceeded"),
    # https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_GetImage.html
    "imagebuilder": ("CallRateLimitExceededException", 429, "Rate exceeded"),
    **dict.fromkeys(("rds", "cloudformation", "iam", "sts"), ("Throttling", 400, "Rate exceeded")),
}
_DENIED = {
    "ec2": ("UnauthorizedOperation", 403),
    **dict.fromkeys(("rds", "cloudformation", "iam", "sts", "s3"), ("AccessDenied", 403)),
}


def _throttle(call):
    return call.error(*_THROTTLED.get(call.service, ("ThrottlingException", 400, "Rate exceeded")))


def _deny(call):
    message = f"User is not authorized to perform: {call.service}:{call.action}"
    return call.error(*_DENIED.get(call.service, ("AccessDeniedException", 400)), message)


def _be_unavailable(call):
    return call.error(outage.unavailable(call), 503, "Service Unavailable. Please try again shortly.")


HANG, LOSE = "Hang", "Lose"
_ERRORS = {"Throttling": _throttle, "ServiceUnavailable": _be_unavailable, "AccessDenied": _deny}
ANSWERS = (*_ERRORS, HANG, LOSE)


class Fault:
    def __init__(self, region, answer, service="", actions=(), caller="", calls=0, seconds=0, **rest):
        self.region, self.answer, self.service, self.actions, self.caller = region, answer, service, actions, caller
        self.spared = rest.pop("except", "")
        self.calls, self.seconds = calls, seconds
        self.met, self.ends = 0, None
        if rest:
            raise ValueError(f"{', '.join(rest)}: unknown to a fault")
        if answer not in ANSWERS:
            raise ValueError(f"answer: {answer!r} is not allowed: use one of {', '.join(ANSWERS)}")

    def over(self):
        return bool(self.calls and self.met >= self.calls) or self.out_of_time()

    def out_of_time(self):
        return self.ends is not None and time.monotonic() > self.ends

    def concerns(self, call):
        return (
            not self.over()
            and call.region == self.region
            and self.service in ("", call.service)
            and self.caller in call.caller
            and not (self.spared and self.spared in call.caller)
            and (not self.actions or call.action in self.actions)
        )

    def meet(self):
        self.met += 1
        if self.seconds and self.ends is None:
            self.ends = time.monotonic() + self.seconds

    def error(self, call):
        return _ERRORS[self.answer](call)


_faults = []


def change(faults):
    """Puts these faults in the place of all others; none ends them."""
    new = [Fault(**fault) for fault in faults]  # or none
    _faults[:] = new
    return met()


def met():
    """How many calls have met each fault."""
    return [fault.met for fault in _faults]


def there_are():
    return any(not fault.over() for fault in _faults)


def meet(call):
    """The fault that a call meets, or None."""
    fault = next((fault for fault in _faults if fault.concerns(call)), None)
    if fault:
        fault.meet()
    return fault
