"""Custom::Teardown empties the site's bucket when the stack is deleted: CloudFormation deletes no bucket with objects
in it. The instance, which publishes to the bucket, is gone by then.
"""

ACTS = {"Delete": ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")}


def act(event, context):
    bucket, s3 = event["ResourceProperties"]["Bucket"], client("s3")
    deleted = 0
    try:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
            versions = page.get("Versions", []) + page.get("DeleteMarkers", [])
            deleted += delete(s3, bucket, [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions])
    except s3.exceptions.NoSuchBucket:
        return "nothing: the bucket is gone"
    return f"deleted {deleted} objects of {bucket}"


def delete(s3, bucket, objects):
    """Deletes a page of at most 1000, the limit of both calls, and returns how many there were."""
    if not objects:
        return 0
    failed = ask(s3.delete_objects, Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors", [])
    if failed:
        first = failed[0]
        raise Refused(f"{len(failed)} objects of {bucket} stay: {first['Key']}: {first['Code']}: {first['Message']}")
    return len(objects)
