"""What an account has before anything is deployed to it: regions that are enabled, what zones offer, quotas, public access.
ministack enables every region, knows one shape for all instance types, and lacks the rest.
"""

import json
import re
from xml.etree import ElementTree

from taught import patches, settings, wire

ec2 = patches.ministack(
    "services.ec2", "_ACTION_MAP", "_p", "_xml", "_error", "_parse_member_list", "_parse_filters", "_AWS_REGIONS"
)
rds = patches.ministack(
    "services.rds",
    "_ACTION_MAP",
    "_p",
    "_xml",
    "_clusters",
    "_instances",
    "AURORA_MYSQL_ENGINE_VERSION_SET",
)
responses = patches.ministack("core.responses", "get_region", "get_account_id")

ZONES = "abc"

# --- Regions: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html --------------------------


@patches.wrap(ec2._ACTION_MAP, "DescribeRegions")
def _describe_regions(_original, params):
    """Without AllRegions only those that are enabled."""
    named, every = ec2._parse_member_list(params, "RegionName"), ec2._p(params, "AllRegions") == "true"
    disabled = settings.get("not_enabled")
    found = [(name, "not-opted-in" if name in disabled else opt_in) for name, opt_in in ec2._AWS_REGIONS]
    unknown = set(named) - {name for name, _ in found}
    if unknown:
        return ec2._error("InvalidParameterValue", f"Invalid region provided: {', '.join(sorted(unknown))}.", 400)
    items = "".join(
        f"<item><regionName>{name}</regionName><regionEndpoint>ec2.{name}.amazonaws.com</regionEndpoint>"
        f"<optInStatus>{opt_in}</optInStatus></item>"
        for name, opt_in in found
        if (not named or name in named) and (every or opt_in != "not-opted-in")
    )
    return ec2._xml(200, "DescribeRegionsResponse", f"<regionInfo>{items}</regionInfo>")


# --- Instance types: https://docs.aws.amazon.com/ec2/latest/instancetypes/ ----------------------------------------------

# vCPUs and memory, in MiB, by size; and families with their architectures.
_BURSTABLE = {
    "nano": (2, 512),
    "micro": (2, 1024),
    "small": (2, 2048),
    "medium": (2, 4096),
    "large": (2, 8192),
}
_T2 = {"nano": (1, 512), "micro": (1, 1024), "small": (1, 2048), "medium": (2, 4096), "large": (2, 8192)}
_GENERAL = {"large": (2, 8192), "xlarge": (4, 16384), "2xlarge": (8, 32768)}
_FAMILIES = {
    "t2": ("x86_64", _T2),
    "t3": ("x86_64", _BURSTABLE),
    "t3a": ("x86_64", _BURSTABLE),
    "t4g": ("arm64", _BURSTABLE),
    "m5": ("x86_64", _GENERAL),
    "m6i": ("x86_64", _GENERAL),
    "m7g": ("arm64", _GENERAL),
    "mac2": ("arm64_mac", {"metal": (8, 16384)}),
}
TYPES = {
    f"{family}.{size}": (architecture, *shape)
    for family, (architecture, sizes) in _FAMILIES.items()
    for size, shape in sizes.items()
}


@patches.wrap(ec2._ACTION_MAP, "DescribeInstanceTypes")
def _describe_instance_types(_original, params):
    asked = ec2._parse_member_list(params, "InstanceType") or list(TYPES)
    unknown = [name for name in asked if name not in TYPES]
    if unknown:
        message = f"The following supplied instance types do not exist: [{', '.join(unknown)}]"
        return ec2._error("InvalidInstanceType", message, 400)
    items = "".join(_instance_type(name, *TYPES[name]) for name in asked)
    return ec2._xml(200, "DescribeInstanceTypesResponse", f"<instanceTypeSet>{items}</instanceTypeSet>")


def _instance_type(name, architecture, vcpus, memory):
    return (
        f"<item><instanceType>{name}</instanceType><currentGeneration>true</currentGeneration>"
        f"<processorInfo><supportedArchitectures><item>{architecture}</item></supportedArchitectures></processorInfo>"
        f"<vCpuInfo><defaultVCpus>{vcpus}</defaultVCpus></vCpuInfo>"
        f"<memoryInfo><sizeInMiB>{memory}</sizeInMiB></memoryInfo></item>"
    )


