"""AWS::S3::Bucket: a bucket with objects in it is not deleted. ministack's CloudFormation would.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

from taught import clients, cloudformation, patches

provisioners = patches.ministack("services.cloudformation.provisioners", "_RESOURCE_HANDLERS")


@patches.wrap(provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"], "delete")
def _delete(original, bucket, props):
    try:
        clients.call("s3", "DeleteBucket", {"Bucket": bucket})
    except clients.botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise RuntimeError(clients.handler_message(error, "S3")) from error
    original(bucket, props)


cloudformation.run_on_worker_thread("AWS::S3::Bucket")
