#!/usr/bin/env bash
# Installs the gate's tools, unless they are there: under .ci at pinned versions buf from npm and cargo-deny from
# crates.io, and strace from the system's packages. Says at once what the machine itself lacks.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly CI_DIR="$PWD/.ci"
source "$CI_DIR/lib.sh"

for program in git cc cargo rustc node npm; do
    command -v "$program" >/dev/null || die "the gate needs $program on the PATH"
done

# strace: tests of the store look at a process call by call, and make calls fail; without it they try nothing.
if ! command -v strace >/dev/null; then
    command -v apt-get >/dev/null || die "the gate needs strace on the PATH"
    as_root=()
    if [[ $EUID -ne 0 ]]; then as_root=(sudo -n); fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends strace
fi
strace -o /dev/null true || die "the gate needs strace, and it may not trace here (ptrace)"
say "$(strace --version | head -n 1)"

cargo clippy --version
cargo fmt --version

has() { [[ "$("$(tool_path "$1")" --version 2>/dev/null || true)" == "$2" ]]; }

# buf: the packages for one platform each hold the program itself, so nothing of them runs at installation. (The
# package over them is not used: its lock file needs every platform's package to be at hand.)
grep -q "buf-linux-x64\": \"$BUF_VERSION\"" "$CI_DIR/buf/package.json" ||
    die ".ci/lib.sh and .ci/buf/package.json name different versions of buf"
if ! has buf "$BUF_VERSION"; then
    npm ci --prefix "$CI_DIR/buf" --ignore-scripts --no-audit --no-fund --loglevel=error
fi
has buf "$BUF_VERSION" || die "buf $BUF_VERSION is not there; on other platforms than Linux put it on the PATH"
say "buf $BUF_VERSION"

# cargo-deny is run a few times a day for a second: its own profile (whole-program optimisation) would cost minutes.
if ! has cargo-deny "cargo-deny $CARGO_DENY_VERSION"; then
    CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
        cargo install --locked --quiet --force --root "$CI_DIR/tools" "cargo-deny@$CARGO_DENY_VERSION"
fi
has cargo-deny "cargo-deny $CARGO_DENY_VERSION" || die "cargo-deny $CARGO_DENY_VERSION was not installed"
say "cargo-deny $CARGO_DENY_VERSION"
