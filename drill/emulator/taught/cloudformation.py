"""CloudFormation: how a type is taught, and where ministack's engine differs from AWS's."""

import re
import time
import uuid

from taught import clients, outage, patches

engine = patches.ministack("services.cloudformation.engine", "_resolve_parameters")
provisioners = patches.ministack(
    "services.cloudformation.provisioners",
    "_RESOURCE_HANDLERS",
    "_REPLACING_PROPERTIES",
    "_STACK_TAG_PROPERTY",
    "_cr_stack_id",
    "_physical_name",
    "_custom_resource_create",
    "_cfn_wait_condition_definition",
    "_tag_map",
)
stacks = patches.ministack(
    "services.cloudformation.stacks",
    "_runs_on_worker_thread",
    "_roll_back_operation",
    "_resolve_stack_outputs",
    "_add_event",
    "_provision_resource",
    "_update_resource",
    "_delete_resource",
    "_with_dependencies",
)
custom_resource = patches.ministack(
    "services.cloudformation.custom_resource", "deliver_response", "invoke_custom_resource"
)
store = patches.ministack("services.cloudformation", "_stacks", "_change_sets")
responses = patches.ministack("core.responses", "get_region", "now_iso")

_on_worker_threads = set()


def teach(resource_type, handlers, replaced_by, tagged=False):
    """Teaches a type. handlers:

    create(logical_id, props, stack_name) -> (physical_id, attributes)
    update(physical_id, old, new) -> attributes
    delete(physical_id, props)
    snapshot(physical_id, props): before a deletion that is to keep one. On the event loop: it may only take note.

    They run on a worker thread and may call the emulator. A change of a property in replaced_by, the schema's
    createOnlyProperties, is a new resource instead.
    """
    service = resource_type.split("::")[1]
    patched = {"create": _handled(service, handlers["create"]), "delete": _handled(service, handlers["delete"])}
    if "update" in handlers:
        patched["update"] = _handled(service, lambda pid, old, new, _stack: (pid, handlers["update"](pid, old, new)))
    if "snapshot" in handlers:
        patched["snapshot"] = handlers["snapshot"]
    provisioners._RESOURCE_HANDLERS[resource_type] = patched
    provisioners._REPLACING_PROPERTIES[resource_type] = tuple(replaced_by)
    if tagged:
        provisioners._STACK_TAG_PROPERTY[resource_type] = ("Tags", "list")
    run_on_worker_thread(resource_type)


def run_on_worker_thread(resource_type):
    """For a type whose handlers call the emulator."""
    _on_worker_threads.add(resource_type)


def _handled(service, handler):
    def handle(*args):
        try:
            return handler(*args)
        except clients.botocore.exceptions.ClientError as error:
            raise RuntimeError(clients.handler_message(error, service)) from error

    return handle


def stack_id(stack_name):
    return provisioners._cr_stack_id(stack_name)


def physical_name(stack_name, logical_id, lowercase=True):
    return provisioners._physical_name(stack_name, logical_id, lowercase=lowercase, max_len=63)


def definition(stack_name, logical_id):
    """The resource as the template that is being deployed defines it."""
    return provisioners._cfn_wait_condition_definition(stack_name, logical_id)


# --- Outages: nothing moves in a stack whose region has an outage, and nothing of the global control planes anywhere. -

# What is created, changed and deleted in us-east-1, wherever the stack is. Changing a bucket is its region's affair.
# https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/global-services.html
GLOBAL = re.compile(r"AWS::(IAM|CloudFront|Route53)::")


@patches.wrap(stacks, "_runs_on_worker_thread")
def _runs_on_worker_thread(original, resource_type):
    return resource_type in _on_worker_threads or outage.affects(responses.get_region()) or original(resource_type)


provisioned = set()  # every resource type that a stack has created


def _through_outages(verb):
    @patches.wrap(stacks, f"_{verb}_resource")
    def change(original, *args):
        while outage.affects(responses.get_region()):
            time.sleep(0.1)
        resource_type = args[0]
        if verb == "provision":
            provisioned.add(resource_type)
        unchanged = verb == "update" and args[2] == args[3]
        control_plane_away = GLOBAL.match(resource_type) or resource_type == "AWS::S3::Bucket" and verb != "update"
        if control_plane_away and not unchanged and outage.affects("us-east-1"):
            raise RuntimeError(
                f"The control plane of {resource_type} is in us-east-1. Service Unavailable. Please try again shortly."
            )
        return original(*args)


