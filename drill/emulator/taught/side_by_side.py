"""CloudFormation works side by side on what does not depend on each other; ministack takes one resource after the other.

It shows where a custom resource takes its time in an update: an instance that does not depend on it starts meanwhile.
Whichever fails first cancels the other; the function of a custom resource runs on, but nothing waits for its answer.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html
https://github.com/aws/aws-cdk/issues/31541
"""

import asyncio
import contextvars
import copy
import functools
from concurrent import futures

from taught import cloudformation, instances, patches

INSTANCE = "AWS::EC2::Instance"

engine = patches.ministack(
    "services.cloudformation.engine",
    "_evaluate_conditions",
    "_extract_deps",
    "_resolve_refs",
    "_topological_sort",
    "_NO_VALUE",
)
stacks = patches.ministack("services.cloudformation.stacks", "_with_stack_tags", "_add_event")

_deployments = {}  # stack id -> template and parameters of what is under way
early = {}  # (stack id, logical id) -> an instance that was begun before its turn
_provision_now = stacks._provision_resource


class Launch:
    def __init__(self, stack_name, logical_id, props, tagged):
        self.props, self.tagged = props, tagged
        self.outcome = beside(functools.partial(_provision_now, INSTANCE, logical_id, tagged, stack_name))

    def failed(self):
        return self.outcome.done() and self.outcome.exception() is not None


def beside(work):
    """Runs on a separate thread, in the region that this one is in."""
    return futures.ThreadPoolExecutor(max_workers=1).submit(contextvars.copy_context().run, work)


async def _deploy(original, stack_name, of_stack, template, parameters, *rest, **options):
    _deployments[of_stack] = template, parameters
    await original(stack_name, of_stack, template, parameters, *rest, **options)


for _module in ("handlers", "changesets"):
    patches.wrap(patches.ministack(f"services.cloudformation.{_module}"), "_deploy_stack_async")(_deploy)


@patches.wrap(stacks, "_update_resource")
def _update(original, resource_type, identifier, old, new, stack_name, logical_id, *rest):
    update = functools.partial(original, resource_type, identifier, old, new, stack_name, logical_id, *rest)
    stack = cloudformation.store._stacks[stack_name]
    if not resource_type.startswith("Custom::") or old == new or stack["StackStatus"] != "UPDATE_IN_PROGRESS":
        return update()
    launches = _launch_meanwhile(stack_name, stack, logical_id)
    updated = beside(update)
    waiting = {updated, *(launch.outcome for launch in launches)}
    while updated in waiting:
        _, waiting = futures.wait(waiting, return_when=futures.FIRST_COMPLETED)
        if any(launch.failed() for launch in launches) and not stack["_rollback_disabled"]:
            raise RuntimeError("Resource update cancelled")
    return updated.result()


def _launch_meanwhile(stack_name, stack, logical_id):
    """Begins the new instances that depend on nothing which is not done."""
    of_stack = stack["StackId"]
    template, parameters = _deployments[of_stack]
    resources, conditions = template["Resources"], engine._evaluate_conditions(template, parameters)
    order = engine._topological_sort(resources, conditions)
    turn = order.index(logical_id)
    done = set(order[:turn])
    if not stack["_goes_on"]:
        done |= {name for name in order if resources[name] == stack["_template"]["Resources"].get(name)}
    for name in order[turn + 1 :]:
        is_new = resources[name]["Type"] == INSTANCE and name not in stack["_resources"]
        if is_new and engine._extract_deps(resources[name], set(order)) <= done:
            resolved = engine._resolve_refs(
                copy.deepcopy(resources[name].get("Properties", {})),
                stack["_resources"],
                parameters,
                conditions,
                template.get("Mappings", {}),
                stack_name,
                of_stack,
            )
            props = {key: value for key, value in resolved.items() if value is not engine._NO_VALUE}
            tagged = stacks._with_stack_tags(INSTANCE, props, stack.get("Tags") or [], stack_name, of_stack, name)
            stacks._add_event(of_stack, stack_name, name, INSTANCE, "CREATE_IN_PROGRESS")
            early[of_stack, name] = Launch(stack_name, name, props, tagged)
    return [launch for (of, _), launch in early.items() if of == of_stack]


@patches.wrap(stacks, "_provision_resource")
def _provision(original, resource_type, logical_id, props, stack_name):
    launch = early.get((cloudformation.stack_id(stack_name), logical_id))
    if launch is None:
        return original(resource_type, logical_id, props, stack_name)
    result = launch.outcome.result()
    del early[cloudformation.stack_id(stack_name), logical_id]
    return result


@patches.wrap(stacks, "_roll_back_operation")
async def _cancel_launches(original, stack_name, of_stack, *rest):
    for of, logical_id in list(early):
        if of == of_stack:
            await asyncio.to_thread(_cancel, stack_name, of_stack, logical_id, early.pop((of, logical_id)))
    await original(stack_name, of_stack, *rest)


def _cancel(stack_name, of_stack, logical_id, launch):
    """What it has made is for the rollback to delete."""
    reason = str(launch.outcome.exception()) if launch.failed() else "Resource creation cancelled"
    while not launch.outcome.done():
        instances.give_up(of_stack, logical_id)
        futures.wait([launch.outcome], timeout=0.1)
    if not launch.failed():
        instance, _ = launch.outcome.result()
        cloudformation.remember_begun(stack_name, logical_id, INSTANCE, instance, launch.tagged)
    stacks._add_event(of_stack, stack_name, logical_id, INSTANCE, "CREATE_FAILED", reason)


async def end_launches(stack_name, of_stack):
    """Without a rollback they go on. Answers (logical id, record) of those that have succeeded."""
    succeeded = []
    for of, logical_id in list(early):
        if of == of_stack:
            launch = early.pop((of, logical_id))
            await asyncio.to_thread(futures.wait, [launch.outcome])
            if launch.failed():
                reason = str(launch.outcome.exception())
                stacks._add_event(of_stack, stack_name, logical_id, INSTANCE, "CREATE_FAILED", reason)
            else:
                instance, attributes = launch.outcome.result()
                record = cloudformation.record(logical_id, INSTANCE, instance, launch.props, "CREATE_COMPLETE")
                succeeded.append((logical_id, {**record, "Attributes": attributes}))
                stacks._add_event(of_stack, stack_name, logical_id, INSTANCE, "CREATE_COMPLETE", physical_id=instance)
    return succeeded
