#!/usr/bin/env bash
# gofmt, go vet and staticcheck over the program and over the browser tests.
# The linters come from tools.mod; the first run builds them, later runs reuse them.
set -euo pipefail
cd "$(dirname "$0")/.."

unformatted=$(gofmt -l cmd internal e2e)
if [ -n "$unformatted" ]; then
  echo "Not formatted (run gofmt -w on them):" >&2
  echo "$unformatted" >&2
  exit 1
fi

staticcheck=$(go tool -modfile=tools.mod -n staticcheck)
for module in . e2e; do
  (cd "$module" && go vet ./... && "$staticcheck" ./...)
done
