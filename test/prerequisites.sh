#!/usr/bin/env bash
# Names every prerequisite that is missing or too old, all at once, each with a command that gets it: of drill and test, or
# with the argument "bundle" of the release bundle alone. Bash 3.2 will do.
set -u

missing=0
# need NAME FOUND WANTED HINT: found and wanted are versions; found is empty when there is none.
need() {
  local oldest
  oldest=$(printf '%s\n%s\n' "$2" "$3" | sort -t. -k1,1n -k2,2n | head -n 1)
  [ -n "$2" ] && [ "$oldest" = "$3" ] && return
  echo "$1: ${2:-missing}, and $3 or newer is needed: $4" >&2
  missing=1
}

# major and minor number of what a program says about itself, perhaps in colours.
version() { "$@" 2>/dev/null | tr -d '\033' | sed -E 's/\[[0-9;]*m//g' | sed -nE '1,3s/^[^0-9]*([0-9]+(\.[0-9]+)?).*$/\1/p' | head -n 1; }

case $(uname -s) in
  Darwin) get='brew install' go=go node=node python=python java=openjdk maven=maven ;;
  *) get='sudo apt-get install' go=golang node='nodejs npm' python='python3 python3-venv' java=openjdk-17-jdk maven=maven ;;
esac

javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac # as Maven finds it
need "$javac" "$(version "$javac" -version)" 17 "$get $java"
need mvn "$(version mvn --version)" 3.6 "$get $maven"
[ "${1-}" = bundle ] && exit $missing

need openssl "$(version openssl version)" 1.1 "$get openssl"
need go "$(version go env GOVERSION)" 1.25 "$get $go"
need node "$(version node --version)" 20 "$get $node"
need npm "$(version npm --version)" 9 "$get $node"
need python3 "$(version python3 --version)" 3.10 "$get $python"
if command -v python3 >/dev/null && ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  need 'python3 venv' '' 3.10 "$get $python"
fi
exit $missing
