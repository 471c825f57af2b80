"""CloudFormation: CancelUpdateStack rolls an update back at once. ministack looks for it only before each resource.

What waits for something else, a custom resource for its function, an instance for its signals, is given up: the function
runs on, but nothing waits for its answer any more, and the rollback calls it again. Whatever else is in progress ends
first.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn--stack-update-cancel.html
https://github.com/aws/aws-cdk/issues/31541
"""

import functools
from concurrent import futures

from taught import cloudformation, instances, patches, side_by_side

stacks = patches.ministack("services.cloudformation.stacks", "CLIENT_REQUEST_TOKEN")
store = patches.ministack("services.cloudformation", "_stack_events")

_AT_THE_END = "cancelled when all was done"


class _Cancelled(RuntimeError):
    pass


def _waits_for_something_else(resource_type):
    return resource_type.startswith("Custom::") or resource_type in (
        "AWS::CloudFormation::CustomResource",
        side_by_side.INSTANCE,
    )


@patches.wrap(stacks, "_update_resource")
def _update(original, resource_type, identifier, old, new, stack_name, logical_id, *rest):
    work = functools.partial(original, resource_type, identifier, old, new, stack_name, logical_id, *rest)
    return _unless_cancelled(work, resource_type, stack_name, logical_id, "Resource update cancelled")


@patches.wrap(stacks, "_provision_resource")
def _provision(original, resource_type, logical_id, props, stack_name):
    work = functools.partial(original, resource_type, logical_id, props, stack_name)
    try:
        return _unless_cancelled(work, resource_type, stack_name, logical_id, "Resource creation cancelled")
    except _Cancelled:
        if resource_type != side_by_side.INSTANCE:
            cloudformation.remember_custom_resource(stack_name, logical_id, resource_type, props)
        raise


def _unless_cancelled(work, resource_type, stack_name, logical_id, words):
    stack = cloudformation.store._stacks[stack_name]
    if not _waits_for_something_else(resource_type) or stack["StackStatus"] != "UPDATE_IN_PROGRESS":
        return work()
    running = side_by_side.beside(work)
    while not running.done() and not stack.get("_cancel_requested"):
        futures.wait([running], timeout=0.1)
    while resource_type == side_by_side.INSTANCE and not running.done():
        instances.give_up(stack["StackId"], logical_id)
        futures.wait([running], timeout=0.1)
    succeeded = running.done() and running.exception() is None
    if stack.get("_cancel_requested") and not succeeded:
        side_by_side.early.pop((stack["StackId"], logical_id), None)
        raise _Cancelled(words)
    return running.result()


@patches.wrap(stacks, "_resolve_stack_outputs")
def _cancel_at_the_end(original, outputs, conditions, resources, parameters, mappings, stack_name, of_stack):
    """The last moment at which an update is in progress."""
    stack = cloudformation.store._stacks.get(stack_name) or {}
    if stack.get("StackStatus") == "UPDATE_IN_PROGRESS" and stack.get("_cancel_requested"):
        raise _Cancelled(_AT_THE_END)
    return original(outputs, conditions, resources, parameters, mappings, stack_name, of_stack)


@patches.wrap(stacks, "_roll_back_operation")
async def _say_who_wants_it(original, stack_name, of_stack, stack, operation, *rest):
    if stack.pop("_cancel_requested", False):
        operation["cancelled"] = True
        events = store._stack_events[of_stack]
        if events[-1]["ResourceStatusReason"] == _AT_THE_END:
            events.pop()  # ministack takes it for an output that has failed
        stacks.CLIENT_REQUEST_TOKEN.set(stack.pop("_cancel_token", ""))
    await original(stack_name, of_stack, stack, operation, *rest)
