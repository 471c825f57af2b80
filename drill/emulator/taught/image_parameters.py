"""CloudFormation: a parameter that is an image has to be one that exists. It is looked up before any resource is touched:
an update, or a creation, that has it wrong is rolled back at once, and a change set fails.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html
"""

import re

from taught import cloudformation, ec2, patches

stacks = patches.ministack("services.cloudformation.stacks", "_failed_operation", "_roll_back_operation", "_add_event")
handlers = cloudformation.handlers
change_sets = patches.ministack("services.cloudformation", "_change_sets")

_IMAGES = ("AWS::EC2::Image::Id", "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>")


def _problem(parameters):
    """https://github.com/aws/aws-cdk/issues/26689"""
    wrong = [
        f"parameter value {parameter['Value']} for parameter name {name} does not exist"
        for name, parameter in parameters.items()
        if parameter["Type"] in _IMAGES and not ec2.image_exists(parameter["Value"])
    ]
    return f"Parameter validation failed: {', '.join(wrong)}" if wrong else None


@patches.wrap(handlers._ACTION_HANDLERS, "CreateChangeSet")
def _create_change_set(original, params):
    answer = original(params)
    if answer[0] == 200:
        change_set = change_sets._change_sets[re.search(r"<Id>(.*)</Id>", answer[2].decode())[1]]
        problem = _problem(change_set["_resolved_params"])
        if problem:
            change_set.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=problem)
    return answer


async def _deploy(original, stack_name, of_stack, template, parameters, disable_rollback, tags, **options):
    problem = _problem(parameters)
    if not problem:
        return await original(stack_name, of_stack, template, parameters, disable_rollback, tags, **options)
    if disable_rollback:
        stack = cloudformation.store._stacks[stack_name]
        stack["StackStatus"] = "UPDATE_FAILED" if options.get("is_update") else "CREATE_FAILED"
        of = of_stack, stack_name, stack_name, "AWS::CloudFormation::Stack"
        return stacks._add_event(*of, stack["StackStatus"], problem, of_stack)
    # https://github.com/rgfindl/headless-wordpress/issues/4
    await _undo(stack_name, of_stack, template, parameters, f"{problem}. Rollback requested by user.", **options)


async def _undo(stack_name, of_stack, template, parameters, reason, is_update=False, previous_stack=None, **_options):
    """Nothing has been done: what the stack says of itself goes back to what it was."""
    stack = cloudformation.store._stacks[stack_name]
    operation = stacks._failed_operation(
        is_update, previous_stack, [], None, None, [], False, template, parameters, False, [], []
    )
    await stacks._roll_back_operation(stack_name, of_stack, stack, operation, reason)


for _module in ("handlers", "changesets"):
    patches.wrap(patches.ministack(f"services.cloudformation.{_module}"), "_deploy_stack_async")(_deploy)
