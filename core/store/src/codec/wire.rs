//! The generated messages of `map.storage.v1`. They never leave this crate.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "generated from proto/map/storage/v1"
)]

include!(concat!(env!("OUT_DIR"), "/map.storage.v1.rs"));
