//! The rules of money, seen from outside: tables for each command, and properties over many.
//!
//! One binary; `world` is the little ledger that applies decisions, each checked before.

#![cfg(test)]
#![allow(
    clippy::arithmetic_side_effects,
    reason = "small numbers of a test; an overflow fails it"
)]

mod accounts;
mod balance;
mod cancel;
mod codes;
mod conservation;
mod interleavings;
mod opening;
mod operator;
mod pay;
mod reverse;
mod second_lock;
mod sms;
mod transfer;
mod world;
