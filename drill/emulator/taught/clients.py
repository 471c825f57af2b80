"""Clients of the emulator's own service APIs, for handlers: they go the way of any client, with every refusal on it.

Only for worker threads: on the emulator's event loop such a call would wait for itself.
"""

import functools
import os
import time
import uuid

import boto3
import botocore.config
import botocore.exceptions

from taught import outage, patches

responses = patches.ministack("core.responses", "get_region", "get_account_id")


def client(service, region=None):
    """A client that acts in the region and account of the request that is being handled."""
    return _client(service, region or responses.get_region(), responses.get_account_id())


@functools.cache
def _client(service, region, account):
    return boto3.session.Session(
        # ministack takes a key of 12 digits for the account.
        aws_access_key_id=account,
        aws_secret_access_key="taught",
        region_name=region,
    ).client(
        service,
        endpoint_url=f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}",
        config=botocore.config.Config(
            retries={"total_max_attempts": 1},
            # An image is baked within one call.
            read_timeout=600,
            proxies={},
            s3={"addressing_style": "path"},
            # As CloudTrail has it.
            user_agent_extra="cloudformation.amazonaws.com",
        ),
    )


# What a resource's handler is called again for: it was throttled, or the service was not available. AWS does not say how
# long CloudFormation goes on.
# https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract-errors.html
THROTTLED = ("Throttling", "ThrottlingException", "RequestLimitExceeded", "SlowDown", "CallRateLimitExceededException")
_UNAVAILABLE = ("ServiceUnavailable", "ServiceUnavailableException", "Unavailable")
_RETRY_SECONDS = 60


def call(service, operation, parameters, region=None):
    """Calls an operation, named as in the API, with those of the parameters that it knows."""
    api = client(service, region)
    method = {api.meta.method_to_api_mapping[m]: m for m in api.meta.method_to_api_mapping}[operation]
    members = api.meta.service_model.operation_model(operation).input_shape.members
    known = {
        name: _typed(shape, parameters[name]) for name, shape in members.items() if parameters.get(name) is not None
    }
    ends = time.monotonic() + _RETRY_SECONDS
    while True:
        try:
            return getattr(api, method)(**known)
        except botocore.exceptions.ClientError as error:
            passing = error.response["Error"]["Code"] in (*THROTTLED, *_UNAVAILABLE)
            if not passing or time.monotonic() > ends and not outage.affects(api.meta.region_name):
                raise
        time.sleep(0.5)


def _typed(shape, value):
    """A template's value as the API's type: CloudFormation takes "true" for true and "7" for 7."""
    if shape.type_name == "boolean":
        return str(value).lower() == "true"
    if shape.type_name in ("integer", "long"):
        return int(value)
    if shape.type_name in ("float", "double"):
        return float(value)
    if shape.type_name == "list":
        return [_typed(shape.member, item) for item in value]
    if shape.type_name == "structure":
        return {name: _typed(shape.members[name], item) for name, item in value.items() if name in shape.members}
    if shape.type_name == "string":
        return str(value)
    return value


def handler_message(error, service):
    """What CloudFormation makes of an API's refusal in a stack event."""
    if not isinstance(error, botocore.exceptions.ClientError):
        return str(error)
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    request = error.response["ResponseMetadata"].get("RequestId", "")
    kinds = {403: "AccessDenied", 404: "NotFound", 409: "AlreadyExists", 503: "ServiceInternalError"}
    kind = "Throttling" if error.response["Error"]["Code"] in THROTTLED else kinds.get(status, "InvalidRequest")
    return (
        f'Resource handler returned message: "{error.response["Error"]["Message"]} (Service: {service}, '
        f'Status Code: {status}, Request ID: {request})" (RequestToken: {uuid.uuid4()}, '
        f"HandlerErrorCode: {kind})"
    )
