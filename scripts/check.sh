#!/usr/bin/env bash
# Every check that runs nothing of wabot. Goes through all of them, then fails if any did.
set -uo pipefail
cd "$(dirname "$0")/.."

failed=()
check() {
    local name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" || failed+=("$name")
}
in_dir() { (cd "$1" && shift && "$@"); }

check "ruff check" .venv/bin/ruff check --quiet .
check "ruff format" .venv/bin/ruff format --check --quiet .
check "mypy" .venv/bin/mypy
check "import-linter" .venv/bin/lint-imports --no-logo
check "biome" in_dir node_wa npx --no-install biome ci --colors=off .
check "biome, scripts of the pages" in_dir node_wa npx --no-install biome ci --colors=off --config-path=. --skip=suspicious/noConsole ../wabot/static/js
check "tsc" in_dir node_wa npx --no-install tsc -p tsconfig.json
check "stylesheet is current" in_dir wabot/assets npm run --silent check

printf '\n'
if [ ${#failed[@]} -gt 0 ]; then
    printf 'check failed: %s\n' "${failed[*]}" >&2
    exit 1
fi
echo "all checks passed"
