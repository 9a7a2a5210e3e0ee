# Shared by the gate's scripts: messages, where its tools live, running steps against the clock.
# Sourced, not run.
# shellcheck shell=bash disable=SC2034

# The versions of the gate's tools; buf's also stands in .ci/buf/package.json, which `tools.sh` compares.
readonly BUF_VERSION=1.75.0
readonly CARGO_DENY_VERSION=0.20.2

say() { printf '%s\n' "$*"; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Runs a command that builds, without the network: the step `fetch` has brought everything.
offline() { CARGO_NET_OFFLINE=true "$@"; }

# Where a tool is or will be: in .ci for Linux; else, for buf, wherever the PATH has it.
tool_path() {
    case "$1 $(uname -sm)" in
        "buf Linux x86_64") printf '%s' "$CI_DIR/buf/node_modules/@bufbuild/buf-linux-x64/bin/buf" ;;
        "buf Linux aarch64") printf '%s' "$CI_DIR/buf/node_modules/@bufbuild/buf-linux-aarch64/bin/buf" ;;
        "buf "*) command -v buf || true ;;
        "cargo-deny "*) printf '%s' "$CI_DIR/tools/bin/cargo-deny" ;;
        *) die "the gate knows no tool '$1'" ;;
    esac
}

# The path of a tool that the step `tools` has seen to.
tool() {
    local path
    path="$(tool_path "$1")"
    [[ -x "$path" ]] || die "$1 is not installed: run bash .ci/run tools"
    printf '%s' "$path"
}

# The files of the tree, as a commit of everything would hold them (new files too, ignored ones not).
tree_files() { git ls-files --cached --others --exclude-standard --deduplicate -- "$@" | while IFS= read -r file; do
    if [[ -e "$file" ]]; then printf '%s\n' "$file"; fi
done; }

# Compares what is ($2, a file) with the committed list ($1), or with --bless ($3) replaces it.
# An empty finding is an error in either case: a search that finds nothing proves nothing.
compare_list() {
    local list="$1" found="$2" mode="${3:-}"
    [[ -s "$found" ]] || die "nothing was found to compare with $list"
    if [[ "$mode" == --bless ]]; then
        cp "$found" "$list"
        say "wrote $list ($(wc -l <"$list") lines)"
        return
    fi
    [[ -s "$list" ]] || die "$list is missing or empty"
    diff -u --label "committed ${list#"$PWD"/}" --label "found" "$list" "$found" ||
        die "${list#"$PWD"/} differs from what was found; if the change is meant: bash .ci/run --bless"
}

seconds() { awk -v from="$1" -v to="$EPOCHREALTIME" 'BEGIN { printf "%.1f s", to - from }'; }

# Runs the named steps in order, each with its time; stops at the first failure with a non-zero exit.
run_steps() {
    local step begun all="$EPOCHREALTIME" passed=0 status times=()
    for step in "$@"; do
        printf '\n==> %s\n' "$step"
        begun="$EPOCHREALTIME"
        status=0
        # A process of its own: inside a function that is asked for its status, `set -e` would be off.
        bash "$CI_DIR/run" --one "$step" </dev/null || status=$?
        if [[ $status -ne 0 ]]; then
            printf '==> %s FAILED (exit %s) after %s; again: bash .ci/run %s\n' \
                "$step" "$status" "$(seconds "$begun")" "$step"
            printf '\nsteps: %s passed, 1 failed\n' "$passed"
            return 1
        fi
        passed=$((passed + 1))
        times+=("$(printf '%-10s %10s' "$step" "$(seconds "$begun")")")
        printf '==> %s ok, %s\n' "$step" "$(seconds "$begun")"
    done
    printf '\n%s\n%-10s %10s\n\nsteps: %s passed, 0 failed\n' \
        "$(printf '%s\n' "${times[@]}")" together "$(seconds "$all")" "$passed"
}
