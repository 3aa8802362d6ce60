#!/usr/bin/env bash
# Every test: Node's beside Python's and the browser's, which run two files at a time. Arguments go to pytest. Fails when either ran none.
set -uo pipefail
cd "$(dirname "$0")/.."

# Or each of the hundreds of programs that tests start would compile all of wabot again.
unset PYTHONDONTWRITEBYTECODE

mkdir -p test-results
node_report=test-results/node.tap
node_output=test-results/node.log
(cd node_wa && exec node --test --test-concurrency=1 --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="../$node_report" tests/*.test.js) >"$node_output" 2>&1 &
node_tests=$!
trap 'kill "$node_tests" 2>/dev/null' INT TERM

# The tests of a file share what they start, so a file stays together. Most of a test is waiting, for starts and recoveries.
# The order is tests/conftest.py's: xdist would begin with the files of most tests, and end with the longest alone.
.venv/bin/python -m pytest --numprocesses="${TEST_PROCESSES:-2}" --dist=loadfile --no-loadscope-reorder "$@"
python_status=$? # 5 when no test ran
wait "$node_tests"
node_status=$?
count() { sed -n "s/^# $1 \([0-9]*\)$/\1/p" "$node_report" 2>/dev/null | tail -n 1; }
node_line="node: $(count pass || echo 0) passed, $(count fail || echo 0) failed"
if [ "$(count tests)" = 0 ] || [ -z "$(count tests)" ]; then node_status=1 node_line="node: no test ran"; fi

[ "$node_status" -eq 0 ] || cat "$node_output"
printf '\n%s (exit %d); pytest: exit %d\n' "$node_line" "$node_status" "$python_status"
[ "$node_status" -eq 0 ] && [ "$python_status" -eq 0 ]
