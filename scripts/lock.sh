#!/usr/bin/env bash
# Renews requirements.lock and requirements-dev.lock from the ranges, in a virtual environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/v"

# SecantusDB stays a range: its old wheels are taken off the index, and a lock nobody can install is worth nothing.
freeze() {
    echo "# Written by \`make lock\`."
    "$work/v/bin/pip" freeze --disable-pip-version-check | sed "s/^SecantusDB==.*/$(grep '^secantusdb' requirements.txt)/"
}

"$work/v/bin/pip" install -qq --disable-pip-version-check -r requirements.txt
freeze >requirements.lock
"$work/v/bin/pip" install -qq --disable-pip-version-check -r requirements-dev.txt
freeze >requirements-dev.lock
