//! The gateway against a scripted core: in process, and over sockets where sockets matter.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test stops where it fails"
)]
#![allow(unreachable_pub, reason = "modules of one test binary")]

mod any_bytes;
mod connections;
mod core_health;
mod declared;
mod envelope;
mod fake_core;
mod fields;
mod fixture;
mod golden;
mod load;
mod outcomes;
mod pages;
mod settings;
mod transport;
