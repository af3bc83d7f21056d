#!/usr/bin/env bash
# Runs every fuzz target for a while (FUZZTIME, 20 s each by default). The seed
# inputs of the same targets run with the ordinary tests; this looks for new ones.
set -euo pipefail
cd "$(dirname "$0")/.."
for_each=${FUZZTIME:-20s}

grep -rnoE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' internal cmd | sort |
while IFS=: read -r file _ declaration; do
  target=${declaration#func }
  echo "== $(dirname "$file") $target ($for_each)"
  go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "$for_each" -fuzzminimizetime 1s -parallel 2 </dev/null
done
