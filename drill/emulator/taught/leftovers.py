"""What is still in the stores of the emulator: after a clean-up, nothing. What AWS puts into every account, and what the
CDK's bootstrap made, is no leftover; nor is a key that waits for its deletion or an instance that is terminated.

A resource type without a store could be left over unseen: no answer is given when a stack has created one.
"""

from taught import cloudformation, image_builder, patches

stacks = patches.ministack("services.cloudformation", "_stacks")
cloudwatch = patches.ministack("services.cloudwatch", "_alarms", "_composite_alarms", "_dashboards")
ec2 = patches.ministack(
    "services.ec2",
    "_instances",
    "_images",
    "_vpcs",
    "_subnets",
    "_security_groups",
    "_internet_gateways",
    "_route_tables",
    "_vpc_endpoints",
    "_volumes",
    "_snapshots",
    "_network_interfaces",
    "_flow_logs",
    "_DEFAULT_VPC_ID",
    "_DEFAULT_IGW_ID",
)
ecr = patches.ministack("services.ecr", "_repositories")
iam = patches.ministack("services.iam", "_roles", "_instance_profiles", "_policies")
kms = patches.ministack("services.kms", "_keys")
functions = patches.ministack("services.lambda_svc", "_functions")
logs = patches.ministack("services.cloudwatch_logs", "_log_groups")
rds = patches.ministack(
    "services.rds",
    "_clusters",
    "_global_clusters",
    "_instances",
    "_subnet_groups",
    "_db_cluster_param_groups",
    "_snapshots",
    "_db_cluster_snapshots",
)
s3 = patches.ministack("services.s3", "_buckets", "_bucket_policies")
secrets = patches.ministack("services.secretsmanager", "_secrets")
sns = patches.ministack("services.sns", "_topics", "_sub_arn_to_topic")
ssm = patches.ministack("services.ssm", "_parameters")


def _any(_key, _value):
    return True


def _not_automatic(key, _value):
    """AWS makes and deletes these by itself, as it does backups."""
    return not key.startswith("rds:")


def _not_default(_key, value):
    return value.get("VpcId") != ec2._DEFAULT_VPC_ID and not value.get("IsDefault")


def _not_bootstraps(key, _value):
    return not key.startswith("cdk-hnb659fds-")


def _stands(key, stack):
    return stack["StackStatus"] != "DELETE_COMPLETE" and key != "CDKToolkit"


def _not_terminated(_key, instance):
    return instance["State"]["Name"] != "terminated"


def _usable(_key, key):
    return key["KeyState"] != "PendingDeletion" and key.get("KeyManager") != "AWS"


