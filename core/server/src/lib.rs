//! The core of MAP: tonic services that authenticate, load, decide, commit and answer.
//!
//! What this crate does not do: decide (`map-domain` does), store (`map-store` and its
//! stores do), know of any call that is not in the canonical protos.

pub mod adapters;
pub mod auth;
pub mod caller;
pub mod catalogue;
pub mod config;
pub mod content;
pub mod core;
mod cors;
pub mod failure;
mod health;
pub mod layers;
pub mod ledger;
pub mod ports;
mod provisioning;
pub mod secret_file;
pub mod secrets;
pub mod server;
mod services;
mod socket;
mod status;
pub mod telemetry;
pub mod validate;
mod watcher;

pub use config::CoreConfig;
pub use provisioning::{EdgeValidator, validate_document};
pub use server::{CoreServer, InProcess, Options, Ports, StartError};
