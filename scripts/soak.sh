#!/usr/bin/env bash
# The tests whose worth grows with repetition, for longer than anyone waits at a
# prompt: property tests with many more cases, and everything that kills, tears,
# reorders or resumes, many times over. SOAK_CHECKS, SOAK_ROUNDS and SOAK_TIME set how long.
set -euo pipefail
cd "$(dirname "$0")/.."
checks=${SOAK_CHECKS:-3000}
rounds=${SOAK_ROUNDS:-10}

# Whole workspaces, simulated: it says how many seeds a second and which, and draws the history of one that goes wrong.
echo "== simulated workspaces, for ${SOAK_TIME:-1h}"
go test -count=1 -timeout 0 ./internal/journaltest -run '^TestSoak$' -soak "${SOAK_TIME:-1h}" -v

packages_with() { # packages whose tests hold a line that matches $1
  grep -rlE --include='*_test.go' "$1" internal cmd | xargs -r -n1 dirname | sort -u | sed 's|^|./|'
}

for package in $(packages_with '"pgregory\.net/rapid"'); do
  echo "== properties: $package ($checks cases each)"
  go test -count=1 -timeout 2h "$package" -rapid.checks="$checks"
done

export AMPARO_TEST_SEED=random # every round damages other bytes
storms='Kill|Changed|Damaged|Torn|Power|Crash|Full|Resum|Interrupt|Order|Converge|Simulat|Fork'
for package in $(packages_with "^func Test[A-Za-z0-9_]*($storms)"); do
  echo "== storms: $package ($rounds rounds)"
  go test -race -count="$rounds" -timeout 2h -run "$storms" "$package"
done
