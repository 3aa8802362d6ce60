#!/usr/bin/env bash
# Every test, Node's first, then Python's and the browser's. Arguments go to pytest. Fails when either ran none.
set -uo pipefail
cd "$(dirname "$0")/.."

mkdir -p test-results
node_report=test-results/node.tap
(cd node_wa && node --test --test-concurrency=1 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="../$node_report" tests/*.test.js)
node_status=$?
count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$node_report" 2>/dev/null | tail -n 1; }
node_line="node: $(count pass || echo 0) passed, $(count fail || echo 0) failed"
if [ "$(count tests)" = 0 ] || [ -z "$(count tests)" ]; then node_status=1 node_line="node: no test ran"; fi

.venv/bin/python -m pytest "$@"
python_status=$? # 5 when no test ran

printf '\n%s (exit %d); pytest: exit %d\n' "$node_line" "$node_status" "$python_status"
[ "$node_status" -eq 0 ] && [ "$python_status" -eq 0 ]
