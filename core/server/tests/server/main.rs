//! The core server as its callers see it: real services behind the real layers, in process
//! and over sockets, on the store in memory.

mod access;
mod harness;
mod layers;
mod lifecycle;
mod operator;
mod provisioning;
mod reasons;
mod redaction;
mod webhook;