_IMAGE_BUILDER = [
    f"AWS::ImageBuilder::{kind}"
    for kind in ("Component", "DistributionConfiguration", "Image", "ImageRecipe", "InfrastructureConfiguration")
]
# Kind, store, whether a resource counts, and CloudFormation's types that are kept there.
_STORES = [
    ("stacks", stacks._stacks, _stands),
    ("globalClusters", rds._global_clusters, _any, "AWS::RDS::GlobalCluster"),
    ("dbClusters", rds._clusters, _any, "AWS::RDS::DBCluster"),
    ("dbInstances", rds._instances, _any, "AWS::RDS::DBInstance"),
    ("dbSubnetGroups", rds._subnet_groups, lambda key, _: key != "default", "AWS::RDS::DBSubnetGroup"),
    (
        "dbClusterParameterGroups",
        rds._db_cluster_param_groups,
        lambda key, _: not key.startswith("default."),
        "AWS::RDS::DBClusterParameterGroup",
    ),
    ("dbSnapshots", rds._snapshots, _any),
    ("dbClusterSnapshots", rds._db_cluster_snapshots, _not_automatic),
    ("instances", ec2._instances, _not_terminated, "AWS::EC2::Instance"),
    ("images", ec2._images, _any),
    ("snapshots", ec2._snapshots, _any),
    ("volumes", ec2._volumes, _any),
    ("networkInterfaces", ec2._network_interfaces, _any),
    ("vpcs", ec2._vpcs, _not_default, "AWS::EC2::VPC"),
    ("subnets", ec2._subnets, _not_default, "AWS::EC2::Subnet"),
    ("securityGroups", ec2._security_groups, _not_default, "AWS::EC2::SecurityGroup"),
    ("routeTables", ec2._route_tables, _not_default, "AWS::EC2::RouteTable"),
    (
        "internetGateways",
        ec2._internet_gateways,
        lambda key, _: key != ec2._DEFAULT_IGW_ID,
        "AWS::EC2::InternetGateway",
    ),
    ("vpcEndpoints", ec2._vpc_endpoints, _any, "AWS::EC2::VPCEndpoint"),
    ("flowLogs", ec2._flow_logs, _any, "AWS::EC2::FlowLog"),
    ("imageBuilder", image_builder.resources, _any, *_IMAGE_BUILDER),
    ("parameters", ssm._parameters, lambda key, _: not key.startswith("/cdk-bootstrap/"), "AWS::SSM::Parameter"),
    ("secrets", secrets._secrets, _any, "AWS::SecretsManager::Secret"),
    ("buckets", s3._buckets, _not_bootstraps, "AWS::S3::Bucket"),
    ("bucketPolicies", s3._bucket_policies, _not_bootstraps, "AWS::S3::BucketPolicy"),
    ("repositories", ecr._repositories, _not_bootstraps, "AWS::ECR::Repository"),
    ("keys", kms._keys, _usable, "AWS::KMS::Key"),
    ("logGroups", logs._log_groups, _any, "AWS::Logs::LogGroup"),
    ("functions", functions._functions, _any, "AWS::Lambda::Function"),
    ("roles", iam._roles, _not_bootstraps, "AWS::IAM::Role"),
    ("instanceProfiles", iam._instance_profiles, _any, "AWS::IAM::InstanceProfile"),
    ("policies", iam._policies, lambda key, _: not key.startswith("arn:aws:iam::aws:"), "AWS::IAM::ManagedPolicy"),
    ("topics", sns._topics, _any, "AWS::SNS::Topic"),
    ("subscriptions", sns._sub_arn_to_topic, _any, "AWS::SNS::Subscription"),
    ("alarms", cloudwatch._alarms, _any, "AWS::CloudWatch::Alarm"),
    ("compositeAlarms", cloudwatch._composite_alarms, _any, "AWS::CloudWatch::CompositeAlarm"),
    ("dashboards", cloudwatch._dashboards, _any, "AWS::CloudWatch::Dashboard"),
]

# What is a part of a resource that has a store, and is deleted with it.
_PARTS = {
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::IAM::Policy",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::SNS::TopicPolicy",
    "AWS::SecretsManager::SecretTargetAttachment",
}
# What our own functions do, to resources that have a store.
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")


def without_store(types):
    """Those of CloudFormation's types that could be left over unseen."""
    known = _PARTS.union(*(row[3:] for row in _STORES))
    return sorted(t for t in types if t not in known and not t.startswith(_CUSTOM))


def by_region():
    """{"us-east-1": {"stacks": [names]}}; what belongs to no region is "global"."""
    unseen = without_store(cloudformation.provisioned)
    if unseen:
        raise ValueError(
            f"{', '.join(unseen)}: no store to look for leftovers in: add ministack's to _STORES in "
            "drill/emulator/taught/leftovers.py, or the type to _PARTS if it is deleted with another resource"
        )
    found = {}
    for kind, store, counts, *_types in _STORES:
        for scoped, value in list(store._data.items()):
            key, region = scoped[-1], scoped[1] if len(scoped) == 3 else "global"
            if counts(key, value):
                found.setdefault(region, {}).setdefault(kind, []).append(key)
    return found
