#!/usr/bin/env bash
# Lists every direct dependency that is pinned here and has a newer release: where it is pinned, its name, the pin, the
# newest. It changes nothing and fails for nothing; what a registry does not answer is said. Needs what make setup brings.
# Not looked up, because no client does: Bootstrap and MariaDB, which pom.xml unpacks.
set -uo pipefail
cd "$(dirname "$0")/.." || exit

go_modules() {
  local modules
  modules=$(go list -m -f '{{if not (or .Main .Indirect)}}{{.Path}}{{end}}' all) || return
  # shellcheck disable=SC2086 # a list of words
  go list -m -u -e -f '{{with .Update}}go.mod {{$.Path}} {{$.Version}} {{.Version}}{{end}}' $modules | grep .
}

npm_packages() {
  local name pinned newest
  node -p 'Object.entries(require("./package.json").devDependencies).map((each) => each.join(" ")).join("\n")' |
    while read -r name pinned; do
      newest=$(npm view "$name" dist-tags.latest) || continue
      [ "$newest" = "$pinned" ] || echo "package.json $name $pinned $newest"
    done
}

python_packages() {
  local venv
  for venv in .cache/*-venv; do
    "$venv/bin/pip" --disable-pip-version-check list --outdated --not-required --format json |
      python3 -c 'import json, sys
for each in json.load(sys.stdin):
    if each["name"] not in ("pip", "setuptools"):
        print(sys.argv[1], each["name"], each["version"], each["latest_version"])' "$(basename "$venv")"
  done
}

maven_artifacts() {
  # No milestones and candidates. The plugin prints "NAME ... PINNED -> NEWEST".
  mvn --batch-mode --no-transfer-progress -Dmaven.repo.local="$PWD/.cache/m2" -f unishop/pom.xml \
    '-Dmaven.version.ignore=(?i).*[.-](M|RC|alpha|beta)[.-]?[0-9]*' \
    org.codehaus.mojo:versions-maven-plugin:2.21.0:display-{parent,property}-updates |
    sed -nE 's/^\[INFO\] +([^ ]+) [ .]*([^ ]+) -> ([^ ]+)$/pom.xml \1 \2 \3/p'
}

{ go_modules; npm_packages; python_packages; maven_artifacts; } | column -t
