"""What a drill may set while the emulator runs, by POST /_taught/settings."""

DEFAULTS = {
    # How far a connected reader of a global database is behind, in milliseconds.
    "lag_ms": 100,
    # How long a switchover or a failover takes. Not nothing, so that code that waits for it is exercised.
    "operation_seconds": 2.0,
    # How long after a switchover the old writer is not ready to become the writer again.
    "setup_seconds": 1.0,
    # How long a returned member of a global database is pending-resync.
    "resync_seconds": 3.0,
    # How long a failover is refused while a switchover hangs.
    "hanging_seconds": 20.0,
    # How many of the next images fail while they are built.
    "failing_builds": 0,
    # Instance types that a region is short of: {"us-west-1": ["t3.small"]}.
    "no_capacity": {},
    # Classes of EC2 and of RDS that a zone does not offer: {"us-east-1a": ["t3.small"]}.
    "not_offered": {},
    # Regions that are not enabled, as keys.
    "not_enabled": {},
    # Quotas of the account that are not AWS's default, by code, or by name as RDS has it: {"L-F678F1CE": 5}.
    "quotas": {},
}

_values = dict(DEFAULTS)


def get(name):
    return _values[name]


def change(values):
    """Sets the values named; anything unknown, or of another kind than its default, is refused as a whole."""
    for name, value in values.items():
        if name not in DEFAULTS:
            raise ValueError(f"{name}: unknown setting (known: {', '.join(sorted(DEFAULTS))})")
        kind = dict if isinstance(DEFAULTS[name], dict) else (int, float)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TypeError(f"{name}: {value!r} is not allowed: use a value like {DEFAULTS[name]!r}")
    _values.update(values)
    return dict(_values)
