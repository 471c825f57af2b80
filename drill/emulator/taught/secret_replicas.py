"""Secrets Manager: replicas of a secret in other regions. A replication may fail, and says so in the status of the secret
alone; a region with an outage gets its replica when the outage ends; a replica cannot be written.
https://docs.aws.amazon.com/secretsmanager/latest/userguide/replicate-secrets_troubleshoot.html
"""

import json

from taught import outage, patches

secrets = patches.ministack(
    "services.secretsmanager",
    "_secrets",
    "_resolve",
    "_is_replica",
    "_secret_arn_for_region",
    "_unlink_from_primary",
    "_delete_replicas",
    "_resource_policies",
)
responses = patches.ministack(
    "core.responses",
    "get_account_id",
    "set_request_account_id",
    "set_request_region",
    "error_response_json",
    "json_response",
)


def _refused(message):
    return responses.error_response_json("InvalidParameterException", message, 400)


@patches.wrap(secrets, "_replica_mutation_error")
def _cannot_be_written(_original):
    """https://github.com/lgallard/terraform-aws-secrets-manager/issues/188"""
    return _refused("Operation not permitted on a replica secret. Call must be made in primary secret's region.")


def _only_the_primary(original, data):
    """ministack lets a replica have a separate policy."""
    _, secret = secrets._resolve(data.get("SecretId"))
    return secrets._replica_mutation_error() if secret and secrets._is_replica(secret) else original(data)


for _action in ("_put_resource_policy", "_delete_resource_policy"):
    patches.wrap(secrets, _action)(_only_the_primary)


@patches.wrap(secrets, "_delete_secret")
def _delete(original, data):
    """https://github.com/gruntwork-io/cloud-nuke/issues/435"""
    _, secret = secrets._resolve(data.get("SecretId"))
    regions = [status["Region"] for status in (secret or {}).get("ReplicationStatus", [])]
    if regions:
        return _refused(
            f"You can't delete secret {secret['ARN']} that still has replica regions [{', '.join(regions)}]."
        )
    return original(data)


# --- Replication ------------------------------------------------------------------------------------------------------


def _status(region, status, message):
    return {"Region": region, "Status": status, "StatusMessage": message}


@patches.wrap(secrets, "_replicate_secret_to_regions")
def _replicate(original, data):
    """What goes wrong is no error of the call, which only begins."""
    _, secret = secrets._resolve(data.get("SecretId"))
    if not secret or secrets._is_replica(secret):
        return original(data)
    later = {}
    for asked in data.get("AddReplicaRegions", []):
        later[asked["Region"]] = _cannot_be_made(secret, asked["Region"], data.get("ForceOverwriteReplicaSecret"))
    now = [asked for asked in data.get("AddReplicaRegions", []) if not later[asked["Region"]]]
    answer = original({**data, "AddReplicaRegions": now})
    if answer[0] == 200:
        for status in filter(None, later.values()):
            _drop_status(secret, status["Region"])
            secret["ReplicationStatus"].append(status)
        answer = _described(secret)
    return answer


def _cannot_be_made(secret, region, overwrite):
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_ReplicationStatusType.html"""
    if outage.affects(region):
        return _status(region, "InProgress", f"{region} does not answer")
    other = secrets._secrets.get_scoped(responses.get_account_id(), region, secret["Name"])
    if other and other["ARN"] != secrets._secret_arn_for_region(secret, region) and not overwrite:
        return _status(region, "Failed", "Secret with this name already exists in this region")
    return None


def _described(secret):
    return responses.json_response({"ARN": secret["ARN"], "ReplicationStatus": secret["ReplicationStatus"]})


def _drop_status(secret, region):
    secret["ReplicationStatus"] = [s for s in secret["ReplicationStatus"] if s["Region"] != region]


@patches.wrap(secrets, "_sync_replicas")
def _sync(original, secret):
    """A region with an outage gets the change when the outage ends."""
    everywhere = secret.get("ReplicationStatus", [])
    secret["ReplicationStatus"] = [status for status in everywhere if not outage.affects(status["Region"])]
    original(secret)
    secret["ReplicationStatus"] = everywhere
    for status in everywhere:
        if outage.affects(status["Region"]):
            status["Status"] = "InProgress"


@outage.when_back
def _catch_up(region):
    for (account, primary_region, name), secret in list(secrets._secrets._data.items()):
        if any(s["Region"] == region and s["Status"] == "InProgress" for s in secret.get("ReplicationStatus", [])):
            responses.set_request_account_id(account)
            responses.set_request_region(primary_region)
            secrets._replicate_secret_to_regions({"SecretId": name, "AddReplicaRegions": [{"Region": region}]})


@patches.wrap(secrets, "_create_secret")
def _create(original, data):
    answer = original(data)
    if answer[0] == 200 and data.get("AddReplicaRegions"):
        replicated = secrets._replicate_secret_to_regions({**data, "SecretId": data["Name"]})
        statuses = json.loads(replicated[2])["ReplicationStatus"]
        answer = responses.json_response({**json.loads(answer[2]), "ReplicationStatus": statuses})
    return answer


# --- What ministack lacks ---------------------------------------------------------------------------------------------


def remove_regions(data):
    """https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RemoveRegionsFromReplication.html"""
    _, secret = secrets._resolve(data.get("SecretId"))
    if not secret:
        return _not_found()
    if secrets._is_replica(secret):
        return secrets._replica_mutation_error()
    for region in data["RemoveReplicaRegions"]:
        removed = [status for status in secret["ReplicationStatus"] if status["Region"] == region]
        secrets._delete_replicas({**secret, "ReplicationStatus": removed})
        _drop_status(secret, region)
    return _described(secret)


def _stop_replication(data):
    """Makes a replica a secret by itself; called in its region.
    https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_StopReplicationToReplica.html
    """
    _, secret = secrets._resolve(data.get("SecretId"))
    if not secret or not secrets._is_replica(secret):
        return _not_found()
    secrets._unlink_from_primary(secret)
    del secret["_PrimarySecretArn"], secret["_PrimaryRegion"]
    return responses.json_response({"ARN": secret["ARN"]})


def _not_found():
    message = "Secrets Manager can't find the specified secret."
    return responses.error_response_json("ResourceNotFoundException", message, 400)


_TAUGHT = {"RemoveRegionsFromReplication": remove_regions, "StopReplicationToReplica": _stop_replication}


@patches.wrap(secrets, "handle_request")
async def _handle(original, method, path, headers, body, query):
    action = headers.get("x-amz-target", "").rpartition(".")[2]
    if action in _TAUGHT:
        return _TAUGHT[action](json.loads(body))
    return await original(method, path, headers, body, query)
