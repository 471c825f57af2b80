"""EC2 Image Builder, which ministack lacks: as much of its API as its CloudFormation types need.

An image is built at once: its AMIs are registered in every region that its distribution configuration names. What is on
it is the drill's affair, which gets what the recipe's components download.
"""

import json
import re
import uuid
from datetime import UTC, datetime

from taught import clients, drill, ec2, patches, settings
from taught.refusals import Refusal, first

app = patches.ministack("app", "SERVICE_HANDLERS")
router = patches.ministack("core.router", "SERVICE_PATTERNS")
responses = patches.ministack("core.responses", "AccountRegionScopedDict", "get_region", "get_account_id")
concurrency = patches.ministack("core.concurrency", "run_reentrant")

resources = responses.AccountRegionScopedDict()  # ARN -> what was created under it

API = "https://docs.aws.amazon.com/imagebuilder/latest/APIReference/"
VERSIONS = "https://docs.aws.amazon.com/imagebuilder/latest/userguide/ibhow-semantic-versioning.html"
EXISTS = "https://github.com/ministryofjustice/modernisation-platform-ami-builds/pull/549"
MAX_DATA = 16000
# "each node ... up to 2^30-1"
MAX_NODE = 2**30


# --- Refusals ---------------------------------------------------------------------------------------------------------


class Request:
    def __init__(self, asked):
        self.asked = asked
        self.version = asked.get("semanticVersion", "")
        self.nodes = (
            [int(node) for node in self.version.split(".")] if re.fullmatch(r"\d+\.\d+\.\d+", self.version) else []
        )
        self.arn = ""  # of the resource that it would create

    def __getitem__(self, name):
        return self.asked.get(name)

    @property
    def missing(self):
        """The first ARN that it names and that does not exist; components of Amazon's own all do."""
        named = [
            self[name] for name in ("imageRecipeArn", "infrastructureConfigurationArn", "distributionConfigurationArn")
        ]
        named += [component["componentArn"] for component in self["components"] or []]
        return next((arn for arn in named if arn and arn.split(":")[4] != "aws" and arn not in resources), None)

    @property
    def unnamed(self):
        """The regions whose AMIs would get no name."""
        distributions = self["distributions"] or []
        return [d.get("region") for d in distributions if not d.get("amiDistributionConfiguration", {}).get("name")]


def _versioned(operation):
    return [
        Refusal(
            lambda r: not r.nodes,
            "InvalidParameterValueException",
            "The value supplied for parameter 'semanticVersion' is not valid. "
            "semanticVersion must match pattern ^[0-9]+\\.[0-9]+\\.[0-9]+$",
            "https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/2439",
        ),
        Refusal(
            lambda r: max(r.nodes) >= MAX_NODE,
            "InvalidVersionNumberException",
            "The version {request.version} is not valid: each part must be less than 2^30.",
            VERSIONS,
        ),
        Refusal(
            lambda r: r.arn in resources,
            "ResourceAlreadyExistsException",
            "The following resource '" + operation + "' already exists: '{request.arn}'.",
            EXISTS,
        ),
    ]


REFERENCE = Refusal(
    lambda r: r.missing,
    "InvalidParameterValueException",
    "The value supplied for a parameter is not valid. The resource '{request.missing}' does not exist.",
    API + "CommonErrors.html",
)

REFUSALS = {
    "CreateComponent": _versioned("Component")
    + [
        Refusal(
            lambda r: len(r["data"] or "") > MAX_DATA,
            "InvalidParameterValueException",
            "The value supplied for parameter 'data' is not valid. data must have length less than or equal to 16000",
            API + "API_CreateComponent.html",
        ),
    ],
    "CreateImageRecipe": _versioned("ImageRecipe") + [REFERENCE],
    "CreateDistributionConfiguration": [
        Refusal(
            lambda r: r.arn in resources,
            "ResourceAlreadyExistsException",
            "The following resource 'DistributionConfiguration' already exists: '{request.arn}'.",
            EXISTS,
        ),
        Refusal(
            lambda r: r.unnamed,
            "InvalidParameterValueException",
            "The value supplied for parameter 'distributions' is not valid. "
            "amiDistributionConfiguration.name is required.",
            "https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_AmiDistributionConfiguration.html",
        ),
    ],
    "CreateInfrastructureConfiguration": [
        Refusal(
            lambda r: r.arn in resources,
            "ResourceAlreadyExistsException",
            "The following resource 'InfrastructureConfiguration' already exists: '{request.arn}'.",
            EXISTS,
        ),
    ],
    "CreateImage": [REFERENCE],
}


