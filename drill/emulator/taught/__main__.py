"""python -m taught: teaches ministack, then serves it. Its own environment variables apply: GATEWAY_PORT, BIND_HOST."""

from taught import patches

patches.check_version()

# Each import patches one service; a name that is not there ends the program before anything is served.
from taught import (  # noqa: F401
    cancelling,
    cloudwatch,
    control,
    database_logs,
    image_builder_types,
    image_parameters,
    instances,
    lambda_logs,
    lambda_runtime,
    logs,
    networks,
    no_rollback,
    rds,
    rds_types,
    restores,
    s3,
    secret_replicas,
    secrets_manager,
    side_by_side,
    ssm,
)

patches.ministack("app", "main").main()
