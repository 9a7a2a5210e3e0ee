//! A client of the documented JSON calls: typed requests and answers for each endpoint, generated from the
//! same facade protos as the gateway, and the signing and encryption that the documents ask for.
//!
//! ```no_run
//! use map_legacy_client::{Caller, Client, PaymentCode, generated::FrontPayRequest};
//!
//! # async fn pay() -> Result<(), Box<dyn std::error::Error>> {
//! let client = Client::new("http://127.0.0.1:8080", Caller::network("0123456789ABCDEFFEDCBA9876543210")?)?;
//! let paid = client
//!     .call(&FrontPayRequest {
//!         consumer_id: "13912345678".into(),
//!         payment_code_des: PaymentCode::new("246810"),
//!         sum: 5000,
//!         seller_id: "SH12345".into(),
//!         store_id: "ST12345".into(),
//!         terminal_id: "ZJ000001".into(),
//!         operator_id: "zhangsan".into(),
//!         batch_no: "1".into(),
//!         terminal_order_id: "42".into(),
//!         ..Default::default()
//!     })
//!     .await?;
//! assert_eq!(paid.order.sum, 5000);
//! # Ok(())
//! # }
//! ```
//!
//! What it deliberately does not do: retry. After [`CallError::NoAnswer`] the outcome is unknown, and only
//! the program that calls knows whether to send the same numbers again or to reverse them. It speaks plain
//! HTTP/1; put a TLS proxy in front where the gateway is remote.

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
