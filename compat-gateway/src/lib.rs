//! The compatibility gateway: the documented JSON calls of the legacy contract in, gRPC out.
//!
//! The contract is declared once, in `proto/map/legacy/v1`; `map-gateway-codegen` turns it into endpoint
//! tables and conversions ([`contract`]). The rest is written once for all endpoints:
//!
//! - [`listener`]: connections, TLS, limits, drain; a call without an answer closes its connection;
//! - [`Gateway`]: one request from first byte to last;
//! - `envelope`: opens a body in the documented order and says why it was refused;
//! - `codec`: one file for each way to read or print a value;
//! - [`directory`]: who may call, with keys parsed once; [`settings`]: the schema of what callers set;
//! - [`Core`]: the canonical services, in process or over a channel.
//!
//! What it deliberately does not do: decide anything about money. It refuses what can never succeed, and
//! leaves every other decision, and all state, to the core.

mod answer;
mod call;
mod clock;
mod codec;
pub mod config;
pub mod contract;
mod core;
mod core_health;
pub mod directory;
mod envelope;
mod gateway;
mod json;
pub mod listener;
mod load;
mod outcome;
mod pages;
mod pool;
mod refresh;
mod refusal;
mod secret;
pub mod settings;
pub mod telemetry;
mod texts;

pub use clock::{Clock, SystemClock};
pub use config::{GatewayConfig, ListenerConfig};
pub use core::Core;
pub use gateway::{Gateway, GatewayError};
pub use listener::{Listener, ListenerContext, NoAnswer};
pub use map_listener::{BindError, TlsConfig};
pub use refusal::Refusal;
pub use secret::Secret;
pub use settings::{EdgeError, EdgeSettings, validate_edge_settings};
