"""Versions of Aurora MySQL: how they compare, and those that ministack does not know yet."""

from taught import patches

rds = patches.ministack("services.rds", "AURORA_MYSQL_ENGINE_VERSIONS", "AURORA_MYSQL_ENGINE_VERSION_SET")

# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraMySQLReleaseNotes/AuroraMySQL.Updates.30Updates.html
_NEWER = ("8.0.mysql_aurora.3.10.5", "8.0.mysql_aurora.3.10.6")
for _version in set(_NEWER) - rds.AURORA_MYSQL_ENGINE_VERSION_SET:
    rds.AURORA_MYSQL_ENGINE_VERSIONS.append((_version, "aurora-mysql8.0"))
    rds.AURORA_MYSQL_ENGINE_VERSION_SET.add(_version)


def parts(version):
    """Major, minor and patch: "8.0.mysql_aurora.3.10.4" is 3, 10, 4."""
    return tuple(int(part) for part in version.rpartition("mysql_aurora.")[2].split("."))


def is_patch(before, after):
    return parts(before)[:2] == parts(after)[:2]
