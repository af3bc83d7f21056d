# Amparo. `make test` is the whole of it; the rest are its parts and the longer runs.
# Needs Go (the version in go.mod) and GNU make; on Debian, run as root, the test
# script installs the other packages it needs (scripts/packages.sh says which).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

TARGETS := linux/arm64 windows/amd64 darwin/arm64

.PHONY: help test packages lint vuln cross unit e2e build bench bench-link soak fuzz screenshots

help: ## Says what each target does
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

test: packages lint cross unit e2e ## Everything a change must pass: lint, cross-builds, all tests with -race, browser tests

packages: ## Installs the Debian packages the tests need, when missing and root
	@scripts/packages.sh

lint: ## gofmt, go vet, staticcheck
	scripts/lint.sh

# Not part of `test`: it asks the public vulnerability database, and the tests
# talk to nothing but 127.0.0.1.
vuln: ## Known vulnerabilities in what the program really calls (needs the network)
	go tool -modfile=tools.mod govulncheck ./...

cross: ## Builds without cgo for the other machines it must run on
	@for target in $(TARGETS); do \
	  echo "build $$target"; \
	  CGO_ENABLED=0 GOOS=$${target%/*} GOARCH=$${target#*/} go build -trimpath -o /dev/null ./cmd/amparo; \
	done

# Without the race detector: the command's own tests, which start whole programs, many
# hundred of them, and would alone take as long as all the rest; the measurements; and
# the simulator, whose plays are one thread each and are worth more the more there are.
# `make soak` kills and resumes with it.
WITHOUT_RACE := ./cmd/amparo ./internal/bench

# Hundreds of damaged folders, and stories of revocation, on one thread each.
DAMAGE := 'AChangedByteInTheJournal|AJournalCutShort|ADamaged|ATornLog|RevokedWhileCutOff'

unit: ## All tests of the program, with the race detector where it can find something
	CGO_ENABLED=1 go test -race -timeout 15m $$(go list ./... | grep -vE '/(cmd/amparo|internal/bench|internal/journaltest)$$')
	go test -timeout 12m $(WITHOUT_RACE)
	go test -timeout 5m ./internal/node -run $(DAMAGE)
	go test -count=1 -timeout 10m ./internal/journaltest -seeds 300

e2e: ## The pages in a real browser: main path, no JavaScript, keyboard, axe
	cd e2e && go test -count=1 -timeout 10m ./...

build: ## One static binary for this machine, in bin/
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/amparo ./cmd/amparo

BENCH ?= all

bench: ## The benchmarks behind every figure in the documents (BENCH=exchange BENCH_FLAGS=--json for one, as JSON)
	go run ./cmd/amparo bench $(BENCH) $(BENCH_FLAGS)

bench-link: ## A day over a bad link beside CouchDB's protocol (needs node; fetches PouchDB from npm)
	peer=$$(internal/bench/couch/fetch.sh); go run ./cmd/amparo bench link --couch "$$peer" $(BENCH_FLAGS)

soak: ## Simulated workspaces, property tests and crash tests for much longer (SOAK_TIME, SOAK_CHECKS, SOAK_ROUNDS)
	scripts/soak.sh

fuzz: ## Each fuzz target for FUZZTIME (20s)
	scripts/fuzz.sh

screenshots: packages ## Writes the pictures in docs/screenshots again
	cd e2e && AMPARO_SCREENSHOTS=1 go test -count=1 -timeout 10m ./...
