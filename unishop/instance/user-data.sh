#!/bin/bash
# Tells this instance where it is, starts the shop, and tells CloudFormation how that went. Everything else is in the image.
set -u

mkdir -p "${UNISHOP_ROOT:-}/etc/unishop"
cat >"${UNISHOP_ROOT:-}/etc/unishop/unishop.env" <<'EOF'
DB_HOST={{DB_HOST}}
DB_SECRET_ID={{DB_SECRET_ID}}
SITE_BUCKET={{SITE_BUCKET}}
ALLOWED_ORIGIN={{SITE_ORIGIN}}
AWS_REGION={{REGION}}
EOF

# signal tells CloudFormation SUCCESS or FAILURE; the instance's id makes the signal unique.
signal() {
  token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
  instance=$(curl -sf -H "X-aws-ec2-metadata-token: $token" http://169.254.169.254/latest/meta-data/instance-id)
  aws cloudformation signal-resource --region '{{REGION}}' --stack-name '{{STACK}}' \
    --logical-resource-id '{{LOGICAL_ID}}' --unique-id "$instance" --status "$1"
}

systemctl restart unishop unishop-site

for _ in $(seq 120); do
  if curl -sf -o /dev/null "http://127.0.0.1:${PORT:-80}/health/ishealthy"; then
    signal SUCCESS
    exit 0
  fi
  systemctl is-active --quiet unishop || break
  sleep 2
done
signal FAILURE
exit 1
