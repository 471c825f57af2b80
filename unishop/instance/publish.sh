#!/bin/bash
# Publishes the site: once the shop answers, its page and a config.json that names this instance go to the bucket.
set -euo pipefail

image="${UNISHOP_ROOT:-}/opt/unishop"
state="${UNISHOP_ROOT:-}/var/lib/unishop-site"
run="${UNISHOP_ROOT:-}/run/unishop-site" # in memory: this works on a full disk, too

# find_config fetches the bucket's config.json. When the site is empty there is none, which is no error to a sync.
find_config() {
  rm -f "$run/config.json"
  aws s3 sync "s3://$SITE_BUCKET/" "$run" --exclude '*' --include config.json --only-show-errors
}

site_is_empty() { [[ ! -e $run/config.json ]]; }

# remember_predecessor keeps the config.json of the instance that this one replaces, in case the site has to be
# published for it again.
remember_predecessor() {
  if site_is_empty; then
    rm -f "$state/predecessor.json"
  elif ! grep -qF "\"$instance\"" "$run/config.json"; then
    cp "$run/config.json" "$state/predecessor.json"
  fi
}

# upload copies a folder to the bucket. Names carry no version, so browsers ask whether a file has changed. The AWS CLI
# guesses content types by tables that differ from machine to machine; for html, css, js, json, svg and png any will do.
upload() { aws s3 cp "$@" --recursive --cache-control no-cache --only-show-errors; }

upload_assets() { upload "$image/page" "s3://$SITE_BUCKET/" --exclude index.html; }

await_shop() {
  until curl -sf -o /dev/null --max-time 5 "http://127.0.0.1:$PORT/health/ishealthy"; do
    sleep 0.2
  done
}

instance=$("$image/metadata.sh" instance-id)
host=$("$image/metadata.sh" public-hostname) # changes when an instance is stopped and started

# What publishes the site is uploaded together: starting the AWS CLI is what takes the time. A page that comes before its
# config.json shows that the shop is closed, and looks again a second later.
mkdir -p "$run/entry"
cp "$image/page/index.html" "$run/entry/"
printf '{"host":"%s","region":"%s","instance":"%s"}\n' "$host" "$AWS_REGION" "$instance" >"$run/entry/config.json"

find_config
remember_predecessor
# No visitor of an empty site gets the assets, so they are uploaded while the shop starts: a failover waits for as little
# as possible. In a published one they would meet the page of the release that still serves, and stay if the new one
# never answers.
if site_is_empty; then
  upload_assets
  await_shop
else
  await_shop
  upload_assets
fi
upload "$run/entry" "s3://$SITE_BUCKET/"
echo "publish: the site of $AWS_REGION is served by $instance, $host" || true # a full disk
