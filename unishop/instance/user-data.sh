#!/bin/bash
# Tells this instance where it is, has it serve, and tells CloudFormation how that went. Everything else is in the image.
set -euo pipefail

# signal tells CloudFormation SUCCESS or FAILURE; the instance's id makes the signal unique. It needs nothing of the
# image but the AWS CLI: a broken one must be able to say so. It is sent again until CloudFormation's ten minutes are
# over: the one answer that stays is a ValidationError.
signal() {
  local service=http://169.254.169.254/latest token instance said
  until
    said=
    token=$(curl -sSf --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$service/api/token") &&
      instance=$(curl -sSf --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$service/meta-data/instance-id") &&
      said=$(aws cloudformation signal-resource --region '{{REGION}}' --stack-name '{{STACK}}' --logical-resource-id \
        '{{LOGICAL_ID}}' --unique-id "$instance" --status "$1" --cli-connect-timeout 5 --cli-read-timeout 10 2>&1)
  do
    echo "$said" >&2
    [[ $said != *ValidationError* ]] && ((SECONDS < 600)) || return 1
    sleep 2
  done
}

# However this script ends, CloudFormation hears of it at once and does not wait for its time limit.
trap 'signal FAILURE' EXIT

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

# The minute that it leaves is for the signal.
"${UNISHOP_ROOT:-}/opt/unishop/start.sh" $((540 - SECONDS))
signal SUCCESS
trap - EXIT
