//! What the tests stand on: the binary, a world, servers, a raw HTTP client, a signer of its own.

pub mod binary;
pub mod books;
pub mod call;
pub mod config;
pub mod documents;
pub mod grpc;
pub mod http;
pub mod json;
pub mod keys;
pub mod people;
pub mod poll;
pub mod server;
pub mod shared;
pub mod toml;
pub mod world;

pub use call::{Call, Pos, front_cancel, front_pay, front_undo, gw_cancel, gw_pay, gw_undo};
pub use config::{Door, Mode, Setup};
pub use documents::{Credential, endpoint, endpoints};
pub use grpc::{refused, wait};
pub use http::{Answer, Post, Reply};
pub use json::Json;
pub use people::Customer;
pub use poll::eventually;
pub use server::Server;
pub use shared::Shared;