def _describe_offerings(params):
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html"""
    region, kind = responses.get_region(), ec2._p(params, "LocationType") or "region"
    places = [region + letter for letter in ZONES] if kind == "availability-zone" else [region]
    filters, missing = ec2._parse_filters(params), settings.get("not_offered")
    items = "".join(
        f"<item><instanceType>{name}</instanceType><locationType>{kind}</locationType><location>{place}</location></item>"
        for place in places
        for name in TYPES
        if name not in missing.get(place, [])
        and place in filters.get("location", [place])
        and name in filters.get("instance-type", [name])
    )
    return ec2._xml(
        200, "DescribeInstanceTypeOfferingsResponse", f"<instanceTypeOfferingSet>{items}</instanceTypeOfferingSet>"
    )


ec2._ACTION_MAP["DescribeInstanceTypeOfferings"] = _describe_offerings


# --- RDS ---------------------------------------------------------------------------------------------------------------

# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.SupportAurora.html
_CLASSES = [
    f"db.{family}.{size}"
    for family in ("r5", "r6g", "r6i", "r7g", "r7i", "r8g")
    for size in ("large", "xlarge", "2xlarge", "4xlarge")
]


@patches.wrap(rds._ACTION_MAP, "DescribeOrderableDBInstanceOptions")
def _describe_orderable(original, params):
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html"""
    version = rds._p(params, "EngineVersion")
    if rds._p(params, "Engine") != "aurora-mysql" or version not in rds.AURORA_MYSQL_ENGINE_VERSION_SET:
        return original(params)
    region, asked, missing = responses.get_region(), rds._p(params, "DBInstanceClass"), settings.get("not_offered")
    options = ""
    for name in _CLASSES:
        zones = [region + letter for letter in ZONES if name not in missing.get(region + letter, [])]
        if zones and asked in ("", None, name):
            listed = "".join(f"<AvailabilityZone><Name>{zone}</Name></AvailabilityZone>" for zone in zones)
            options += (
                f"<OrderableDBInstanceOption><Engine>aurora-mysql</Engine><EngineVersion>{version}</EngineVersion>"
                f"<DBInstanceClass>{name}</DBInstanceClass><AvailabilityZones>{listed}</AvailabilityZones>"
                "<Vpc>true</Vpc><SupportsGlobalDatabases>true</SupportsGlobalDatabases></OrderableDBInstanceOption>"
            )
    inner = f"<OrderableDBInstanceOptions>{options}</OrderableDBInstanceOptions>"
    return rds._xml(
        200,
        "DescribeOrderableDBInstanceOptionsResponse",
        f"<DescribeOrderableDBInstanceOptionsResult>{inner}</DescribeOrderableDBInstanceOptionsResult>",
    )


def _describe_account(_params):
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeAccountAttributes.html"""
    used = {"DBClusters": len(rds._clusters), "DBInstances": len(rds._instances)}
    quotas = "".join(
        f"<AccountQuota><AccountQuotaName>{name}</AccountQuotaName><Used>{count}</Used>"
        f"<Max>{settings.get('quotas').get(name, 40)}</Max></AccountQuota>"
        for name, count in used.items()
    )
    return rds._xml(
        200,
        "DescribeAccountAttributesResponse",
        f"<DescribeAccountAttributesResult><AccountQuotas>{quotas}</AccountQuotas></DescribeAccountAttributesResult>",
    )


rds._ACTION_MAP["DescribeAccountAttributes"] = _describe_account


# --- Service Quotas: https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html ---------

# What a new account has: service, name, value.
_QUOTAS = {
    "L-F678F1CE": ("vpc", "VPCs per Region", 5),
    "L-1216C47A": ("ec2", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5),
}


def _service_quota(call):
    asked = json.loads(call.body or b"{}")
    code = asked.get("QuotaCode")
    service, name, value = _QUOTAS.get(code, ("", "", 0))
    own = settings.get("quotas")
    known = service == asked.get("ServiceCode") and (code in own or not call.action.startswith("GetServiceQuota"))
    if not known:
        return call.error("NoSuchResourceException", 400, "The request failed because the quota does not exist.")
    quota = {"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": float(own.get(code, value))}
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"Quota": quota}).encode()


# --- S3's public access block of the account ------------------------------------------------------------------------------

# https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_GetPublicAccessBlock.html
_BLOCK = f"{wire.S3_CONTROL}configuration/publicAccessBlock"
_NAMESPACE = "http://awss3control.amazonaws.com/doc/2018-08-20/"
_blocks = {}  # account -> what it has set


def _public_access_block(call):
    account = call.headers.get("x-amz-account-id", "")
    if not re.fullmatch(r"\d{12}", account):
        return call.error("InvalidRequest", 400, "Missing role or account ID header")
    if call.method == "PUT":
        _blocks[account] = {child.tag.rpartition("}")[2]: child.text for child in ElementTree.fromstring(call.body)}
    elif call.method == "DELETE":
        _blocks.pop(account, None)
    elif account not in _blocks:
        message = "The public access block configuration was not found"
        return call.error("NoSuchPublicAccessBlockConfiguration", 404, message)
    else:
        inner = "".join(f"<{name}>{value}</{name}>" for name, value in _blocks[account].items())
        block = f'<PublicAccessBlockConfiguration xmlns="{_NAMESPACE}">{inner}</PublicAccessBlockConfiguration>'
        return 200, {"Content-Type": "application/xml"}, block.encode()
    return (200 if call.method == "PUT" else 204), {}, b""


def answers(call):
    """Which function answers a call that ministack cannot."""
    if call.service == "servicequotas":
        return _service_quota
    if call.path == _BLOCK:
        return _public_access_block
    return None
