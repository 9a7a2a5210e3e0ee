#![doc = include_str!("../README.md")]

mod caller;
mod client;
pub mod contract;
/// The endpoints: tables, requests, answers.
#[rustfmt::skip]
#[allow(clippy::all, reason = "generated code")]
pub mod generated;
mod payment_code;
mod sign;
mod stamp;

pub use caller::{Caller, CallerError, PaymentCodeForm};
pub use client::{CallError, Client, ClientError};
pub use contract::{Endpoint, Request};
pub use payment_code::PaymentCode;
pub use sign::{SignError, Signer};
pub use stamp::{Stamps, SystemStamps};

pub use map_legacy_crypto::Charset;
pub use map_legacy_crypto::signature::Algorithm;
pub use map_legacy_crypto::triple_des::KeyMode;