# --- API --------------------------------------------------------------------------------------------------------------


def _arn(kind, name, version=""):
    """https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2imagebuilder.html"""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())
    return f"arn:aws:imagebuilder:{responses.get_region()}:{responses.get_account_id()}:{kind}/{slug}" + (
        f"/{version}" if version else ""
    )


# Operation -> kind in the ARN, answer's member for the ARN. The recipe has no build version, the component's is 1.
_CREATED = {
    "CreateComponent": ("component", "componentBuildVersionArn"),
    "CreateImageRecipe": ("image-recipe", "imageRecipeArn"),
    "CreateInfrastructureConfiguration": ("infrastructure-configuration", "infrastructureConfigurationArn"),
    "CreateDistributionConfiguration": ("distribution-configuration", "distributionConfigurationArn"),
}


def _create(operation, asked):
    kind, answer = _CREATED[operation]
    request = Request(asked)
    request.arn = _arn(kind, asked["name"], request.version + ("/1" if kind == "component" else ""))
    refused = first(REFUSALS[operation], request)
    if refused:
        return _error(*refused)
    resources[request.arn] = {"arn": request.arn, **asked}
    return _ok({answer: request.arn})


def _create_image(_operation, asked):
    refused = first(REFUSALS["CreateImage"], Request(asked))
    if refused:
        return _error(*refused)
    recipe = resources[asked["imageRecipeArn"]]
    version = _arn("image", recipe["name"], recipe["semanticVersion"])
    build = 1 + sum(1 for arn in resources if arn.startswith(version + "/"))
    arn = f"{version}/{build}"
    amis = [_register(arn, region, name) for region, name in _distributed(asked, recipe)]
    state = {"status": "AVAILABLE"}
    try:
        _build(recipe, amis)
    except Exception as error:
        _deregister(amis)
        amis, state = [], {"status": "FAILED", "reason": _failure(arn, error)}
    resources[arn] = {
        "arn": arn,
        "name": recipe["name"],
        "version": recipe["semanticVersion"] + f"/{build}",
        "state": state,
        "outputResources": {"amis": amis},
    }
    return _ok({"imageBuildVersionArn": arn})


def _build(recipe, amis):
    left = settings.get("failing_builds")
    if left:
        settings.change({"failing_builds": left - 1})
        raise RuntimeError(f"Document {recipe['components'][0]['componentArn']} failed!")
    for bundle in _downloads(recipe):
        drill.send("image-baked", images=[ami["image"] for ami in amis], bundle=bundle)


def _failure(arn, error):
    """https://github.com/aws/aws-parallelcluster/issues/4032"""
    return (
        f"SSM execution '{uuid.uuid4()}' failed for image arn: '{arn}' with status = 'Failed' in state = 'BUILDING' "
        f"and failure message = '{error}'"
    )


def _downloads(recipe):
    """What the recipe's own components download from S3."""
    documents = [resources.get(component["componentArn"], {}).get("data", "") for component in recipe["components"]]
    return [
        source for document in documents for source in re.findall(r"^\s*- source: (s3://\S+)$", document, re.MULTILINE)
    ]


