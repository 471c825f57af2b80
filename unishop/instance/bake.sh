#!/bin/bash
# Makes the golden image: installs what the shop needs, puts the release bundle in its place, and trains the AOT cache.
# Runs as root on the build instance, from the unpacked bundle. An image that is not as it must be fails here.
set -euo pipefail

bundle=$(dirname "$(readlink -f "$0")")
root=${UNISHOP_ROOT:-}
image="$root/opt/unishop"
units="$root/etc/systemd/system"

# install_packages names also what Amazon Linux brings along, because the scripts rely on it.
install_packages() {
  dnf install -y java-25-amazon-corretto-headless amazon-cloudwatch-agent awscli-2 curl-minimal logrotate openssl
}

create_users() {
  local user
  for user in unishop unishop-site; do
    useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /sbin/nologin "$user"
  done
}

# place_files: root owns everything, and the shop can change none of it.
place_files() {
  # Spread out: with the one jar that holds the others an AOT cache has no effect.
  # https://docs.spring.io/spring-boot/reference/packaging/aot-cache.html
  java -Djarmode=tools -jar "$bundle/unishop.jar" extract --destination "$image"
  cp -R "$bundle/page" "$image/page"
  install -m 0644 "$bundle/unishop.jvm" "$bundle/amazon-cloudwatch-agent.json" "$image/"
  install -m 0755 "$bundle"/{start,publish,withdraw,metadata,configure-agent}.sh "$image/"
  chmod -R u=rwX,go=rX "$image"

  install -D -m 0644 "$bundle/unishop.service" "$units/unishop.service"
  install -D -m 0644 "$bundle/unishop-site.service" "$units/unishop-site.service"
  install -D -m 0644 "$bundle/amazon-cloudwatch-agent.conf" "$units/amazon-cloudwatch-agent.service.d/unishop.conf"
  install -D -m 0644 "$bundle/logrotate-hourly.conf" "$units/logrotate.timer.d/unishop.conf"
  install -D -m 0644 "$bundle/logrotate.conf" "$root/etc/logrotate.d/unishop"

  mkdir -p "$root/etc/unishop" "$root/var/log/unishop"
  chgrp unishop "$root/etc/unishop"
  chmod 2750 "$root/etc/unishop" # what is written there later has its group
  chmod 0750 "$root/var/log/unishop"
}

# fetch_authorities gets the certificates by which the shop knows RDS's servers: those of every region, since both of ours
# boot this image. AWS publishes no checksum of them; https says who they come from.
# https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html#UsingWithRDS.SSL.CertificatesAllRegions
fetch_authorities() {
  curl -sSf --retry 5 --max-time 60 -o "$image/rds.pem" https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem ||
    fail 'the certificates of RDS do not come'
  chmod 0644 "$image/rds.pem"
}

# run_shop starts the shop with the unit's flags, as the unit's user, until all its parts are made and before it
# listens. Neither the database nor the secret exists; looking for them is part of what is trained. The pool looks at
# once: with the build instance's own role it would ask Secrets Manager, and what is trained would depend on its answer.
# Training until requests are served made a start some 4 % faster: too little for a process to wait for and to end.
run_shop() {
  runuser -u unishop -- env DB_HOST=127.0.0.1 DB_PORT=1 DB_AUTHORITIES="$image/rds.pem" DB_SECRET_ID=none AWS_REGION=us-east-1 \
    AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none \
    ALLOWED_ORIGIN=http://localhost PORT=8080 \
    java "@$image/unishop.jvm" "$@" -Dspring.context.exit=onRefresh -jar "$image/unishop.jar"
}

train() {
  local work
  work=$(mktemp -d)
  chown unishop "$work"
  run_shop "-XX:AOTCacheOutput=$work/unishop.aot" || fail "the shop ended with status $? in its training"
  install -m 0644 "$work/unishop.aot" "$image/unishop.aot"
  rm -rf "$work"
}

# certificates counts those that can be read in a file. One that cannot be read is an error.
certificates() { openssl crl2pkcs7 -nocrl -certfile "$1" | openssl pkcs7 -print_certs -noout | grep -c '^subject'; }

verify() {
  local found
  java -version 2>&1 | grep -q 'version "25' || fail "Java 25 is expected: $(java -version 2>&1 | head -n 1)"
  [[ -s $image/unishop.jar && -s $image/page/index.html ]] || fail 'the jar or the page is missing'
  found=$(certificates "$image/rds.pem") || found=0
  ((found > 0 && found == $(grep -c '^-----BEGIN ' "$image/rds.pem"))) ||
    fail "a certificate of RDS cannot be read: $found can"
  [[ -s $image/unishop.aot ]] || fail 'the AOT cache is empty'
  # "on" refuses to start with a cache that does not fit; the unit's "auto" would quietly start without it.
  run_shop "-XX:AOTCache=$image/unishop.aot" -XX:AOTMode=on || fail 'the shop does not start with its AOT cache'
  systemd-analyze verify --recursive-errors=no "$units/unishop.service" "$units/unishop-site.service" || fail 'a unit has mistakes'
  systemctl is-enabled unishop unishop-site amazon-cloudwatch-agent || fail 'a unit is not enabled'
  aws --version || fail 'the AWS CLI is missing'
}

fail() {
  echo "bake: $1" >&2
  exit 1
}

install_packages
create_users
place_files
fetch_authorities
train
systemctl enable unishop unishop-site amazon-cloudwatch-agent logrotate.timer
verify
echo 'bake: done'
