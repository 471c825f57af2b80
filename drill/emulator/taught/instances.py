"""CloudFormation: AWS::EC2::Instance, which waits for the signals that its CreationPolicy asks for."""

import base64

from taught import clients, cloudformation, patches

signals = patches.ministack(
    "services.cloudformation.wait_conditions",
    "_waiting",
    "_lock",
    "_handles",
    "register_slot",
    "wait_for",
    "validate_count",
    "validate_resource_signal_timeout",
    "signal_resource",
)
handlers = patches.ministack("services.cloudformation.handlers", "_wc")


def create_instance(logical_id, props, stack_name):
    policy = cloudformation.definition(stack_name, logical_id).get("CreationPolicy", {}).get("ResourceSignal")
    # Signals may come before the launch has been answered.
    slot = _expect_signals(stack_name, logical_id) if policy is not None else None
    try:
        instance = _call_run_instances(props)
        cloudformation.remember_begun(stack_name, logical_id, "AWS::EC2::Instance", instance, props)
        if policy is not None:
            _await_signals(slot, stack_name, logical_id, policy, instance)
        cloudformation.forget_begun(stack_name, logical_id)
    finally:
        if slot:
            _expect_no_more(slot, stack_name, logical_id)
    return instance, _attributes(instance)


def _call_run_instances(props):
    user_data = props.get("UserData")
    asked = {
        **props,
        "MinCount": 1,
        "MaxCount": 1,
        # botocore encodes it; a template has it encoded.
        "UserData": base64.b64decode(user_data).decode() if user_data else None,
        "IamInstanceProfile": {"Name": props["IamInstanceProfile"]} if props.get("IamInstanceProfile") else None,
        "TagSpecifications": [{"ResourceType": "instance", "Tags": props["Tags"]}] if props.get("Tags") else None,
        "Placement": {"AvailabilityZone": props["AvailabilityZone"]} if props.get("AvailabilityZone") else None,
    }
    return clients.call("ec2", "RunInstances", asked)["Instances"][0]["InstanceId"]


def _attributes(identifier):
    reservations = clients.call("ec2", "DescribeInstances", {"InstanceIds": [identifier]})["Reservations"]
    instance = reservations[0]["Instances"][0]
    return {
        "InstanceId": identifier,
        "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
        "PrivateIp": instance["PrivateIpAddress"],
        "PrivateDnsName": instance["PrivateDnsName"],
        "PublicIp": instance.get("PublicIpAddress", ""),
        "PublicDnsName": instance.get("PublicDnsName", ""),
        "VpcId": instance["VpcId"],
    }


def update_instance(identifier, old, new):
    """What needs no replacement. Type and user data are changed while it is stopped; the new user data is not run."""
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
    api = clients.client("ec2")
    if "SecurityGroupIds" in changed:
        api.modify_instance_attribute(InstanceId=identifier, Groups=new["SecurityGroupIds"])
    if "Tags" in changed:
        api.create_tags(Resources=[identifier], Tags=[t for t in new["Tags"] if not t["Key"].startswith("aws:")])
    if changed & {"InstanceType", "UserData"}:
        api.stop_instances(InstanceIds=[identifier])
        if "InstanceType" in changed:
            api.modify_instance_attribute(InstanceId=identifier, InstanceType={"Value": new["InstanceType"]})
        if "UserData" in changed:
            api.modify_instance_attribute(
                InstanceId=identifier, UserData={"Value": base64.b64decode(new.get("UserData", ""))}
            )
        api.start_instances(InstanceIds=[identifier])
    return _attributes(identifier)


def delete_instance(identifier, _props):
    clients.call("ec2", "TerminateInstances", {"InstanceIds": [identifier]})


# --- Signals ----------------------------------------------------------------------------------------------------------

_signalled_by = {}  # (stack id, logical id) -> the id of the instance that may signal, or None while it is launched


def _expect_signals(stack_name, logical_id):
    key = cloudformation.stack_id(stack_name), logical_id
    slot = signals.register_slot(key[0])
    _signalled_by[key] = None
    signals._waiting[key] = {"token": slot, "stack_name": stack_name, "resource_type": "AWS::EC2::Instance"}
    return slot


def _expect_no_more(slot, stack_name, logical_id):
    key = cloudformation.stack_id(stack_name), logical_id
    _signalled_by.pop(key, None)
    signals._waiting.pop(key, None)
    signals._handles.pop(slot, None)


def _await_signals(slot, stack_name, logical_id, policy, instance):
    stack_id = cloudformation.stack_id(stack_name)
    count = signals.validate_count(policy.get("Count"), logical_id)
    timeout = signals.validate_resource_signal_timeout(policy.get("Timeout"), logical_id)
    _signalled_by[stack_id, logical_id] = instance
    with signals._lock:
        for other in [u for u in signals._handles[slot]["signals"] if u != instance]:
            del signals._handles[slot]["signals"][other]
    try:
        signals.wait_for(slot, stack_id, stack_name, logical_id, "AWS::EC2::Instance", count, timeout)
    except TimeoutError:
        # https://github.com/aws/aws-cli/issues/7133
        raise RuntimeError(f"Failed to receive {count} resource signal(s) within the specified duration") from None
    except RuntimeError:
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-creationpolicy.html
        raise RuntimeError(f"Received FAILURE signal with UniqueId {instance}") from None


def give_up(of_stack, logical_id):
    """Has an instance that is waited for fail. Before its launch there is nothing to give up."""
    instance = _signalled_by.get((of_stack, logical_id))
    if instance:
        signals.signal_resource(of_stack, logical_id, instance, "FAILURE")


@patches.wrap(signals, "signal_resource")
def _signal_resource(original, stack_id, logical_id, unique_id, status):
    """The signal of an instance carries its id; CloudFormation accepts another one, and it counts for nothing.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SignalResource.html
    """
    expected = _signalled_by.get((stack_id, logical_id))
    if expected and unique_id != expected:
        return True
    return original(stack_id, logical_id, unique_id, status)


cloudformation.teach(
    "AWS::EC2::Instance",
    {"create": create_instance, "update": update_instance, "delete": delete_instance},
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-instance.html
    replaced_by=(
        "AvailabilityZone",
        "BlockDeviceMappings",
        "CpuOptions",
        "EnclaveOptions",
        "HibernationOptions",
        "ImageId",
        "Ipv6AddressCount",
        "Ipv6Addresses",
        "KeyName",
        "LaunchTemplate",
        "LicenseSpecifications",
        "NetworkInterfaces",
        "PlacementGroupName",
        "PrivateIpAddress",
        "SecurityGroups",
        "SubnetId",
    ),
    tagged=True,
)
