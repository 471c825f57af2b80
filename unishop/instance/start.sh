#!/bin/bash
# Starts the shop and its site, and returns once the shop answers and its page is published. It fails when the shop dies
# or the time is over, and prints what it waits for: start.sh SECONDS
set -euo pipefail

SECONDS=0
limit=$1
logs="${UNISHOP_ROOT:-}/var/log/unishop"

fail() {
  echo "start: $1" >&2
  exit 1
}

# database is what the shop's log, in JSON, says of its database last; without the number of a connection, which is
# always another one.
database() { grep -o 'The database [^"]*' "$logs/unishop.log" 2>/dev/null | tail -n 1 | sed 's/(conn=[0-9]*) //'; }

# wait_for prints what is waited for when that is something new, and fails when the time is over.
wait_for() {
  [[ $1 == "${printed:-}" ]] || echo "start: $1" >&2
  printed=$1
  ((SECONDS < limit)) || fail "no time is left: $1"
}

systemctl restart unishop
systemctl restart --no-block unishop-site
systemctl restart --no-block amazon-cloudwatch-agent || echo 'start: nothing collects the logs' >&2

# The database may be in the middle of its promotion, which the shop waits out, almost as long as CloudFormation does.
# But a shop that dies, even if systemd starts it again, is a bad release.
until curl -sf -o /dev/null --max-time 5 "http://127.0.0.1:${PORT:-80}/health/ishealthy"; do
  systemctl is-active --quiet unishop || fail 'the shop has died'
  restarts=$(systemctl show --property=NRestarts --value unishop)
  ((${restarts:-0} == 0)) || fail "the shop has died $restarts times"
  wait_for "the shop does not answer: $(database)"
  sleep 0.5
done

# One failure is not the last: the unit tries again by itself, and each start waits for its next try.
until timeout $((SECONDS < limit ? limit - SECONDS : 1)) systemctl start unishop-site; do
  wait_for "the page is not published: $(tail -n 1 "$logs/site.log")"
  sleep 1
done
