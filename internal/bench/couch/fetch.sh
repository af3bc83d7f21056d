#!/usr/bin/env bash
# Fetches the peer of `amparo bench link` from the npm registry, in the versions of
# package-lock.json, into a folder outside the repository, and prints that folder.
# Needs node 20 or later and npm. Nothing of it is part of the program.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
into=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/amparo-bench/couch}

mkdir -p "$into"
cp "$here/package.json" "$here/package-lock.json" "$here/peer.cjs" "$into/"
cd "$into"
npm ci --no-audit --no-fund --loglevel=error >&2
echo "$into"
