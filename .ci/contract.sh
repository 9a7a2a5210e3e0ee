#!/usr/bin/env bash
# The protobuf contract, by buf: `lint` (builds, lint rules, imports, no file left out) and `breaking` (against
# the last tag). Works offline: the protos import nothing but each other and google/protobuf, which buf carries.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly CI_DIR="$PWD/.ci"
source "$CI_DIR/lib.sh"
buf="$(tool buf)"

scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

lint() {
    "$buf" build -o /dev/null
    "$buf" lint
    # A proto outside the modules of buf.yaml would be checked by nobody.
    tree_files '*.proto' | grep -Ev '(^|/)(tests|fixtures)/' | LC_ALL=C sort >"$scratch/in-tree" || true
    "$buf" ls-files | LC_ALL=C sort >"$scratch/in-modules"
    [[ -s "$scratch/in-modules" ]] || die "buf sees no proto at all"
    diff -u --label "in the tree" --label "known to buf.yaml" "$scratch/in-tree" "$scratch/in-modules" ||
        die "buf.yaml does not cover exactly the tree's protos"
    local strangers
    strangers="$(grep '^proto/' "$scratch/in-modules" | xargs grep -nHE '^[[:space:]]*import ' |
        grep -vE 'import (public )?"(google/protobuf|map)/' || true)"
    [[ -z "$strangers" ]] || die "canonical protos import only each other and google/protobuf:"$'\n'"$strangers"
    say "$(wc -l <"$scratch/in-modules") protos checked"
}

breaking() {
    # On a tagged commit the tag before it counts: a comparison with itself proves nothing.
    local from=HEAD tag
    git rev-parse --quiet --verify HEAD >/dev/null || { say "SKIPPED: there is no commit yet"; return; }
    if git describe --tags --exact-match HEAD >/dev/null 2>&1; then from=HEAD^; fi
    if ! tag="$(git describe --tags --abbrev=0 "$from" 2>/dev/null)"; then
        say "SKIPPED: there is no tag to compare with yet; the first release makes one"
        return
    fi
    git cat-file -e "$tag:buf.yaml" 2>/dev/null || { say "SKIPPED: tag $tag has no buf.yaml"; return; }
    git archive "$tag" | tar -x -C "$scratch"
    "$buf" breaking --against "$scratch"
    say "nothing breaks a caller of $tag"
}

case "${1:-}" in
    lint) lint ;;
    breaking) breaking ;;
    *) die "usage: contract.sh lint|breaking" ;;
esac
