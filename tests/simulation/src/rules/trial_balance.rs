//! All postings of all entries sum to zero.

use super::Case;

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let postings = case.truth.entries().flat_map(|entry| &entry.postings);
    let total: i64 = postings.map(|posting| posting.amount.get()).sum();
    if total == 0 {
        Vec::new()
    } else {
        vec![format!("it is {total} fen")]
    }
}
