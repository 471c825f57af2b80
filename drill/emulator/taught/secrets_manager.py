"""AWS::SecretsManager::Secret: Ref is the secret's ARN; ministack gives its name. A region that is dropped from
ReplicaRegions loses its replica; ministack keeps it.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html
"""

import string

from taught import patches, secret_replicas

provisioners = patches.ministack("services.cloudformation.provisioners", "_RESOURCE_HANDLERS", "_sm_secret_string")
secrets = patches.ministack("services.secretsmanager", "_secrets")
secret = provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"]


def _name(arn):
    """Under which ministack keeps the secret, or what was given when there is none."""
    return next((name for name, found in secrets._secrets.items() if found["ARN"] == arn), arn)


@patches.wrap(provisioners, "_sm_secret_string")
def _secret_string(original, props):
    """A password without punctuation, where the template wants none: ministack passes over that.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-secret-generatesecretstring.html
    """
    wanted = props.get("GenerateSecretString") or {}
    if str(wanted.get("ExcludePunctuation")).lower() == "true":
        excluded = wanted.get("ExcludeCharacters", "") + string.punctuation
        props = {**props, "GenerateSecretString": {**wanted, "ExcludeCharacters": excluded}}
    return original(props)


@patches.wrap(secret, "create")
def _create(original, logical_id, props, stack_name):
    _, attributes = original(logical_id, props, stack_name)
    return attributes["Id"], attributes


@patches.wrap(secret, "update")
def _update(original, physical_id, old, new, *args):
    _, attributes = original(_name(physical_id), old, new, *args)
    before, after = ({r["Region"] for r in props.get("ReplicaRegions", [])} for props in (old, new))
    if before - after:
        secret_replicas.remove_regions({"SecretId": attributes["Id"], "RemoveReplicaRegions": before - after})
    return attributes["Id"], attributes


@patches.wrap(secret, "delete")
def _delete(original, physical_id, props):
    return original(_name(physical_id), props)
