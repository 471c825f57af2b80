"""EC2: AWS::EC2::Instance with its CreationPolicy, security group rules and flow logs of their own, and images that
have to exist."""

import base64
import contextvars
import ipaddress
import random

from taught import clients, cloudformation, drill, hooks, settings
from taught.refusals import Refusal, first

ec2 = hooks.ministack(
    "services.ec2",
    "_ACTION_MAP", "_p", "_parse_member_list", "_error", "_xml", "_instances", "_images", "_subnets", "_volumes", "_tags",
    "_security_groups", "_STUB_AMIS", "_registered_image", "_docker_touched", "run_offloop", "_instance_xml", "_launch_instances_internal",
)  # fmt: skip
responses = hooks.ministack("core.responses", "get_region", "get_account_id")
concurrency = hooks.ministack("core.concurrency", "run_reentrant")
signals = hooks.ministack(
    "services.cloudformation.wait_conditions",
    "_waiting", "_lock", "_handles", "register_slot", "wait_for", "validate_count", "validate_resource_signal_timeout", "signal_resource",
)  # fmt: skip
handlers = hooks.ministack("services.cloudformation.handlers", "_wc")

API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"


@hooks.wrap(ec2, "_registered_image")
def _no_container(_original, _image_id):
    """ministack boots a registered image in a container of Docker's; here the drill boots what it likes."""


@hooks.wrap(ec2, "_docker_touched")
def _off_the_event_loop(_original):
    """The drill is told from within RunInstances and TerminateInstances, and may call back."""
    return True


@hooks.wrap(ec2, "run_offloop")
async def _on_a_thread_of_its_own(_original, handler, *args):
    return await concurrency.run_reentrant(handler, *args)


def image_exists(image_id):
    """Whether the image is there in the request's region: registered by us, or one of ministack's public ones."""
    return image_id in ec2._images or any(image_id == stub[0] for stub in ec2._STUB_AMIS)


# --- Refusals ---------------------------------------------------------------------------------------------------------


class Request:
    def __init__(self, params):
        self.params = params
        self.region = responses.get_region()
        self.short_of = settings.get("no_capacity").get(self.region, [])

    def __getitem__(self, name):
        return ec2._p(self.params, name)


REFUSALS = {
    "RunInstances": [
        Refusal(lambda r: not image_exists(r["ImageId"]), "InvalidAMIID.NotFound", "The image id '[{request[ImageId]}]' does not exist", API),
        Refusal(lambda r: r["SubnetId"] and r["SubnetId"] not in ec2._subnets, "InvalidSubnetID.NotFound",
                "The subnet ID '{request[SubnetId]}' does not exist", API),
        Refusal(lambda r: r["InstanceType"] in r.short_of, "InsufficientInstanceCapacity",
                "We currently do not have sufficient {request[InstanceType]} capacity in the Availability Zone you requested. "
                "Our system will be working on provisioning additional capacity.",
                API, 500),
    ],
}  # fmt: skip


# --- Actions ----------------------------------------------------------------------------------------------------------


_launched = contextvars.ContextVar("launched", default=[])  # by the request that is being handled


@hooks.wrap(ec2, "_launch_instances_internal")
def _launch(original, **asked):
    """An instance takes its zone and addresses from its subnet, and gets a public one only where the subnet says so."""
    launched = original(**asked)
    _launched.set(launched)
    subnet = ec2._subnets.get(asked["subnet_id"], {})
    for instance in launched:
        _address(instance, subnet, asked.get("requested_private_ip"))
        for volume in _own_volumes(instance):
            ec2._volumes[volume]["AvailabilityZone"] = instance["Placement"]["AvailabilityZone"]
    return launched


