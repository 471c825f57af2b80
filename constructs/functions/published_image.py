"""Custom::PublishedImage publishes the golden image for the pilot light: the copy, in its region, of an image that has
served in this one. Any other image is refused, so nothing is released while this region is not active. A rollback
writes the old image's id back; deletion removes the parameter, unless there is a pilot light that would need it.

An unchanged image is looked at only for a new value of Reconcile: a failover asks nothing of the other region.
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
    stack_of,
    time,
    while_meant,
)

ACTS = {"Create": "CREATE UPDATE", "Update": "CREATE UPDATE UPDATE_ROLLBACK", "Delete": "DELETE ROLLBACK"}


def act(event, meant):
    name, region = env["PARAMETER"], env["PILOT_LIGHT_REGION"]
    ssm = client("ssm", region)
    if event["RequestType"] == "Delete":
        if meant[0] == "DELETE_IN_PROGRESS":
            refuse_while_needed(region)
        return remove(ssm, name, event, meant)
    asked, old = event["ResourceProperties"], event.get("OldResourceProperties", {})
    same, rollback = asked["Image"] == old.get("Image"), "ROLLBACK" in meant[0]
    if same and (rollback or asked.get("Reconcile", "") in ("", old.get("Reconcile"))):
        return "nothing: the image is the same"
    image = copy_of(asked["Image"], region)
    if current(ssm, name) == image:
        return f"nothing: {name} is {image} already"
    if not (same or rollback):
        refuse_unproven()
    # Verified as an image that exists and may be booted.
    put = while_meant(event, meant, ssm.put_parameter)
    ask(put, Name=name, Value=image, Type="String", DataType="aws:ec2:image", Overwrite=True)
    await_value(ssm, name, image)
    return f"{name} in {region} is {image}"


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


def copy_of(arn, region):
    """The id of an image's copy in a region. Image Builder tags what it distributes with the ARN of its image:
    https://docs.aws.amazon.com/imagebuilder/latest/userguide/integ-iam.html
    """
    tagged = [{"Name": "tag:Ec2ImageBuilderArn", "Values": [arn]}]
    images = ask(client("ec2", region).describe_images, Owners=["self"], Filters=tagged)["Images"]
    if len(images) != 1:
        raise Refused(f"{len(images)} images in {region} have the tag Ec2ImageBuilderArn={arn}, where one is expected")
    return images[0]["ImageId"]


def current(ssm, name):
    try:
        return ask(ssm.get_parameter, Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        return None


def await_value(ssm, name, image):
    """The call is answered before the image has been looked at; a refused value just never appears.
    https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-ec2-aliases.html
    """
    try:
        while current(ssm, name) != image:
            time.sleep(1)
    except OutOfTime as words:
        raise Refused(
            f"{name}: Parameter Store has not accepted {image}: its event in EventBridge says why{words}"
        ) from None


def refuse_while_needed(region):
    """This resource is the first to go, before the region's role could refuse."""
    stack = env["PILOT_LIGHT_STACK"]
    try:
        stack_of(stack, region)
    except ClientError as error:
        # No such stack.
        if code_of(error) == "ValidationError":
            return
        raise
    raise Refused(f"{destroy_first(stack)}: it may need the image")


def remove(ssm, name, event, meant):
    try:
        ask(while_meant(event, meant, ssm.delete_parameter), Name=name)
    except ssm.exceptions.ParameterNotFound:
        return f"nothing: {name} is gone"
    return f"removed {name}"
