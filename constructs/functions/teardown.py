"""Custom::Teardown empties the site's bucket when the stack is deleted: CloudFormation deletes no bucket with objects
in it. The instance, which publishes to the bucket, is gone by then.
"""

ACTS = {"Delete": ("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")}


def act(event, _meant):
    bucket, s3, deleted = event["ResourceProperties"]["Bucket"], client("s3"), 0
    try:
        while objects := first_page(s3, bucket):
            delete(s3, bucket, objects)
            deleted += len(objects)
    except s3.exceptions.NoSuchBucket:
        return "nothing: the bucket is gone"
    return f"deleted {deleted} objects of {bucket}"


def first_page(s3, bucket):
    """At most 1000, which is the limit of one deletion too."""
    page = ask(s3.list_object_versions, Bucket=bucket)
    versions = page.get("Versions", []) + page.get("DeleteMarkers", [])
    return [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]


def delete(s3, bucket, objects):
    failed = ask(s3.delete_objects, Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors")
    if failed:
        first = failed[0]
        raise Refused(f"{len(failed)} objects of {bucket} stay: {first['Key']}: {first['Code']}: {first['Message']}")
