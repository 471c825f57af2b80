#!/bin/bash
# Withdraws the site, but only when it is still this instance's: the successor in a replacement has published by now.
set -euo pipefail

image="${UNISHOP_ROOT:-}/opt/unishop"
state="${UNISHOP_ROOT:-}/var/lib/unishop-site"
run="${UNISHOP_ROOT:-}/run/unishop-site" # in memory: this works on a full disk, too

# publish_predecessor publishes the site for the instance that had it before, when that one still serves: a release that
# is rolled back has its new instance terminated after it has published. An address of our own VPC shows that the name
# does not belong to another account by now: only there a public name resolves to a private address.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_PublicIpDnsNameOptions.html
publish_predecessor() {
  local host address
  [[ -s $state/predecessor.json ]] || return 1
  host=$(sed -n 's/.*"host": *"\([^"]*\)".*/\1/p' "$state/predecessor.json")
  address=$(curl -sf -o /dev/null --max-time 5 -w '%{remote_ip}' "http://$host/health/ishealthy") || return 1
  [[ $address =~ ^(10|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\. ]] || return 1
  aws s3 cp "$state/predecessor.json" "s3://$SITE_BUCKET/config.json" \
    --content-type application/json --cache-control no-cache --only-show-errors || return 1
  echo "withdraw: published again for $host" || true # a full disk
}

instance=$("$image/metadata.sh" instance-id)
rm -f "$run/config.json"
aws s3 sync "s3://$SITE_BUCKET/" "$run" --exclude '*' --include config.json --only-show-errors
# Without a config.json the page may be there nevertheless: this instance was stopped while it published.
if [[ -e $run/config.json ]] && ! grep -qF "\"$instance\"" "$run/config.json"; then
  echo "withdraw: the site belongs to another instance: $(<"$run/config.json")" || true # a full disk
  exit
fi
publish_predecessor && exit
# The other files publish nothing, and a successor may need them.
aws s3 rm "s3://$SITE_BUCKET/" --recursive --exclude '*' --include config.json --include index.html --only-show-errors
echo "withdraw: the site of $AWS_REGION is withdrawn" || true # a full disk
