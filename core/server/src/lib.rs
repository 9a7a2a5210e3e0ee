//! The core of MAP: tonic services that authenticate, load, decide, commit and answer.
//!
//! What this crate does not do: decide (`map-domain` does), store (`map-store` and its
//! stores do), know of any call that is not in the canonical protos.

pub mod adapters;
pub mod auth;
pub mod caller;
pub mod catalogue;
pub mod config;
pub mod core;
pub mod failure;
pub mod layers;
pub mod ports;
pub mod secret_file;
pub mod secrets;
mod status;
pub mod telemetry;
