"""Stands for the module boto3: clients that take what botocore's models take, answer what they say, raise the errors
that botocore raises, and do what a regions does.
"""

import functools
import types

import botocore.errorfactory
import botocore.exceptions
import botocore.session
import botocore.validate
from botocore import xform_name

# Errors of every service, which the models do not list, with their HTTP status.
COMMON = {
    "AccessDenied": 403,
    "AccessDeniedException": 400,
    "UnauthorizedOperation": 403,
    "ValidationError": 400,
    "InvalidParameterCombination": 400,
    "Throttling": 400,
    "ThrottlingException": 400,
    "RequestLimitExceeded": 503,
    "InvalidAMIID.Unavailable": 400,
    "SlowDown": 503,
    "ServiceUnavailable": 503,
}
THROTTLING = {
    "ec2": "RequestLimitExceeded",
    "s3": "SlowDown",
    "ssm": "ThrottlingException",
    "secretsmanager": "ThrottlingException",
}
DENIALS = {"ssm": "AccessDeniedException", "secretsmanager": "AccessDeniedException", "ec2": "UnauthorizedOperation"}
# Actions of IAM's that are not called as the operation is:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ACTIONS = {
    "s3:ListObjectVersions": ["s3:ListBucketVersions"],
    "s3:DeleteObjects": ["s3:DeleteObject", "s3:DeleteObjectVersion"],
    # With DeleteAssociatedSnapshots: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/deregister-ami.html
    "ec2:DeregisterImage": ["ec2:DeregisterImage", "ec2:DeleteSnapshot"],
}
CALL_SECONDS = 0.1


@functools.cache
def model(service):
    return botocore.session.get_session().get_service_model(service)


@functools.cache
def operations(service):
    return {xform_name(name): model(service).operation_model(name) for name in model(service).operation_names}


@functools.cache
def errors(service):
    return botocore.errorfactory.ClientExceptionsFactory().create_client_exceptions(model(service))


def fault(service, operation, code, message):
    """The exception that botocore raises for an error; only for one that the service has."""
    known = errors(service).from_code(code)
    assert known is not botocore.exceptions.ClientError or code in COMMON, f"{service} has no error {code}"
    status = {"HTTPStatusCode": COMMON.get(code, 400)}
    return known({"Error": {"Code": code, "Message": message}, "ResponseMetadata": status}, operation)


def check(shape, value, what):
    report = botocore.validate.ParamValidator().validate(value, shape)
    assert not report.has_errors(), f"{what}: {report.generate_report()}"


class Aws:
    """What is boto3 in the function under test."""

    def __init__(self, regions, clock, granted):
        self.regions, self.clock, self.granted = regions, clock, granted
        self.calls = []  # (region, operation, parameters)
        self.denied = {}  # action: until when
        self.trouble = {}  # action: until when, and which of Client's troubles
        self.lost = {}  # action: which of Client's troubles answers the next call, which is done nevertheless
        self.real = {}  # service: what makes its client instead

    def client(self, service, region, *, config):
        if service in self.real:
            return self.real[service](region, config)
        return Client(self, service, region, config)

    def called(self, *names):
        return [(region, p) for region, name, p in self.calls if name in names]

    def regions_asked(self):
        return {region for region, _name, _parameters in self.calls}

    def refuse_denied(self, service, operation):
        action = f"{service}:{operation}"
        for needed in ACTIONS.get(action, [action]):
            if needed not in self.granted or self.clock.now < self.denied.get(needed, 0):
                code = DENIALS.get(service, "AccessDenied")
                raise fault(service, operation, code, f"not authorized to perform: {needed}")


class Client:
    def __init__(self, aws, service, region, config):
        self._aws, self._service, self._region, self._config = aws, service, region, config
        self.exceptions = errors(service)

    def __getattr__(self, name):
        if name not in operations(self._service):
            raise AttributeError(f"{self._service} has no operation {name}")
        return functools.partial(self._call, name)

    def _call(self, name, **parameters):
        aws, model_of = self._aws, operations(self._service)[name]
        if model_of.input_shape:
            check(model_of.input_shape, parameters, f"{name} is asked")
        aws.calls.append((self._region, model_of.name, parameters))
        aws.clock.sleep(CALL_SECONDS)
        if self._region in aws.regions.down:
            raise self._no_connection()
        self._meet_trouble(model_of.name)
        aws.refuse_denied(self._service, model_of.name)
        request = types.SimpleNamespace(region=self._region, service=self._service, operation=model_of.name)
        answer = getattr(aws.regions, name)(request, **parameters)
        if lost := aws.lost.pop(f"{self._service}:{model_of.name}", None):
            raise TROUBLES[lost](self, model_of.name)
        if model_of.output_shape:
            check(model_of.output_shape, answer, f"{name} is answered")
        return answer

    def _meet_trouble(self, operation):
        for action in ACTIONS.get(f"{self._service}:{operation}", [f"{self._service}:{operation}"]):
            until, kind = self._aws.trouble.get(action, (0, None))
            if self._aws.clock.now < until:
                raise TROUBLES[kind](self, operation)

    def _no_connection(self, _operation=None):
        self._aws.clock.sleep(self._config.connect_timeout)
        return botocore.exceptions.ConnectTimeoutError(endpoint_url=self._url())

    def _no_answer(self, _operation):
        self._aws.clock.sleep(self._config.read_timeout)
        return botocore.exceptions.ReadTimeoutError(endpoint_url=self._url())

    def _connection_lost(self, _operation):
        return botocore.exceptions.ConnectionClosedError(endpoint_url=self._url())

    def _unavailable(self, operation):
        return fault(self._service, operation, "ServiceUnavailable", "try again shortly")

    def _throttled(self, operation):
        return fault(self._service, operation, THROTTLING.get(self._service, "Throttling"), "Rate exceeded")

    def _url(self):
        return f"https://{self._service}.{self._region}"


TROUBLES = {
    "throttled": Client._throttled,
    "unavailable": Client._unavailable,
    "no connection": Client._no_connection,
    "no answer": Client._no_answer,
    "connection lost": Client._connection_lost,
}
