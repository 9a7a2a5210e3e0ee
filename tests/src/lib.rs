//! End-to-end, conformance, crash and fault tests of MAP: black-box tests of the real binary over real
//! sockets, written from the documents. The tests are in `e2e/`; here is what they stand on, and the series
//! of kills that both they and `crash-series` run.
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
    clippy::new_without_default,
    missing_docs,
    reason = "what tests stand on may be as blunt as the tests themselves"
)]

pub mod crash;
pub mod harness;
