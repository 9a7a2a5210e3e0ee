//! The core server as its callers see it: real services behind the real layers, in process
//! and over sockets, on the store in memory.

mod access;
mod harness;
mod layers;
mod lifecycle;
mod log;
mod metrics;
mod operator;
mod patient;
mod provisioning;
mod reasons;
mod redaction;
mod secret;
mod webhook;
