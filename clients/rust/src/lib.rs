#![doc = include_str!("../README.md")]

mod client;
mod config;
mod error;
mod retry;

pub use client::MapClient;
pub use config::{ClientConfig, ConfigError};
pub use error::{Error, FieldViolation, Refusal};
pub use map_proto as proto;
pub use map_proto::common::v1::ErrorReason;
pub use retry::RetryPolicy;