def _distributed(asked, recipe):
    """Region and AMI name of every copy; without a distribution configuration there is one, here."""
    now = datetime.now(UTC)
    date = now.strftime("%Y-%m-%dT%H-%M-%S.") + f"{now.microsecond // 1000:03d}Z"
    distribution = resources.get(asked.get("distributionConfigurationArn"))
    if not distribution:
        return [(responses.get_region(), f"{recipe['name']} {date}")]
    named = [(d["region"], d["amiDistributionConfiguration"]["name"]) for d in distribution["distributions"]]
    return [(region, re.sub(r"\{\{\s*imagebuilder:buildDate\s*\}\}", date, name)) for region, name in named]


def _register(arn, region, name):
    """Image Builder's own two tags: https://docs.aws.amazon.com/imagebuilder/latest/userguide/tag-resources.html"""
    tags = [{"Key": "CreatedBy", "Value": "EC2 Image Builder"}, {"Key": "Ec2ImageBuilderArn", "Value": arn}]
    asked = {"Name": name, "Architecture": "x86_64", "VirtualizationType": "hvm", "RootDeviceName": "/dev/xvda"}
    asked["TagSpecifications"] = [{"ResourceType": "image", "Tags": tags}]
    image = clients.call("ec2", "RegisterImage", asked, region)["ImageId"]
    ec2.add_snapshot(image, region)
    return {"region": region, "image": image, "name": name, "accountId": responses.get_account_id()}


def _deregister(amis):
    for ami in amis:
        asked = {"ImageId": ami["image"], "DeleteAssociatedSnapshots": True}
        clients.call("ec2", "DeregisterImage", asked, ami["region"])


def _get(asked):
    arn = next(value for name, value in asked.items() if name.endswith("Arn"))
    if arn not in resources:
        return None, _error("ResourceNotFoundException", f"The resource with ARN '{arn}' does not exist.", 404)
    return resources[arn], None


def _get_image(_operation, asked):
    image, missing = _get(asked)
    return missing or _ok({"image": image})


def _update(_operation, asked):
    found, missing = _get(asked)
    if missing:
        return missing
    found.update(asked)
    return _ok({})


def _delete(_operation, asked):
    """The API leaves the AMIs alone."""
    found, missing = _get(asked)
    if missing:
        return missing
    del resources[found["arn"]]
    return _ok({})


def _start_state_update(_operation, asked):
    """The removal of an image together with its AMIs in every region.
    https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_StartResourceStateUpdate.html
    """
    image, missing = _get({"resourceArn": asked["resourceArn"]})
    if missing:
        return missing
    if asked.get("includeResources", {}).get("amis"):
        _deregister(image["outputResources"]["amis"])
    del resources[image["arn"]]
    return _ok({"lifecycleExecutionId": f"lce-{uuid.uuid4()}", "resourceArn": image["arn"]})


_OPERATIONS = {
    **dict.fromkeys(_CREATED, _create),
    "CreateImage": _create_image,
    "GetImage": _get_image,
    "UpdateInfrastructureConfiguration": _update,
    "UpdateDistributionConfiguration": _update,
    **dict.fromkeys(
        (
            "DeleteComponent",
            "DeleteImageRecipe",
            "DeleteInfrastructureConfiguration",
            "DeleteDistributionConfiguration",
            "DeleteImage",
        ),
        _delete,
    ),
    "StartResourceStateUpdate": _start_state_update,
}


async def handle_request(_method, path, _headers, body, query):
    """Image Builder's operations are its paths; arguments come in the body or, when reading, in the query."""
    operation = path.strip("/")
    if operation not in _OPERATIONS:
        return _error("InvalidRequestException", f"{operation} is not taught", 400)
    asked = {**{name: values[0] for name, values in query.items()}, **json.loads(body or b"{}")}
    return await concurrency.run_reentrant(_OPERATIONS[operation], operation, asked)


def _ok(answer):
    return 200, {"Content-Type": "application/json"}, json.dumps({"requestId": str(uuid.uuid4()), **answer}).encode()


def _error(code, message, status):
    return (
        status,
        {"Content-Type": "application/json", "x-amzn-ErrorType": code},
        json.dumps({"message": message}).encode(),
    )


app.SERVICE_HANDLERS["imagebuilder"] = handle_request
router.SERVICE_PATTERNS["imagebuilder"] = {}
