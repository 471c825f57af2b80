"""CloudWatch: how far the readers of a global database are behind. RDS publishes it for connected readers only, so a
writer has no such metric: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.AuroraMonitoring.Metrics.html
"""

import time

from taught import global_database, patches, settings

cloudwatch = patches.ministack("services.cloudwatch", "handle_request", "_store_datum", "_metrics")

METRICS = ("AuroraGlobalDBReplicationLag", "AuroraGlobalDBRPOLag")
_MINUTES = 10


@patches.wrap(cloudwatch, "handle_request")
async def handle_request(original, method, path, headers, body, query_params):
    _publish()
    return await original(method, path, headers, body, query_params)


def _publish():
    """Replaces the lag of the request's region by what it is now, as one datum a minute."""
    for key in [key for key in cloudwatch._metrics if key[0] == "AWS/RDS" and key[1] in METRICS]:
        del cloudwatch._metrics[key]
    now = time.time()
    for cluster, connected_since in global_database.connected_readers():
        for minute in range(_MINUTES):
            # A second old when it shows, or a request for the time until now would miss it.
            when = now - 60 * minute - 1
            if minute and when < connected_since:
                break
            for metric in METRICS:
                lag = float(settings.get("lag_ms"))
                cloudwatch._store_datum(
                    "AWS/RDS", metric, {"DBClusterIdentifier": cluster}, when, "Milliseconds", lag, None, None, None
                )
