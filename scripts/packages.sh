#!/usr/bin/env bash
# Installs the Debian packages the tests need, and only what is missing:
#   chromium          drives every page as a person would (e2e)
#   fonts-liberation  so that text in the browser is text and not boxes
#   postgresql        the relay's bigger store; its tests start a server of their own, and the benchmark of the search one with pg_trgm
#   gcc libc6-dev     the race detector needs cgo; the program itself never does
# Running it again costs a few milliseconds and touches nothing.
set -euo pipefail

wanted=(chromium fonts-liberation postgresql gcc libc6-dev)

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

if ! command -v dpkg-query >/dev/null; then
  # Not Debian: check for the programs and leave the installing to the reader.
  missing=()
  command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
  command -v cc >/dev/null || missing+=("a C compiler")
  command -v initdb >/dev/null || missing+=(PostgreSQL)
  if [ ${#missing[@]} -gt 0 ]; then
    echo "Missing: ${missing[*]}. Install them with this system's own package manager, then run again." >&2
    exit 1
  fi
  exit 0
fi

missing=()
for package in "${wanted[@]}"; do
  installed "$package" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "Missing Debian packages: ${missing[*]}" >&2
  echo "Run this as root once, then run the tests again:  apt-get install ${missing[*]}" >&2
  exit 1
fi

export DEBIAN_FRONTEND=noninteractive
echo "Installing: ${missing[*]}" >&2
apt-get update -q >&2
apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
