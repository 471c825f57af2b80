"""Makes a small system by the emulator's APIs: python system.py VERB ARGUMENTS, region in AWS_DEFAULT_REGION."""

import base64
import json
import os
import sys

import boto3

REGION = os.environ["AWS_DEFAULT_REGION"]
KEY = f"arn:aws:kms:{REGION}:000000000000:key/0000"
VERSION = "8.0.mysql_aurora.3.10.4"


def client(service):
    return boto3.client(service, region_name=REGION, config=boto3.session.Config(s3={"addressing_style": "path"}))


def release(bundle, version):
    """Uploads a bundle and bakes an image from it; prints the AMI."""
    s3, builder = client("s3"), client("imagebuilder")
    if version == "1":
        s3.create_bucket(Bucket="releases")
    s3.upload_file(bundle, "releases", f"{version}.tar.gz")
    semantic = {"name": "unishop", "semanticVersion": f"1.0.{version}"}
    document = f"phases:\n  - steps:\n      - inputs:\n          - source: s3://releases/{version}.tar.gz\n"
    component = builder.create_component(platform="Linux", data=document, clientToken="0" * 36, **semantic)
    recipe = builder.create_image_recipe(
        parentImage="arn:aws:imagebuilder:us-east-1:aws:image/amazon-linux-2023-x86/x.x.x",
        components=[{"componentArn": component["componentBuildVersionArn"]}],
        clientToken="0" * 36,
        **semantic,
    )
    arn = builder.create_image(
        imageRecipeArn=recipe["imageRecipeArn"],
        infrastructureConfigurationArn=_infrastructure(builder),
        clientToken="0" * 36,
    )["imageBuildVersionArn"]
    image = builder.get_image(imageBuildVersionArn=arn)["image"]
    if image["state"]["status"] == "FAILED":
        sys.exit(image["state"]["reason"])
    print(image["outputResources"]["amis"][0]["image"])


def _infrastructure(builder):
    try:
        asked = {"name": "unishop", "instanceProfileName": "unishop", "clientToken": "0" * 36}
        return builder.create_infrastructure_configuration(**asked)["infrastructureConfigurationArn"]
    except builder.exceptions.ResourceAlreadyExistsException:
        return f"arn:aws:imagebuilder:{REGION}:000000000000:infrastructure-configuration/unishop"


def database(password):
    """Creates a database with a secret; prints host and port."""
    rds = client("rds")
    client("secretsmanager").create_secret(
        Name="unishop/database", SecretString=json.dumps({"username": "unishop", "password": password})
    )
    rds.create_global_cluster(
        GlobalClusterIdentifier="unishop", Engine="aurora-mysql", EngineVersion=VERSION, StorageEncrypted=True
    )
    rds.create_db_cluster(
        DBClusterIdentifier="unishop-primary",
        GlobalClusterIdentifier="unishop",
        Engine="aurora-mysql",
        EngineVersion=VERSION,
        StorageEncrypted=True,
        KmsKeyId=KEY,
        MasterUsername="unishop",
        MasterUserPassword=password,
    )
    answer = rds.create_db_instance(
        DBInstanceIdentifier="unishop-primary-1",
        DBClusterIdentifier="unishop-primary",
        DBInstanceClass="db.r6g.large",
        Engine="aurora-mysql",
    )
    endpoint = answer["DBInstance"]["Endpoint"]
    print(endpoint["Address"], endpoint["Port"])


def site(bucket):
    """Creates a website bucket that everybody may read."""
    s3 = client("s3")
    where = {} if REGION == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
    s3.create_bucket(Bucket=bucket, **where)
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration={"IndexDocument": {"Suffix": "index.html"}})
    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}))


def put(bucket, key, body, content_type):
    client("s3").put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type, CacheControl="no-cache")


def empty(bucket):
    s3 = client("s3")
    for found in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=found["Key"])


def block(bucket, on):
    """Blocks public access to a bucket, as in the workshop's outage, or no longer."""
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    client("s3").put_public_access_block(
        Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(names, on == "true")
    )


def drop_policy(bucket):
    client("s3").delete_bucket_policy(Bucket=bucket)


def launch(stack, image, user_data_file):
    """Launches an instance in a stack that waits for its signal; prints its id, or fails as the stack does."""
    ec2, cloudformation = client("ec2"), client("cloudformation")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=subnet, MapPublicIpOnLaunch={"Value": True})
    with open(user_data_file, encoding="utf-8") as text:
        user_data = base64.b64encode(text.read().encode()).decode()
    properties = {"ImageId": image, "InstanceType": "t3.small", "SubnetId": subnet, "UserData": user_data}
    instance = {
        "Type": "AWS::EC2::Instance",
        "CreationPolicy": {"ResourceSignal": {"Count": 1, "Timeout": "PT3M"}},
        "Properties": properties,
    }
    outputs = {"Id": {"Value": {"Ref": "Server"}}, "Name": {"Value": {"Fn::GetAtt": ["Server", "PublicDnsName"]}}}
    cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps({"Resources": {"Server": instance}, "Outputs": outputs})
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})
    except Exception:
        for event in cloudformation.describe_stack_events(StackName=stack)["StackEvents"]:
            print(event["ResourceStatus"], event.get("ResourceStatusReason", ""), file=sys.stderr)
        raise
    found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["Outputs"]
    print(*sorted(o["OutputValue"] for o in found))


def reboot(instance):
    client("ec2").reboot_instances(InstanceIds=[instance])


def restart(instance):
    """Stops and starts an instance; prints its id and its new name."""
    ec2 = client("ec2")
    ec2.stop_instances(InstanceIds=[instance])
    ec2.start_instances(InstanceIds=[instance])
    (found,) = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"]
    print(instance, found["PublicDnsName"])


def delete(stack):
    cloudformation = client("cloudformation")
    cloudformation.delete_stack(StackName=stack)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})


globals()[sys.argv[1]](*sys.argv[2:])