def _address(instance, subnet, private):
    region = responses.get_region()
    network = ipaddress.ip_network(subnet.get("CidrBlock") or "172.31.0.0/16")
    # The first four addresses and the last one of a subnet are AWS's.
    private = private or str(network[random.randrange(4, network.num_addresses - 1)])
    public = instance["PublicIpAddress"] if subnet.get("MapPublicIpOnLaunch") else ""
    inside, outside = (("ec2", "compute-1") if region == "us-east-1" else (f"{region}.compute", f"{region}.compute"))
    instance["PrivateIpAddress"], instance["PublicIpAddress"] = private, public
    instance["PrivateDnsName"] = f"ip-{private.replace('.', '-')}.{inside}.internal"
    instance["PublicDnsName"] = public and f"ec2-{public.replace('.', '-')}.{outside}.amazonaws.com"
    instance["Placement"]["AvailabilityZone"] = subnet.get("AvailabilityZone") or f"{region}a"


@hooks.wrap(ec2._ACTION_MAP, "RunInstances")
def _run_instances(original, params):
    refused = first(REFUSALS["RunInstances"], Request(params))
    if refused:
        return ec2._error(*refused)
    _launched.set([])
    answer = original(params)
    if answer[0] == 200:
        try:
            for instance in _launched.get():
                drill.tell("instance-launched", **_facts(instance))
        except Exception as error:
            for instance in _launched.get():
                instance["State"] = {"Code": 48, "Name": "terminated"}
            return ec2._error("InternalError", str(error), 500)
    return answer


@hooks.wrap(ec2._ACTION_MAP, "TerminateInstances")
def _terminate_instances(original, params):
    ending = [ec2._instances[i] for i in ec2._parse_member_list(params, "InstanceId") if i in ec2._instances]
    ending = [i for i in ending if i["State"]["Name"] != "terminated"]
    for instance in ending:
        # Before it is gone: an instance that is shut down still withdraws its page.
        drill.tell("instance-terminated", **_facts(instance))
    answer = original(params)
    for instance in ending:
        for volume in _own_volumes(instance):
            ec2._volumes.pop(volume, None)
    return answer


def _modify_instance_attribute(params):
    """What ministack lacks: one attribute of a stopped instance, or its security groups."""
    instance = ec2._instances.get(ec2._p(params, "InstanceId"))
    if instance is None:
        return ec2._error("InvalidInstanceID.NotFound", f"The instance ID '{ec2._p(params, 'InstanceId')}' does not exist", 400)
    groups = ec2._parse_member_list(params, "GroupId")
    at_rest = {"InstanceType": ec2._p(params, "InstanceType.Value"), "UserData": ec2._p(params, "UserData.Value")}
    at_rest = {name: value for name, value in at_rest.items() if value}
    if at_rest and instance["State"]["Name"] != "stopped":
        return ec2._error("IncorrectInstanceState", f"The instance '{instance['InstanceId']}' is not in the 'stopped' state.", 400)
    instance.update(at_rest)
    if groups:
        instance["SecurityGroups"] = [{"GroupId": g, "GroupName": ec2._security_groups.get(g, {}).get("GroupName", g)} for g in groups]
    return ec2._xml(200, "ModifyInstanceAttributeResponse", "<return>true</return>")


ec2._ACTION_MAP["ModifyInstanceAttribute"] = _modify_instance_attribute


def _own_volumes(instance):
    return [m["Ebs"]["VolumeId"] for m in instance["BlockDeviceMappings"] if m["Ebs"].get("DeleteOnTermination")]


def _facts(instance):
    tags = {t["Key"]: t["Value"] for t in ec2._tags.get(instance["InstanceId"], [])}
    return {
        "region": responses.get_region(),
        "instance": instance["InstanceId"],
        "stack": tags.get("aws:cloudformation:stack-name", ""),
        "logicalId": tags.get("aws:cloudformation:logical-id", ""),
        "imageId": instance["ImageId"],
        "instanceType": instance["InstanceType"],
        "userData": base64.b64decode(instance["UserData"]).decode() if instance["UserData"] else "",
        "publicIp": instance["PublicIpAddress"],
        "publicDnsName": instance["PublicDnsName"],
        "privateIp": instance["PrivateIpAddress"],
    }


# --- AWS::EC2::Instance -----------------------------------------------------------------------------------------------


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
    """What needs no replacement. Type and user data are changed at rest; the new user data is not run."""
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
            api.modify_instance_attribute(InstanceId=identifier, UserData={"Value": base64.b64decode(new.get("UserData", ""))})
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


