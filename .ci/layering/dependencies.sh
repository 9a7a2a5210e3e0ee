#!/usr/bin/env bash
# Proves that domain, proto and store depend on exactly what is written down: the names in each crate's tree of
# normal dependencies, for every platform, equal the committed list beside this script (--bless rewrites the
# lists). Equality, because a list of forbidden names that holds a misspelt one forbids nothing.
# Some names no blessing may let in; for the same reason each of them must be one that the workspace knows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly CI_DIR="$PWD/.ci"
source "$CI_DIR/lib.sh"

# crate | what it can never reach, whatever its list says
readonly LAYERS=(
    "map-domain|tokio tonic prost scylla lsm-tree hyper axum getrandom map-proto map-store map-server"
    "map-proto|lsm-tree scylla map-domain map-store map-server map-gateway"
    "map-store|tonic lsm-tree scylla hyper axum map-proto map-server map-gateway"
)

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

# Some crate that is locked, or one that the workspace foresees.
known() { grep -q "^name = \"$1\"$" Cargo.lock || grep -q "^$1 = " Cargo.toml; }

for layer in "${LAYERS[@]}"; do
    crate="${layer%%|*}"
    found="$scratch/$crate.txt"
    cargo tree -p "$crate" -e normal --target all --prefix none --no-dedupe --locked --offline >"$scratch/tree"
    # The crate itself heads its tree; it is not its own dependency.
    awk -v self="$crate" '$1 != self && $1 != "" { print $1 }' "$scratch/tree" | LC_ALL=C sort -u >"$found"
    for name in ${layer#*|}; do
        known "$name" || die "$name is forbidden to $crate, but the workspace knows no such crate: misspelt?"
        ! grep -qx "$name" "$found" ||
            die "$crate reaches $name: $(cargo tree -p "$crate" -e normal --target all --offline -i "$name" --depth 3)"
    done
    compare_list "$CI_DIR/layering/$crate.txt" "$found" "${1:-}"
    [[ "${1:-}" == --bless ]] || say "$crate: $(wc -l <"$found") dependencies, as written"
done

# A crate that doesn't inherit the workspace's lints is checked by none of them. Crates of generated code are not
# ours to style, but even they forbid unsafe code.
readonly GENERATED=" proto/Cargo.toml "
manifests="$(tree_files '*Cargo.toml' | grep -v '^Cargo.toml$')"
[[ -n "$manifests" ]] || die "the workspace has no crate"
for manifest in $manifests; do
    if awk '/^\[/ { here = ($0 == "[lints]") } here && /^workspace *= *true/ { ok = 1 } END { exit !ok }' "$manifest"; then
        continue
    fi
    [[ "$GENERATED" == *" $manifest "* ]] ||
        die "$manifest does not inherit the workspace's lints ([lints] workspace = true)"
    grep -q '^unsafe_code = "forbid"$' "$manifest" || die "$manifest does not forbid unsafe code"
done
