"""CloudFormation: an operation without rollback keeps what it has done, and the next one goes on from there.

ministack keeps it too, but nothing goes on. AWS also goes on at once with whatever does not depend on the failure; here
the first failure ends the operation.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
"""

import contextvars

from taught import cloudformation, patches, side_by_side

stacks = patches.ministack(
    "services.cloudformation.stacks",
    "run_reentrant",
    "_failed_operation",
    "_sends_back_failed_update",
    "_delete_resource",
    "_add_event",
)
changes = patches.ministack(
    "services.cloudformation.changesets", "_find_change_set", "_resolve_props_for_diff", "_deploy_stack_async"
)
provisioners = patches.ministack("services.cloudformation.provisioners", "_replacing_change")
store = patches.ministack("services.cloudformation", "_stacks", "_stack_events")
handlers = cloudformation.handlers

_disabled = contextvars.ContextVar("rollback disabled", default=False)


# --- What may follow a failure ----------------------------------------------------------------------------------------


def _may_not_follow(stack, params):
    """https://github.com/aws/aws-cli/issues/6368"""
    state = (stack or {}).get("StackStatus", "")
    if state not in cloudformation.FAILED or handlers._p(params, "DisableRollback", "false").lower() == "true":
        return None
    message = (
        f"This stack is currently in a non-terminal [{state}] state. To update the stack from this state, please use "
        "the disable-rollback parameter with update-stack API. To rollback to the last known good state, use the "
        "rollback-stack API"
    )
    return handlers._error("ValidationError", message)


@patches.wrap(handlers._ACTION_HANDLERS, "UpdateStack")
def _update_stack(original, params):
    stack = handlers._resolve_stack(handlers._p(params, "StackName"))
    state = (stack or {}).get("StackStatus", "")
    if state not in cloudformation.FAILED:
        return original(params)
    refused = _may_not_follow(stack, params)
    if refused:
        return refused
    stack["StackStatus"] = "UPDATE_COMPLETE"  # ministack refuses every other one
    answer = original(params)
    if answer[0] != 200:
        stack["StackStatus"] = state
    return answer


@patches.wrap(handlers._ACTION_HANDLERS, "ExecuteChangeSet")
def _execute_change_set(original, params):
    _, found = changes._find_change_set(handlers._p(params, "ChangeSetName"), handlers._p(params, "StackName"))
    stack = store._stacks.get(found["StackName"]) if found else None
    return _may_not_follow(stack, params) or original(params)


@patches.wrap(handlers, "_stack_has_no_updates")
def _has_no_updates(original, stack, *rest):
    """The same template again takes up what has failed."""
    return "_failed_operation" not in stack and original(stack, *rest)


@patches.wrap(changes, "_resolve_props_for_diff")
def _resolve(original, template, parameters, stack_name, of_stack):
    """A change set compares with what has been done, which is part of this template, and part of the one before."""
    stack = store._stacks.get(stack_name) or {}
    failed = stack.get("_failed_operation")
    if failed and "applied" in failed and template is stack["_template"]:
        return {"Resources": failed["applied"]}
    return original(template, parameters, stack_name, of_stack)


def _refuse_replacement(original, resource_type, old, new, *rest):
    """https://github.com/aws/aws-cdk/issues/30546"""
    if _disabled.get() and provisioners._replacing_change(resource_type, old, new):
        return "Replacement type updates not supported on stack with disable-rollback."
    return original(resource_type, old, new, *rest)


for _module in ("stacks", "provisioners"):
    _patched = patches.ministack(f"services.cloudformation.{_module}")
    patches.wrap(_patched, "_custom_named_replacement_error")(_refuse_replacement)


# --- The operation itself ---------------------------------------------------------------------------------------------


async def _deploy(original, stack_name, of_stack, template, parameters, disable_rollback, tags, **options):
    stack = store._stacks[stack_name]
    earlier = stack.get("_failed_operation")
    stack.update(_rollback_disabled=disable_rollback, _goes_on=bool(earlier), StackStatusReason="")
    _disabled.set(disable_rollback)
    if earlier:
        # What the failed operation would have removed is in no template of its, but still has its DeletionPolicy.
        of_previous = options["previous_stack"]["_template"]
        of_previous["Resources"] = {**earlier["applied"], **of_previous["Resources"]}
        if not await _delete_failures(stack_name, stack, options["previous_stack"]):
            return
    await original(stack_name, of_stack, template, parameters, disable_rollback, tags, **options)
    if stack["StackStatus"] in cloudformation.FAILED:
        await _settle(stack_name, stack, template, parameters, earlier, **options)


