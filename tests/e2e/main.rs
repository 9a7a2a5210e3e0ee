//! End-to-end tests of the real binary over real sockets, written from the documents (see
//! `tests/README.md` for the table of rules and tests).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    clippy::print_stderr,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    reason = "tests: helpers outside #[test] functions may be as blunt as the tests themselves"
)]

mod by_hand;
mod conformance;
mod crash;
mod decisions;
mod faults;
mod refusals;
mod request_id;
#[cfg(feature = "otel")]
mod traces;

use map_tests::harness;