for _verb in ("provision", "update", "delete"):
    _through_outages(_verb)

update_resource = stacks._update_resource  # and nothing beside it


# --- A resource whose creation failed is deleted in the rollback; ministack forgets that it was begun. ---------------

_begun = {}  # (stack id, logical id) -> the record of a resource that exists although its creation failed


def remember_begun(stack_name, logical_id, resource_type, physical_id, props):
    _begun[stack_id(stack_name), logical_id] = record(logical_id, resource_type, physical_id, props, "CREATE_FAILED")


def record(logical_id, resource_type, physical_id, props, status):
    """As ministack has them."""
    return {
        "PhysicalResourceId": physical_id,
        "ResourceType": resource_type,
        "ResourceStatus": status,
        "LogicalResourceId": logical_id,
        "Properties": props,
        "Attributes": {},
        "Timestamp": responses.now_iso(),
    }


def forget_begun(stack_name, logical_id):
    _begun.pop((stack_id(stack_name), logical_id), None)


def take_begun(of_stack):
    """(logical id, record) of each; from now on they are the caller's."""
    return [(logical_id, _begun.pop((of, logical_id))) for of, logical_id in list(_begun) if of == of_stack]


@patches.wrap(stacks, "_roll_back_operation")
async def _delete_what_was_begun(original, stack_name, of_stack, stack, operation, *rest):
    for logical_id, record in take_begun(of_stack):
        stack["_resources"][logical_id] = record
        operation["created"].append(logical_id)
    await original(stack_name, of_stack, stack, operation, *rest)


_ids_of_failures = {}  # (stack id, logical id) -> physical id that a function gave with its FAILED


@patches.wrap(custom_resource, "deliver_response")
def _note_failure(original, token, response):
    if response.get("Status") == "FAILED":
        key = response.get("StackId"), response.get("LogicalResourceId")
        _ids_of_failures[key] = response.get("PhysicalResourceId")
    return original(token, response)


