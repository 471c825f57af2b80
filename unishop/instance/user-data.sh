#!/bin/bash
# Tells this instance where it is, starts the shop, and tells CloudFormation how that went. Everything else is in the image.
set -euo pipefail

# signal tells CloudFormation SUCCESS or FAILURE; the instance's id makes the signal unique. It needs nothing of the
# image but the AWS CLI: a broken one must be able to say so.
signal() {
  local service=http://169.254.169.254/latest token instance
  token=$(curl -sSf --retry 5 --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$service/api/token")
  instance=$(curl -sSf --retry 5 --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$service/meta-data/instance-id")
  aws cloudformation signal-resource --region '{{REGION}}' --stack-name '{{STACK}}' \
    --logical-resource-id '{{LOGICAL_ID}}' --unique-id "$instance" --status "$1"
}

# However this script ends, CloudFormation hears of it at once and does not wait for its time limit.
trap 'signal FAILURE' EXIT

fail() {
  echo "user data: $1" >&2
  exit 1
}

# The file's group is the directory's, which the image has set: the shop's user.
umask 027
etc="${UNISHOP_ROOT:-}/etc/unishop"
mkdir -p "$etc"
cat >"$etc/new.env" <<'EOF'
DB_HOST={{DB_HOST}}
DB_PORT={{DB_PORT}}
DB_SECRET_ID={{DB_SECRET_ID}}
SITE_BUCKET={{SITE_BUCKET}}
ALLOWED_ORIGIN={{SITE_ORIGIN}}
AWS_REGION={{REGION}}
LOG_GROUP={{LOG_GROUP}}
EOF
mv "$etc/new.env" "$etc/unishop.env"

systemctl restart unishop
systemctl restart --no-block unishop-site
systemctl restart --no-block amazon-cloudwatch-agent || echo 'user data: nobody collects the logs' >&2

# The database may be in the middle of its promotion, which the shop waits out, almost as long as CloudFormation does.
# But a shop that dies, even if systemd starts it again, is a bad release.
until curl -sf -o /dev/null --max-time 5 "http://127.0.0.1:${PORT:-80}/health/ishealthy"; do
  systemctl is-active --quiet unishop || fail 'the shop has died'
  restarts=$(systemctl show --property=NRestarts --value unishop)
  ((${restarts:-0} == 0)) || fail "the shop has died $restarts times"
  ((SECONDS < 540)) || fail 'the shop or its database does not answer'
  sleep 0.5
done

systemctl start unishop-site # returns once the page is published
signal SUCCESS
trap - EXIT
