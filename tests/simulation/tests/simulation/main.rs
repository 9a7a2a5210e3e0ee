//! The simulation: what holds of every seed, and that the rules would say so if it did not.

#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "small numbers of a test; an overflow fails it"
)]

mod rules;
mod seeds;
