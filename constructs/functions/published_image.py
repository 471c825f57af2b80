"""Custom::PublishedImage publishes the golden image for the pilot light: the copy, in its region, of an image that has
served in this one. Any other image is refused, so nothing is released while this region is not active. With a new image, the
one that served until then becomes the previous one, in both regions, and what is older is deleted. The previous one has
served, too: the pilot light gets it back when this region serves from it again. A rollback writes the old image's id
back.

An unchanged image is looked at only for a new value of Reconcile: a failover asks nothing of the other region.

Custom::Images owns the copies: CloudFormation deletes an image of Image Builder's, and leaves its copies alone. It is
there before the first one is baked. So it deletes what a failed release has baked, and all of them with the stack.
"""

from runtime import (
    ClientError,
    OutOfTime,
    Refused,
    ask,
    client,
    code_of,
    destroy_first,
    env,
    facts,
    functools,
    stack_of,
    time,
    while_meant,
)

ACTS = {"Create": "CREATE UPDATE", "Update": "CREATE UPDATE UPDATE_ROLLBACK", "Delete": "DELETE ROLLBACK"}
# Image Builder tags what it distributes, and its snapshots, with the ARN of its image:
# https://docs.aws.amazon.com/imagebuilder/latest/userguide/integ-iam.html
TAG = "tag:Ec2ImageBuilderArn"


def act(event, meant):
    asked, old = event["ResourceProperties"], event.get("OldResourceProperties", {})
    does = functools.partial(while_meant, event, meant)
    back, deletes = "ROLLBACK" in meant[0], event["RequestType"] == "Delete"
    if event["ResourceType"] == "Custom::Images":
        if deletes:
            return delete_all(does)
        return "nothing" + (tidy(does, old["Version"]) if back else "")
    if deletes:
        if not back:
            refuse_while_needed()
        return "nothing"
    here, there, name = places()
    facts["Baked"] = served(here, asked)["CreationDate"]
    new = asked["Image"] != old.get("Image")
    same = not new and asked.get("Serves") == old.get("Serves")
    if same and (back or asked.get("Reconcile", "") in ("", old.get("Reconcile"))):
        return "nothing: the image is the same"
    try:
        said = publish(does, asked, same or back)
    except (Exception, OutOfTime) as error:
        if new or same:
            raise
        # The way back to a good image does not fail because the other region does.
        return f"{name} in {there} stays as it is: {error}"
    if new and not back:
        if "previous" not in (asked.get("Serves"), old.get("Serves")):
            for region in here, there:
                for image in find(region, TAG, old.get("Image", "none"))[-1:]:
                    write(does, region, name + "/previous", image["ImageId"])
        said += tidy(does, "*", asked["Image"])
    return said


def publish(does, asked, proven):
    _, there, name = places()
    image = served(there, asked)["ImageId"]
    if read(there, name) != image:
        if not proven and asked.get("Serves") != "previous":
            refuse_unproven()
        write(does, there, name, image)
    if read(there, name + "/baked") != facts["Baked"]:
        write(does, there, name + "/baked", facts["Baked"], "text")
    return f"{name} in {there} is {image}"


def places():
    return env["AWS_REGION"], env["PILOT_LIGHT_REGION"], env["PARAMETER"]


def refuse_unproven():
    """Only the active region's instance has booted from a new image. The active region has the writer: a property that
    said so would change with an activation, which must change nothing here.
    """
    found = ask(client("rds").describe_global_clusters, GlobalClusterIdentifier=env["GLOBAL_CLUSTER"])["GlobalClusters"]
    here = env["AWS_REGION"]
    if not any(m["IsWriter"] and f":{here}:" in m["DBClusterArn"] for m in found[0]["GlobalClusterMembers"]):
        raise Refused(
            f"{here} is not active, so nothing has served from this image: deploy the release that is deployed, "
            f"or activate {here} first (`cdk deploy --all -c failover=false`)"
        )


def served(region, asked):
    """The copy that a region is to boot. A version that is baked again may have the ARN of before."""
    name, value = TAG, asked["Image"]
    if asked.get("Serves") == "previous":
        name, value = "image-id", str(read(region, env["PARAMETER"] + "/previous"))
    found = find(region, name, value)
    if not found:
        raise Refused(f"no image in {region} has the {name} {value}")
    return found[-1]


def find(region, name, value):
    """Our images, the newest last."""
    only = [{"Name": name, "Values": [value]}]
    found = ask(client("ec2", region).describe_images, silence=60, Owners=["self"], Filters=only)["Images"]
    return sorted(found, key=lambda image: image["CreationDate"])


def read(region, name):
    ssm = client("ssm", region)
    try:
        return ask(ssm.get_parameter, silence=60, Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return None


def write(does, region, name, value, kind="aws:ec2:image"):
    """An image is verified to be one that exists and may be booted, after the call has been answered; a refused value
    just never appears.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
    """
    put = does(client("ssm", region).put_parameter)
    ask(put, Name=name, Value=value, Type="String", DataType=kind, Overwrite=True)
    try:
        while read(region, name) != value:
            time.sleep(1)
    except OutOfTime as words:
        raise Refused(
            f"{name}: Parameter Store has not accepted {value}: its event in EventBridge says why{words}"
        ) from None


def tidy(does, version, kept=""):
    """A release or its rollback does not fail because of an old image: the next release deletes it."""
    try:
        delete(does, version, kept)
    except (Exception, OutOfTime) as error:
        return f"; an old image stays: {error}"
    return ""


def delete(does, version, kept=""):
    """The copies of a version, with their snapshots, but for those of one image and for the previous one."""
    here, there, name = places()
    for region in here, there:
        previous = read(region, name + "/previous")
        for image in find(region, TAG, f"*:{here}:*:image/{env['IMAGE']}/{version}/*"):
            if image["ImageId"] == previous or {"Key": TAG[4:], "Value": kept} in image["Tags"]:
                continue
            call = does(client("ec2", region).deregister_image)
            try:
                # The answer says what became of the snapshots.
                print(ask(call, ImageId=image["ImageId"], DeleteAssociatedSnapshots=True))
            except ClientError as error:
                # It is gone already.
                if "InvalidAMIID" not in code_of(error):
                    raise


def delete_all(does):
    here, there, name = places()
    for region, more in (here, []), (there, [name, name + "/baked"]):
        ask(does(client("ssm", region).delete_parameters), Names=[name + "/previous", *more])
    delete(does, "*")
    return "deleted all images"


def refuse_while_needed():
    """PublishedImage is the first to go, before the region's role could refuse."""
    stack = env["PILOT_LIGHT_STACK"]
    try:
        stack_of(stack, env["PILOT_LIGHT_REGION"])
    except ClientError as error:
        # No such stack.
        if code_of(error) == "ValidationError":
            return
        raise
    raise Refused(f"{destroy_first(stack)}: it may need the image")
