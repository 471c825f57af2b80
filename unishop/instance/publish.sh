#!/bin/bash
# Lights the site: once the shop answers, its page and a config.json that names this instance go to the bucket.
set -euo pipefail

image="${UNISHOP_ROOT:-}/opt/unishop"
state="${UNISHOP_ROOT:-}/var/lib/unishop-site"

# type_of names the content type of a file's extension. S3 serves what it is told, and the AWS CLI guesses by tables
# that differ from machine to machine.
type_of() {
  case $1 in
  html) echo 'text/html; charset=utf-8' ;;
  css) echo 'text/css; charset=utf-8' ;;
  js) echo 'text/javascript; charset=utf-8' ;;
  json) echo 'application/json' ;;
  svg) echo 'image/svg+xml' ;;
  png) echo 'image/png' ;;
  ico) echo 'image/vnd.microsoft.icon' ;;
  woff2) echo 'font/woff2' ;;
  txt) echo 'text/plain; charset=utf-8' ;;
  *)
    echo "publish: no content type is known for $1: add it to type_of" >&2
    return 1
    ;;
  esac
}

# upload copies the files of one extension, but for the index. Their names carry no version, so browsers ask whether
# they have changed.
upload() {
  aws s3 cp "$image/page" "s3://$SITE_BUCKET/" --recursive --exclude '*' --include "*.$1" --exclude index.html \
    --content-type "$2" --cache-control no-cache --only-show-errors
}

upload_assets() {
  local extension type upload uploads=()
  for extension in $(find "$image/page" -type f | sed 's/.*\.//' | sort -u); do
    type=$(type_of "$extension")
    upload "$extension" "$type" & # side by side: starting the AWS CLI is what takes the time
    uploads+=($!)
  done
  for upload in "${uploads[@]}"; do wait "$upload"; done
}

# remember_predecessor keeps the config.json of the instance that this one replaces, in case the site has to be handed
# back. When the site is dark there is none.
remember_predecessor() {
  local found
  if ! found=$(aws s3 cp "s3://$SITE_BUCKET/config.json" - 2>/dev/null); then
    rm -f "$state/predecessor.json"
  elif [[ $found != *"\"$instance\""* ]]; then
    printf '%s\n' "$found" >"$state/predecessor.json"
  fi
}

until curl -sf -o /dev/null --max-time 5 "http://127.0.0.1:$PORT/health/ishealthy"; do
  sleep 0.5
done

mkdir -p "$state"
instance=$("$image/metadata.sh" instance-id)
host=$("$image/metadata.sh" public-hostname) # changes when an instance is stopped and started

remember_predecessor
upload_assets
aws s3 cp "$image/page/index.html" "s3://$SITE_BUCKET/index.html" \
  --content-type "$(type_of html)" --cache-control no-cache --only-show-errors
printf '{"host":"%s","region":"%s","instance":"%s"}\n' "$host" "$AWS_REGION" "$instance" |
  aws s3 cp - "s3://$SITE_BUCKET/config.json" --content-type "$(type_of json)" --cache-control no-store --only-show-errors
echo "publish: the site of $AWS_REGION is served by $instance, $host"