@hooks.wrap(signals, "signal_resource")
def _signal_resource(original, stack_id, logical_id, unique_id, status):
    """The signal of an instance carries its id; CloudFormation accepts another one, and it counts for nothing.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_SignalResource.html
    """
    expected = _signalled_by.get((stack_id, logical_id))
    if expected and unique_id != expected:
        return True
    return original(stack_id, logical_id, unique_id, status)


# --- Security group rules and flow logs -------------------------------------------------------------------------------


def _permission(props, peer):
    """A rule of a template as one IpPermission of the API; peer is Source or Destination."""
    described = {"Description": props["Description"]} if props.get("Description") else {}
    permission = {name: props[name] for name in ("IpProtocol", "FromPort", "ToPort") if name in props}
    for given, lists, key in (
        ("CidrIp", "IpRanges", "CidrIp"),
        ("CidrIpv6", "Ipv6Ranges", "CidrIpv6"),
        (f"{peer}SecurityGroupId", "UserIdGroupPairs", "GroupId"),
        (f"{peer}PrefixListId", "PrefixListIds", "PrefixListId"),
    ):
        if props.get(given):
            permission[lists] = [{key: props[given], **described}]
    return permission


def _rule(direction, peer):
    def change(verb, props):
        asked = {"GroupId": props["GroupId"], "IpPermissions": [_permission(props, peer)]}
        return clients.call("ec2", f"{verb}SecurityGroup{direction}", asked)

    def create(_logical_id, props, _stack_name):
        rule = change("Authorize", props)["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return rule, {"Id": rule}

    # In place only the description changes, which nobody reads here.
    return {"create": create, "update": lambda rule, _old, _new: {"Id": rule}, "delete": lambda _rule, props: change("Revoke", props)}


def create_flow_log(_logical_id, props, _stack_name):
    tags = [{"ResourceType": "vpc-flow-log", "Tags": props["Tags"]}] if props.get("Tags") else None
    asked = {**props, "ResourceIds": [props["ResourceId"]], "TagSpecifications": tags}
    log = clients.call("ec2", "CreateFlowLogs", asked)["FlowLogIds"][0]
    return log, {"Id": log}


def delete_flow_log(identifier, _props):
    clients.call("ec2", "DeleteFlowLogs", {"FlowLogIds": [identifier]})


cloudformation.teach(
    "AWS::EC2::Instance",
    {"create": create_instance, "update": update_instance, "delete": delete_instance},
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-instance.html
    replaced_by=(
        "AvailabilityZone", "BlockDeviceMappings", "CpuOptions", "EnclaveOptions", "HibernationOptions", "ImageId", "Ipv6AddressCount",
        "Ipv6Addresses", "KeyName", "LaunchTemplate", "LicenseSpecifications", "NetworkInterfaces", "PlacementGroupName",
        "PrivateIpAddress", "SecurityGroups", "SubnetId",
    ),
    tagged=True,
)  # fmt: skip
_RULE = ("CidrIp", "CidrIpv6", "FromPort", "GroupId", "IpProtocol", "ToPort")
cloudformation.teach("AWS::EC2::SecurityGroupIngress", _rule("Ingress", "Source"), replaced_by=(*_RULE, "SourceSecurityGroupId", "SourcePrefixListId"))
cloudformation.teach("AWS::EC2::SecurityGroupEgress", _rule("Egress", "Destination"), replaced_by=(*_RULE, "DestinationSecurityGroupId", "DestinationPrefixListId"))
cloudformation.teach(
    "AWS::EC2::FlowLog",
    {"create": create_flow_log, "delete": delete_flow_log},
    replaced_by=(
        "DeliverLogsPermissionArn", "LogDestination", "LogDestinationType", "LogFormat", "LogGroupName", "MaxAggregationInterval",
        "ResourceId", "ResourceType", "TrafficType",
    ),
    tagged=True,
)  # fmt: skip
