"""CloudFormation: AWS::ImageBuilder::Component, ImageRecipe, InfrastructureConfiguration, DistributionConfiguration and
Image, by way of Image Builder's API."""

import uuid

from taught import clients, cloudformation, patches

responses = patches.ministack("core.responses", "get_region")


def _api_names(value):
    """A template's property names as the API's: the same words, but for the first letter."""
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _api_names(item) for name, item in value.items()}
    return [_api_names(item) for item in value] if isinstance(value, list) else value


def _asked(props):
    """Tags are a map of the user's own keys."""
    names = {"Version": "semanticVersion"}
    asked = {names.get(n, n[:1].lower() + n[1:]): v if n == "Tags" else _api_names(v) for n, v in props.items()}
    return {**asked, "clientToken": str(uuid.uuid4())}


def _handlers(kind, arn_name, updated=False):
    def create(_logical_id, props, _stack_name):
        answer = clients.call("imagebuilder", f"Create{kind}", _asked(props))
        arn = answer[arn_name]
        return arn, {"Arn": arn, "Name": props["Name"]}

    def update(arn, _old, new):
        clients.call("imagebuilder", f"Update{kind}", {**_asked(new), arn_name: arn})
        return {"Arn": arn, "Name": new["Name"]}

    def delete(arn, _props):
        clients.call("imagebuilder", f"Delete{kind}", {arn_name: arn})

    return {"create": create, "delete": delete, **({"update": update} if updated else {})}


def create_image(logical_id, props, stack_name):
    arn = clients.call("imagebuilder", "CreateImage", _asked(props))["imageBuildVersionArn"]
    image = clients.call("imagebuilder", "GetImage", {"imageBuildVersionArn": arn})["image"]
    if image["state"]["status"] == "FAILED":
        cloudformation.remember_begun(stack_name, logical_id, "AWS::ImageBuilder::Image", arn, props)
        # https://github.com/aws/aws-parallelcluster/issues/4032
        raise RuntimeError(
            f"Resource handler returned message: \"Error occurred during operation '{image['state']['reason']}'.\" "
            f"(RequestToken: {uuid.uuid4()}, HandlerErrorCode: GeneralServiceException)"
        )
    amis = image["outputResources"]["amis"]
    here = [ami["image"] for ami in amis if ami["region"] == responses.get_region()]
    return arn, {"Arn": arn, "Name": arn.split("/")[1], "ImageId": here[0] if here else ""}


def delete_image(arn, props):
    """DeletionSettings removes the AMIs too; without them they stay.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-imagebuilder-image.html
    """
    role = props.get("DeletionSettings", {}).get("ExecutionRole")
    if role:
        asked = {
            "resourceArn": arn,
            "state": {"status": "DELETED"},
            "executionRole": role,
            "clientToken": str(uuid.uuid4()),
        }
        clients.call(
            "imagebuilder", "StartResourceStateUpdate", {**asked, "includeResources": {"amis": True, "snapshots": True}}
        )
    else:
        clients.call("imagebuilder", "DeleteImage", {"imageBuildVersionArn": arn})


_TEMPLATES = "AWS::ImageBuilder::"
cloudformation.teach(
    _TEMPLATES + "Component",
    _handlers("Component", "componentBuildVersionArn"),
    replaced_by=(
        "ChangeDescription",
        "Data",
        "Description",
        "KmsKeyId",
        "Name",
        "Platform",
        "SupportedOsVersions",
        "Uri",
        "Version",
    ),
)
cloudformation.teach(
    _TEMPLATES + "ImageRecipe",
    _handlers("ImageRecipe", "imageRecipeArn"),
    replaced_by=(
        "BlockDeviceMappings",
        "Components",
        "Description",
        "Name",
        "ParentImage",
        "Version",
        "WorkingDirectory",
    ),
)
cloudformation.teach(
    _TEMPLATES + "InfrastructureConfiguration",
    _handlers("InfrastructureConfiguration", "infrastructureConfigurationArn", updated=True),
    ("Name",),
)
cloudformation.teach(
    _TEMPLATES + "DistributionConfiguration",
    _handlers("DistributionConfiguration", "distributionConfigurationArn", updated=True),
    ("Name",),
)
cloudformation.teach(
    _TEMPLATES + "Image",
    {"create": create_image, "update": lambda arn, old, new: {}, "delete": delete_image},
    replaced_by=(
        "ContainerRecipeArn",
        "DistributionConfigurationArn",
        "EnhancedImageMetadataEnabled",
        "ImageRecipeArn",
        "ImageScanningConfiguration",
        "ImageTestsConfiguration",
        "InfrastructureConfigurationArn",
        "LoggingConfiguration",
        "Workflows",
    ),
)
