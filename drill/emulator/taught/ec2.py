"""EC2: an instance has addresses of its subnet, an image that exists, a region with capacity; the drill boots it."""

import base64
import contextvars
import ipaddress
import random
import re

from taught import drill, patches, settings
from taught.refusals import Refusal, first

ec2 = patches.ministack(
    "services.ec2",
    "_ACTION_MAP",
    "_p",
    "_parse_member_list",
    "_error",
    "_xml",
    "_instances",
    "_images",
    "_subnets",
    "_volumes",
    "_snapshots",
    "_tags",
    "_security_groups",
    "_STUB_AMIS",
    "_registered_image",
    "_docker_touched",
    "run_offloop",
    "_instance_xml",
    "_launch_instances_internal",
)
responses = patches.ministack("core.responses", "get_region", "get_account_id", "now_iso")
concurrency = patches.ministack("core.concurrency", "run_reentrant")

API = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"


@patches.wrap(ec2, "_registered_image")
def _no_container(_original, _image_id):
    """ministack boots a registered image in a container of Docker's; here the drill boots what it likes."""


@patches.wrap(ec2, "_docker_touched")
def _off_the_event_loop(_original):
    """RunInstances and TerminateInstances send their events to the drill, which may call back."""
    return True


@patches.wrap(ec2, "run_offloop")
async def _on_a_separate_thread(_original, handler, *args):
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
        Refusal(
            lambda r: not image_exists(r["ImageId"]),
            "InvalidAMIID.NotFound",
            "The image id '[{request[ImageId]}]' does not exist",
            API,
        ),
        Refusal(
            lambda r: r["SubnetId"] and r["SubnetId"] not in ec2._subnets,
            "InvalidSubnetID.NotFound",
            "The subnet ID '{request[SubnetId]}' does not exist",
            API,
        ),
        Refusal(
            lambda r: r["InstanceType"] in r.short_of,
            "InsufficientInstanceCapacity",
            "We currently do not have sufficient {request[InstanceType]} capacity in the Availability Zone you "
            "requested. Our system will be working on provisioning additional capacity.",
            API,
            500,
        ),
    ],
}


# --- Actions ----------------------------------------------------------------------------------------------------------


_launched = contextvars.ContextVar("launched")  # by the request that is being handled


@patches.wrap(ec2, "_launch_instances_internal")
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
    inside, outside = ("ec2", "compute-1") if region == "us-east-1" else (f"{region}.compute", f"{region}.compute")
    instance["PrivateIpAddress"], instance["PublicIpAddress"] = private, public
    instance["PrivateDnsName"] = f"ip-{private.replace('.', '-')}.{inside}.internal"
    instance["PublicDnsName"] = public and f"ec2-{public.replace('.', '-')}.{outside}.amazonaws.com"
    instance["Placement"]["AvailabilityZone"] = subnet.get("AvailabilityZone") or f"{region}a"


@patches.wrap(ec2._ACTION_MAP, "RunInstances")
def _run_instances(original, params):
    refused = first(REFUSALS["RunInstances"], Request(params))
    if refused:
        return ec2._error(*refused)
    _launched.set([])
    answer = original(params)
    if answer[0] == 200:
        try:
            for instance in _launched.get():
                drill.send("instance-launched", **_facts(instance))
        except Exception as error:
            for instance in _launched.get():
                instance["State"] = {"Code": 48, "Name": "terminated"}
                _drop_volumes(instance)
            return ec2._error("InternalError", str(error), 500)
    return answer


@patches.wrap(ec2._ACTION_MAP, "DescribeImages")
def _describe_images(original, params):
    """ministack keeps when an image was registered, and does not say it."""
    status, headers, body = original(params)

    def dated(found):
        image = ec2._images.get(found[1].decode(), {})
        return found[0] + f"<creationDate>{image['CreationDate']}</creationDate>".encode() if image else found[0]

    return status, headers, re.sub(rb"<imageId>([^<]*)</imageId>", dated, body)


@patches.wrap(ec2._ACTION_MAP, "DeregisterImage")
def _deregister_image(original, params):
    """ "Default: The snapshots are not deleted."
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeregisterImage.html
    """
    answer = original(params)
    if answer[0] == 200 and ec2._p(params, "DeleteAssociatedSnapshots") == "true":
        ec2._snapshots.pop(snapshot_of(ec2._p(params, "ImageId")), None)
    return answer


