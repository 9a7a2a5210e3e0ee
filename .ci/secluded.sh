#!/usr/bin/env bash
# The tree stands alone: no file names a folder beside it, the machine it was written on, or a download address.
# (Bracketed letters keep the patterns from finding themselves.)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly CI_DIR="$PWD/.ci"
source "$CI_DIR/lib.sh"

readonly PLACES='\.\./shar[e]d|(^|[^[:alnum:]_.-])/wor[k](/|$|[^[:alnum:]_/-])|/wor[k]/(main|shared|briefs)|\.librar[y]/|[w]orkplace'

[[ -n "$(tree_files)" ]] || die "git lists no file"
if git grep --untracked -nIE "$PLACES"; then
    die "the lines above name a place outside the tree"
fi
if tree_files '*package-lock.json' | xargs -r grep -n '"resolved":'; then
    die "a package lock holds versions and checksums, not the addresses of one registry"
fi
ignored="$(git ls-files --cached --ignored --exclude-standard | head -n 5)"
[[ -z "$ignored" ]] || die "committed, though .gitignore says it is built or installed here:"$'\n'"$ignored"
links="$(git ls-files --stage | awk '$1 == "120000"')"
[[ -z "$links" ]] || die "the tree holds symbolic links:"$'\n'"$links"
say "$(tree_files | wc -l) files looked at"