@patches.wrap(provisioners, "_custom_resource_create")
def _create_custom_resource(
    original, logical_id, props, stack_name, resource_type="AWS::CloudFormation::CustomResource"
):
    """After a failed or lost answer too the function is asked to delete what it may have made.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-delete.html
    """
    try:
        return original(logical_id, props, stack_name, resource_type)
    except (RuntimeError, TimeoutError):
        # Later the operation has been given up, and its rollback has seen to this.
        if store._stacks[stack_name]["StackStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            remember_custom_resource(stack_name, logical_id, resource_type, props)
        raise


def remember_custom_resource(stack_name, logical_id, resource_type, props):
    given = _ids_of_failures.pop((stack_id(stack_name), logical_id), None)
    made_up = f"{stack_name}-{logical_id}-{uuid.uuid4().hex[:12].upper()}"
    remember_begun(stack_name, logical_id, resource_type, given or made_up, props)


@patches.wrap(custom_resource, "invoke_custom_resource")
def _invoke(original, *args, **kwargs):
    """https://repost.aws/knowledge-center/cloudformation-lambda-resource-delete"""
    try:
        return original(*args, **kwargs)
    except TimeoutError:
        raise TimeoutError(
            "CloudFormation did not receive a response from your Custom Resource. Please check your logs."
        ) from None


# --- What could not be deleted keeps what it depends on; ministack goes on and deletes that too. ----------------------

_kept = {}  # stack id -> records that are out of the way of a deletion that is running


@patches.wrap(stacks, "_delete_resource")
def _keep_dependencies(original, resource_type, physical_id, props, stack_name=None, logical_id=None):
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html#troubleshooting-errors-delete-stack-fails"""
    try:
        return original(resource_type, physical_id, props, stack_name, logical_id)
    except Exception:
        stack = store._stacks.get(stack_name) or {}
        if stack.get("StackStatus") == "DELETE_IN_PROGRESS":
            resources, defined = stack["_resources"], stack["_template"]["Resources"]
            for name in stacks._with_dependencies([logical_id], defined, set(resources)) - {logical_id}:
                _kept.setdefault(stack["StackId"], {})[name] = resources.pop(name)
        raise


async def _delete_stack(original, stack_name, of_stack, *args, **kwargs):
    await original(stack_name, of_stack, *args, **kwargs)
    kept = _kept.pop(of_stack, None)
    if kept:
        store._stacks[stack_name]["_resources"].update(kept)


for _module in ("stacks", "handlers"):
    patches.wrap(patches.ministack(f"services.cloudformation.{_module}"), "_delete_stack_async")(_delete_stack)

# --- The old resources go after UPDATE_COMPLETE_CLEANUP_IN_PROGRESS; ministack removes them in UPDATE_IN_PROGRESS. ---


@patches.wrap(stacks, "_resolve_stack_outputs")
def _begin_cleanup(original, outputs_defs, conditions, resources, param_values, mappings, stack_name, of_stack):
    """The outputs are resolved when every change has succeeded and before anything is removed."""
    resolved = original(outputs_defs, conditions, resources, param_values, mappings, stack_name, of_stack)
    stack = store._stacks.get(stack_name)
    if stack and stack.get("StackStatus") == "UPDATE_IN_PROGRESS":
        stack["Outputs"] = resolved[0]
        stack["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        stacks._add_event(
            of_stack, stack_name, stack_name, "AWS::CloudFormation::Stack", stack["StackStatus"], physical_id=of_stack
        )
    return resolved


# --- A parameter that names a missing SSM parameter, in AWS's words. --------------------------------------------------

_missing = re.compile(r"Parameter '.*' failed to resolve: SSM parameter '(.*)' does not exist")


def _resolve_parameters(original, *args, **kwargs):
    """https://github.com/aws-samples/amazon-connect-custom-ccp/issues/2"""
    try:
        return original(*args, **kwargs)
    except ValueError as error:
        missing = _missing.match(str(error))
        if not missing:
            raise
        raise ValueError(f"Unable to fetch parameters [{missing[1]}] from parameter store for this account.") from error


for _module in ("engine", "handlers", "changesets"):
    patches.wrap(patches.ministack(f"services.cloudformation.{_module}"), "_resolve_parameters")(_resolve_parameters)


# --- A stack that is in the middle of something, or whose deletion has failed, takes no change set for an update. -----

handlers = patches.ministack("services.cloudformation.handlers", "_ACTION_HANDLERS", "_resolve_stack", "_error", "_p")
FAILED = ("CREATE_FAILED", "UPDATE_FAILED")  # without a rollback
# "You can initiate a change set for a stack with a status of CREATE_FAILED or UPDATE_FAILED, but not for a status of
# UPDATE_ROLLBACK_FAILED": https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
_UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", *FAILED)


@patches.wrap(handlers._ACTION_HANDLERS, "CreateChangeSet")
def _create_change_set(original, params):
    """As UpdateStack: https://github.com/aws/aws-dotnet-deploy/issues/689"""
    stack = handlers._resolve_stack(handlers._p(params, "StackName")) or {}
    state = stack.get("StackStatus", "")
    if handlers._p(params, "ChangeSetType", "UPDATE") == "UPDATE" and state and state not in _UPDATABLE:
        message = f"Stack:{stack['StackId']} is in {state} state and can not be updated"
        return handlers._error("ValidationError", message)
    answer = original(params)
    if answer[0] == 200:
        _offer_outputs(stack, store._change_sets[re.search(r"<Id>(.*)</Id>", answer[2].decode())[1]])
    return answer


def _offer_outputs(stack, change_set):
    """A change set that changes outputs alone lists nothing, and can be executed.
    https://github.com/aws/aws-cdk/pull/2029
    """
    empty = "didn't contain changes" in change_set["StatusReason"]
    if empty and change_set["_template"].get("Outputs") != stack.get("_template", {}).get("Outputs"):
        change_set.update(Status="CREATE_COMPLETE", ExecutionStatus="AVAILABLE", StatusReason="")
