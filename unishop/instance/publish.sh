#!/bin/bash
# Lights the site: once the shop answers, its page and a config.json that names this instance go to the bucket.
set -euo pipefail

image="${UNISHOP_ROOT:-}/opt/unishop"
state="${UNISHOP_ROOT:-}/var/lib/unishop-site"
run="${UNISHOP_ROOT:-}/run/unishop-site" # in memory: this works on a full disk, too

# find_config fetches the bucket's config.json. When the site is dark there is none, which is no error to a sync.
find_config() {
  rm -f "$run/config.json"
  aws s3 sync "s3://$SITE_BUCKET/" "$run" --exclude '*' --include config.json --only-show-errors
}

site_is_dark() { [[ ! -e $run/config.json ]]; }

# remember_predecessor keeps the config.json of the instance that this one replaces, in case the site has to be handed
# back.
remember_predecessor() {
  if site_is_dark; then
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

# What lights the site goes up together: starting the AWS CLI is what takes the time. A page that comes before its
# config.json says that the shop is closed, and looks again a second later.
mkdir -p "$run/light"
cp "$image/page/index.html" "$run/light/"
printf '{"host":"%s","region":"%s","instance":"%s"}\n' "$host" "$AWS_REGION" "$instance" >"$run/light/config.json"

find_config
remember_predecessor
# In a dark site nobody meets the assets, so they go up while the shop starts: a failover waits for as little as possible.
# In a lit one they would meet the page of the release that still sells, and stay if the new one never answers.
if site_is_dark; then
  upload_assets
  await_shop
else
  await_shop
  upload_assets
fi
upload "$run/light" "s3://$SITE_BUCKET/"
echo "publish: the site of $AWS_REGION is served by $instance, $host" || true # a full disk
