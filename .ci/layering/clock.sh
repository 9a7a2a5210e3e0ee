#!/usr/bin/env bash
# Proves that clock and random source are reached through their adapters only.
#
# 1. Clippy's disallowed methods bite: a copy of the workspace passes clippy for the domain crate; the same copy with
#    planted.rs in it fails, once for each method that clippy.toml names and for nothing else. So a misspelt path, or
#    a clippy.toml that isn't read, can't pass.
# 2. Outside tests, the files that allow themselves such a use are exactly those of clock-adapters.txt (--bless
#    rewrites it), and none is in the domain or the store crate.
#
# That no other file uses one is the step `lint`, over the whole workspace.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly CI_DIR="$PWD/.ci"
source "$CI_DIR/lib.sh"
# Files that include generated code, which may be excused from clippy as a whole.
readonly GENERATED=(':!proto/src/lib.rs' ':!clients/legacy/src/lib.rs' ':!compat-gateway/src/contract.rs')
readonly ADAPTERS="$CI_DIR/layering/clock-adapters.txt"

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

adapters() {
    local wide
    wide="$(git grep --untracked -nE '(allow|expect)\((.*[ ,])?clippy::(all|style)\b' -- '*.rs' "${GENERATED[@]}" || true)"
    [[ -z "$wide" ]] || die "these switch off the disallowed methods with all else:"$'\n'"$wide"
    git grep --untracked -lE 'clippy::disallowed_methods' -- '*.rs' ':!*/tests/*' ':!tests/*' ':!*/benches/*' |
        LC_ALL=C sort >"$scratch/adapters" || true
    ! grep -E '^(core/(domain|store)|proto)/' "$scratch/adapters" ||
        die "the domain, the store's promises and the contract have no clock and no chance of their own"
    compare_list "$ADAPTERS" "$scratch/adapters" "${1:-}"
}

# Clippy over the copy's domain crate, its complaints one to a line.
clippy() {
    (cd "$scratch/copy" && CARGO_TARGET_DIR="$PLANT_TARGET" CARGO_TERM_COLOR=never \
        cargo clippy --quiet --offline -p map-domain --message-format short -- -D warnings) 2>&1
}

planted() {
    mkdir "$scratch/copy"
    tree_files | grep -v '^\.ci/' | tar -c -T - | tar -x -C "$scratch/copy"
    local domain="$scratch/copy/core/domain"
    # The plant may reach what the domain itself can't: the random source, and jiff with its clock.
    sed -i 's/^\[dependencies\]$/&\ngetrandom.workspace = true/; s/^jiff\.workspace = true$/jiff = { workspace = true, features = ["std"] }/' \
        "$domain/Cargo.toml"
    grep -q '^getrandom' "$domain/Cargo.toml" && grep -q '^jiff = .*"std"' "$domain/Cargo.toml" ||
        die "core/domain/Cargo.toml has another form than this script knows"
    clippy || die "the domain crate does not pass clippy even without a plant"

    cp "$CI_DIR/layering/planted.rs" "$domain/src/planted.rs"
    printf '\npub mod planted;\n' >>"$domain/src/lib.rs"
    ! clippy >"$scratch/said" || die "clippy lets the planted uses of clock and random pass"

    sed -nE 's/^ *\{ *path *= *"([^"]+)".*/\1/p' clippy.toml | LC_ALL=C sort >"$scratch/named"
    [[ -s "$scratch/named" ]] || die "clippy.toml names no disallowed method"
    sed -nE 's/.*: error: use of a disallowed method `([^`]+)`.*/\1/p' "$scratch/said" | LC_ALL=C sort -u >"$scratch/refused"
    diff -u --label "named in clippy.toml" --label "refused when planted" "$scratch/named" "$scratch/refused" || {
        cat "$scratch/said"
        die "each method that clippy.toml names has to be planted in planted.rs, and refused"
    }
    ! grep 'error' "$scratch/said" | grep -v 'use of a disallowed method' | grep -v 'could not compile' ||
        die "the plant is refused for another reason too"
    say "$(wc -l <"$scratch/refused") ways to a clock or to chance refused when planted, none without"
}

# Kept between runs: what the domain depends on need not be checked anew.
PLANT_TARGET="${CARGO_TARGET_DIR:-$PWD/target}/planted"

adapters "${1:-}"
if [[ "${1:-}" != --bless ]]; then planted; fi
