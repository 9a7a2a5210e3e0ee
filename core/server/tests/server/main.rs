//! The core server as its callers see it: real services behind the real layers, in process
//! and over sockets, on the store in memory.

#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm,
    reason = "small numbers of a test; an overflow fails it"
)]

mod access;
mod certificates;
mod faults;
mod faulty;
mod harness;
mod layers;
mod lifecycle;
mod log;
mod metadata;
mod metrics;
mod money;
mod networks;
mod opening;
mod operator;
mod order_numbers;
mod outage;
mod pages;
mod patient;
mod pay;
mod proofs;
mod provisioning;
mod reasons;
mod redaction;
mod reports;
mod second_lock;
mod secret;
mod sight;
mod sms;
mod story;
mod undo;
mod web;
mod webhook;
