//! The rules of money, seen from outside: tables for each command, and properties over many.
//!
//! One binary; `world` is the little ledger that applies decisions, each checked before.

mod accounts;
mod balance;
mod cancel;
mod codes;
mod conservation;
mod customer;
mod interleavings;
mod opening;
mod operator;
mod pay;
mod reverse;
mod sms;
mod transfer;
mod world;