def snapshot_of(image_id):
    """The id of the snapshot behind an image that Image Builder has made."""
    return image_id.replace("ami-", "snap-")


def add_snapshot(image_id, region):
    """With what ministack's own have."""
    account = responses.get_account_id()
    snapshot = {
        "SnapshotId": snapshot_of(image_id),
        "VolumeId": "vol-ffffffff",  # https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
        "VolumeSize": 8,
        "Description": f"Created for {image_id}",
        "State": "completed",
        "StartTime": responses.now_iso(),
        "Progress": "100%",
        "OwnerId": account,
        "Encrypted": False,
        "StorageTier": "standard",
    }
    ec2._snapshots.set_scoped(account, region, snapshot["SnapshotId"], snapshot)


@patches.wrap(ec2._ACTION_MAP, "TerminateInstances")
def _terminate_instances(original, params):
    ending = [ec2._instances[i] for i in ec2._parse_member_list(params, "InstanceId") if i in ec2._instances]
    ending = [i for i in ending if i["State"]["Name"] != "terminated"]
    for instance in ending:
        # Before it is gone: an instance that is shut down still withdraws its page.
        drill.send("instance-terminated", **_facts(instance))
    answer = original(params)
    for instance in ending:
        _drop_volumes(instance)
    return answer


def _known(params):
    """The instances that are named; ministack refuses a call that names another one."""
    return [ec2._instances[i] for i in ec2._parse_member_list(params, "InstanceId") if i in ec2._instances]


@patches.wrap(ec2._ACTION_MAP, "RebootInstances")
def _reboot_instances(original, params):
    answer = original(params)
    if answer[0] == 200:
        for instance in _known(params):
            drill.send("instance-rebooted", **_facts(instance))
    return answer


@patches.wrap(ec2._ACTION_MAP, "StopInstances")
def _stop_instances(original, params):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-instance-addressing.html"""
    running = [instance for instance in _known(params) if instance["State"]["Name"] == "running"]
    answer = original(params)
    if answer[0] == 200:
        for instance in running:
            drill.send("instance-stopped", **_facts(instance))
            instance["PublicIpAddress"] = instance["PublicDnsName"] = ""
    return answer


@patches.wrap(ec2._ACTION_MAP, "StartInstances")
def _start_instances(original, params):
    """Disk and private address are the old ones, the public address is another."""
    stopped = [instance for instance in _known(params) if instance["State"]["Name"] == "stopped"]
    for instance in stopped:
        instance["PublicIpAddress"] = f"54.{'.'.join(str(random.randrange(1, 255)) for _ in range(3))}"
        _address(instance, ec2._subnets.get(instance["SubnetId"], {}), instance["PrivateIpAddress"])
    answer = original(params)
    for instance in stopped:
        drill.send("instance-started", **_facts(instance))
    return answer


def _modify_instance_attribute(params):
    """What ministack lacks: one attribute of a stopped instance, or its security groups."""
    instance = ec2._instances.get(ec2._p(params, "InstanceId"))
    if instance is None:
        return ec2._error(
            "InvalidInstanceID.NotFound", f"The instance ID '{ec2._p(params, 'InstanceId')}' does not exist", 400
        )
    groups = ec2._parse_member_list(params, "GroupId")
    at_rest = {"InstanceType": ec2._p(params, "InstanceType.Value"), "UserData": ec2._p(params, "UserData.Value")}
    at_rest = {name: value for name, value in at_rest.items() if value}
    if at_rest and instance["State"]["Name"] != "stopped":
        return ec2._error(
            "IncorrectInstanceState", f"The instance '{instance['InstanceId']}' is not in the 'stopped' state.", 400
        )
    instance.update(at_rest)
    if groups:
        instance["SecurityGroups"] = [
            {"GroupId": g, "GroupName": ec2._security_groups.get(g, {}).get("GroupName", g)} for g in groups
        ]
    return ec2._xml(200, "ModifyInstanceAttributeResponse", "<return>true</return>")


ec2._ACTION_MAP["ModifyInstanceAttribute"] = _modify_instance_attribute


def _own_volumes(instance):
    return [m["Ebs"]["VolumeId"] for m in instance["BlockDeviceMappings"] if m["Ebs"].get("DeleteOnTermination")]


def _drop_volumes(instance):
    for volume in _own_volumes(instance):
        ec2._volumes.pop(volume, None)


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
