//! `map check` finds nothing wrong.

use super::Case;

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    case.truth
        .report
        .problems
        .iter()
        .map(ToString::to_string)
        .collect()
}
