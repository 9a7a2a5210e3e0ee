#!/usr/bin/env bash
# Runs the README's test command, and refuses a run in which no test ran or the README says something else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly CI_DIR="$PWD/.ci"
source "$CI_DIR/lib.sh"

# A line, or code in a line, that is this command and no longer one.
grep -Eq '(^|`)[[:space:]]*(\$ )?cargo test --workspace[[:space:]]*(`|#|$)' README.md ||
    die "README.md does not give the command 'cargo test --workspace'"

# Tests that look at a process call by call say so and pass where they can't; here they must not.
export MAP_TEST_STRACE=required

log="$(mktemp)"
trap 'rm -f "$log"' EXIT
cargo test --workspace --locked 2>&1 | tee "$log"

passed="$(awk '/^test result: ok\. [0-9]+ passed/ { sum += $4 } END { print sum + 0 }' "$log")"
ignored="$(awk '/^test result: ok\. / { for (i = 1; i < NF; i++) if ($(i + 1) ~ /^ignored/) sum += $i } END { print sum + 0 }' "$log")"
[[ "$passed" -gt 0 ]] || die "no test ran"

# What is off by default: traces. A filter that matches nothing passes, too, so that the tests are counted.
traces="$(mktemp)"
trap 'rm -f "$log" "$traces"' EXIT
cargo test --workspace --locked --features map/otel,map-tests/otel --lib --test e2e -- traces w3c 2>&1 | tee "$traces"
for suite in traces:: w3c::; do
    grep -Eq "^test $suite.* \.\.\. ok$" "$traces" || die "no test of $suite ran with the feature otel"
done
say "tests in all: $passed passed, $ignored ignored"
