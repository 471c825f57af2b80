"""Systems Manager: a parameter of data type aws:ec2:image is checked after the call has been answered."""

import time

from taught import ec2, patches

ssm = patches.ministack("services.ssm", "_put_parameter", "_parameters")
concurrency = patches.ministack("core.concurrency", "spawn_background")

# Long enough that a reader who does not wait for the value reads the old one.
_VALIDATION_SECONDS = 0.5


@patches.wrap(ssm, "_put_parameter")
def put_parameter(original, data):
    """PutParameter answers with a version at once; the version appears when the image has been found, or never.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
    """
    if data.get("DataType") != "aws:ec2:image":
        return original(data)
    known = ssm._parameters.get(data.get("Name"))
    if known and not data.get("Overwrite") or not data.get("Name"):
        return original(data)
    concurrency.spawn_background(_validate, original, data, thread_name="taught-ssm")
    version = known["Version"] + 1 if known else 1
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, b'{"Version": %d, "Tier": "Standard"}' % version


def _validate(original, data):
    time.sleep(_VALIDATION_SECONDS)
    if ec2.image_exists(data.get("Value", "")):
        original(data)
