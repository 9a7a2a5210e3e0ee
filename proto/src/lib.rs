//! The canonical contract of MAP: the code generated from `map/**.proto`, the descriptor set for
//! reflection and tools, and the few words of the contract that protos can't hold: metadata keys,
//! and how reasons are named in errors.
//!
//! What this crate does not do: anything. Rules live in `map-domain`, services in
//! `map-server`, the documented JSON calls in `map-gateway`.

/// The descriptor set of all canonical protos, encoded, comments included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/map.bin"));

pub mod metadata;
mod reason;
mod redact;

pub use reason::ERROR_DOMAIN;

macro_rules! areas {
    ($($(#[$doc:meta])* $area:ident),* $(,)?) => {$(
        $(#[$doc])*
        pub mod $area {
            /// Version 1.
            #[allow(missing_docs, clippy::all, reason = "generated code")]
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/map.", stringify!($area), ".v1.rs"));
            }
        }
    )*};
}

areas! {
    /// Words that several areas share.
    common,
    /// Accounts, balances, statements.
    account,
    /// Customers, payment codes, SMS codes.
    customer,
    /// Payments.
    payment,
    /// Opening cards.
    opening,
    /// Transfers and top-ups.
    transfer,
    /// Products, sellers, stores, terminals.
    catalog,
    /// Operators' acts and views.
    operator,
    /// Callers and catalogue as one document.
    provisioning,
}
