"""Custom::Teardown empties the site's bucket when the stack is deleted: CloudFormation deletes no bucket with objects
in it. The instance, which publishes to the bucket, is gone by then.
"""

from runtime import BUSY, Refused, ask, client, re, time, while_meant

ACTS = {"Delete": "DELETE ROLLBACK"}


# One object's error that passes, as in https://docs.aws.amazon.com/AmazonS3/latest/API/API_Error.html
PASSES = BUSY + "|InternalError|ServiceUnavailable"


def act(event, meant):
    bucket, s3, deleted = event["ResourceProperties"]["Bucket"], client("s3"), 0
    delete = while_meant(event, meant, s3.delete_objects)
    try:
        while objects := first_page(s3, bucket):
            failed = ask(delete, Bucket=bucket, Delete={"Objects": objects, "Quiet": True}).get("Errors", [])
            deleted += len(objects) - len(failed)
            refuse_what_stays(bucket, failed)
    except s3.exceptions.NoSuchBucket:
        return "nothing: the bucket is gone"
    return f"deleted {deleted} objects of {bucket}"


def first_page(s3, bucket):
    """At most 1000, which is the limit of one deletion too."""
    page = ask(s3.list_object_versions, Bucket=bucket)
    versions = page.get("Versions", []) + page.get("DeleteMarkers", [])
    return [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in versions]


def refuse_what_stays(bucket, failed):
    stays = [e for e in failed if not re.search(PASSES, e["Code"])]
    if stays:
        first = stays[0]
        raise Refused(f"{len(stays)} objects of {bucket} stay: {first['Key']}: {first['Code']}: {first['Message']}")
    if failed:
        time.sleep(2)
