"""Lambda writes a function's output with the function's own permissions: a log group that has been deleted comes back
only when the role may create it. ministack always creates it.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
"""

import fnmatch
import json

from taught import patches

functions = patches.ministack("services.lambda_svc", "_emit_lambda_logs")
logs = patches.ministack("services.cloudwatch_logs", "_log_groups")
iam = patches.ministack("services.iam", "_roles", "_policies")


@patches.wrap(functions, "_emit_lambda_logs")
def _emit(original, function, *args, **kwargs):
    config = function.get("config") or function
    group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
    if group in logs._log_groups or _may_create_groups(config.get("Role", "").rpartition("/")[2]):
        original(function, *args, **kwargs)


def _may_create_groups(role_name):
    role = iam._roles.get(role_name)
    return bool(role) and any(_allows(document) for document in _documents(role))


def _documents(role):
    yield from role.get("InlinePolicies", {}).values()
    for arn in role.get("AttachedPolicies", []):
        # Every one of the AWS managed policies for functions has logs:CreateLogGroup.
        yield (iam._policies.get(arn) or {}).get("PolicyDocument") or {
            "Statement": [{"Effect": "Allow", "Action": "logs:*"}]
        }


def _allows(document):
    document = json.loads(document) if isinstance(document, str) else document
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        actions = statement.get("Action", [])
        actions = actions if isinstance(actions, list) else [actions]
        if statement.get("Effect") == "Allow" and any(fnmatch.fnmatchcase("logs:CreateLogGroup", a) for a in actions):
            return True
    return False
