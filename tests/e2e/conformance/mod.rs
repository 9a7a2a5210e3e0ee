//! Every sample of the documents end to end, core and gateway together and apart: field order, types,
//! texts, echo. Values of a sample are replaced only where no server could accept them: an ID number that
//! is none, placeholders of signatures and ciphertexts, numbers that the platform hands out.

mod echo;
mod samples;
mod shape;

use std::sync::atomic::{AtomicUsize, Ordering};

/// Conformance cases that ran in this process.
static CASES: AtomicUsize = AtomicUsize::new(0);

/// Counts cases and tells how many there were so far.
fn count(what: &str, cases: usize) {
    let total = CASES.fetch_add(cases, Ordering::Relaxed) + cases;
    crate::harness::keys::say(&format!("conformance: {cases} cases ({what}), {total} so far"));
}
