//! Seeded simulation of MAP: clients of every sort, two servers, one store with faults, one clock that
//! jumps; then the rules, computed from what the clients were told.
//!
//! One seed is one run, in one thread, with paused time: the same seed gives the same run. A run that
//! breaks a rule is shortened to the operations that it takes ([`shorten`]).
//!
//! What this crate does not do: measure, use a disk or a socket, or look into a server. All it has of one
//! is its calls' answers, and at the end the rows of the store.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test is blunt: what can't be stops it, small numbers do not overflow"
)]

pub mod client;
pub mod history;
pub mod many;
pub mod outcome;
pub mod plan;
pub mod planted;
pub mod ports;
pub mod request;
pub mod rules;
pub mod run;
pub mod shorten;
pub mod truth;
pub mod world;