async def _delete_failures(stack_name, stack, previous):
    """ "Resources without a last known stable state will be deleted upon the next stack operation." """
    for name, record in list(stack["_resources"].items()):
        if record["ResourceStatus"] != "CREATE_FAILED":
            continue
        of = record["ResourceType"], record["PhysicalResourceId"]
        _record(stack, name, *of, "DELETE_IN_PROGRESS")
        try:
            await stacks.run_reentrant(stacks._delete_resource, *of, record["Properties"], stack_name, name)
        except Exception as error:
            _record(stack, name, *of, "DELETE_FAILED", str(error))
            _end(stack, "UPDATE_FAILED", f"The following resource(s) failed to delete: [{name}]. ")
            return False
        _record(stack, name, *of, "DELETE_COMPLETE")
        del stack["_resources"][name], previous["_resources"][name]
    return True


async def _settle(
    stack_name, stack, template, parameters, earlier, is_update=False, previous_stack=None, imports=None, **_options
):
    """What has failed goes back to where it was stable; what never was stays until the next operation."""
    final = stack["StackStatus"]
    stack["StackStatus"] = final.replace("FAILED", "IN_PROGRESS")
    reason = store._stack_events[stack["StackId"]].pop()["ResourceStatusReason"]
    operation = stack.get("_failed_operation") or stacks._failed_operation(
        is_update, previous_stack, [], None, None, [], False, template, parameters, False, [], []
    )
    for name, record in await side_by_side.end_launches(stack_name, stack["StackId"]):
        stack["_resources"][name] = record
        operation["created"].append(name)
    for name, record in cloudformation.take_begun(stack["StackId"]):
        stack["_resources"][name] = record
        operation["created"].append(name)
    if operation["failed_update"]:
        operation["failed_update"] = await _send_back(stack_name, stack, *operation["failed_update"])
    operation["applied"] = _applied(stack_name, stack, template, parameters, operation, earlier, previous_stack)
    if operation["failed_logical_id"]:
        verb = "update" if operation["failed_update"] else "create"
        reason = f"The following resource(s) failed to {verb}: [{operation['failed_logical_id']}]. "
    stack["_template"], stack["_resolved_params"] = template, parameters
    stack["_failed_operation"] = _since_stable(earlier, operation, stack["_resources"]) if earlier else operation
    _end(stack, final, reason)


async def _send_back(stack_name, stack, name, resource_type, identifier, applied, previous, attributes):
    """ "rolling back failed resources to their last known stable state"; answers what RollbackStack still has to do."""
    stack["_resources"][name]["ResourceStatus"] = "UPDATE_FAILED"
    done = name, resource_type, identifier, None, None, None
    if applied is None or applied == previous or not stacks._sends_back_failed_update(resource_type):
        return done
    update = resource_type, identifier, applied, previous, stack_name, name, attributes
    try:
        await stacks.run_reentrant(cloudformation.update_resource, *update)
    except Exception as error:
        _record(stack, name, resource_type, identifier, "UPDATE_FAILED", str(error))
        return name, resource_type, identifier, applied, previous, attributes
    return done


def _applied(stack_name, stack, template, parameters, operation, earlier, previous):
    """The definitions, resolved, of the resources as they are."""
    of = stack_name, stack["StackId"]
    now = changes._resolve_props_for_diff(template, parameters, *of)["Resources"]
    before = {}
    if earlier:
        before = earlier["applied"]
    elif previous:
        resolved = changes._resolve_props_for_diff(previous["_template"], previous["_resolved_params"], *of)
        before = resolved.get("Resources", {})
    stable = {name for name, record in stack["_resources"].items() if record["ResourceStatus"] != "CREATE_FAILED"}
    found = {name: (now if name in operation["created"] else before).get(name) for name in stable}
    return {name: definition for name, definition in found.items() if definition}


def _since_stable(earlier, operation, resources):
    """What RollbackStack undoes: all operations since the stack was stable."""
    stable = (earlier["previous_stack"] or {}).get("_resources", {})
    failed = operation["failed_update"]
    return {
        **operation,
        **{key: earlier[key] for key in ("is_update", "previous_stack", "previous_tags")},
        "created": [name for name in dict.fromkeys(earlier["created"] + operation["created"]) if name in resources],
        "failed_update": failed if failed and failed[0] in stable else None,
    }


def _record(stack, name, resource_type, identifier, status, reason=""):
    stacks._add_event(stack["StackId"], stack["StackName"], name, resource_type, status, reason, identifier)


def _end(stack, status, reason):
    _record(stack, stack["StackName"], "AWS::CloudFormation::Stack", stack["StackId"], status, reason)
    stack["StackStatus"], stack["StackStatusReason"] = status, reason


for _module in ("handlers", "changesets"):
    patches.wrap(patches.ministack(f"services.cloudformation.{_module}"), "_deploy_stack_async")(_deploy)
