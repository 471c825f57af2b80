"""CloudWatch Logs: FilterLogEvents looks at the streams that are named, or whose names begin so. ministack passes over streams
that are not there, and over the prefix.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
"""

from taught import patches

logs = patches.ministack("services.cloudwatch_logs", "_log_groups", "_resolve_log_group_name", "_filter_log_events")
responses = patches.ministack("core.responses", "error_response_json")


@patches.wrap(logs, "_filter_log_events")
def _filter(original, data):
    names, prefix = data.get("logStreamNames"), data.get("logStreamNamePrefix")
    streams = (logs._log_groups.get(logs._resolve_log_group_name(data)) or {}).get("streams", {})
    if names and prefix:
        message = "logStreamNames and logStreamNamePrefix can't both be specified."
        return responses.error_response_json("InvalidParameterException", message, 400)
    if set(names or []) - set(streams):
        message = "The specified log stream does not exist."
        return responses.error_response_json("ResourceNotFoundException", message, 400)
    if prefix:
        # A stream that is not there: none at all would mean every stream.
        data = {**data, "logStreamNames": [name for name in streams if name.startswith(prefix)] or ["-"]}
    return original(data)
