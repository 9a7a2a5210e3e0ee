//! Why a call fails: one enum. `status.rs` makes a gRPC status of it, in one place;
//! internal text never reaches a caller.

use map_domain::{OrderId, Refusal};
use map_store::StoreError;
use std::time::Duration;

/// Why a call fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Fields are missing or malformed: (field path, what is expected).
    Malformed(Vec<(&'static str, String)>),
    /// A provisioning document has errors: (place in the document, what is wrong there).
    InvalidDocument(Vec<(String, String)>),
    /// No or an unknown bearer key.
    Unauthenticated,
    /// The caller, or the one it acts for, is unknown or deactivated.
    CallerInactive,
    /// The role may not do this.
    PermissionDenied,
    /// The terminal belongs to a network the caller may not act for.
    NetworkNotAllowed,
    /// Seller, store and terminal are unknown or do not belong together.
    TerminalUnknown,
    /// What the caller presented to authorise this request was first used for another one, and is good for
    /// that one only.
    ProofReused,
    /// The caller made no opening under this key.
    OpeningNotFound,
    /// The SMS provider did not take the message.
    SmsNotSent,
    /// This installation does not do this.
    NotSupported,
    /// The catalogue is not at the revision that the caller expects; nothing was changed.
    CatalogueChanged {
        /// What the caller expects.
        expected: u64,
        /// What it is.
        current: u64,
    },
    /// The domain refused (durable where it has to be).
    Refused(Refusal),
    /// The same, because of what the key holds already.
    KeyHolds {
        /// Why.
        refusal: Refusal,
        /// The order under the key. The caller may see it.
        order: OrderId,
    },
    /// Too many SMS codes for a number: none before this time is over.
    TooSoon(Duration),
    /// The domain refused a read: the thing does not exist (gRPC NOT_FOUND).
    NotFound(Refusal),
    /// Too much work at once; nothing was done.
    Overloaded,
    /// The store can't be read or written, and nothing was applied by this attempt.
    Unavailable,
    /// The outcome was not settled in time.
    OutcomeUnknown,
    /// A defect. The text is for the log only.
    Internal(String),
}

impl Failure {
    /// Whether it is an answer to the request; else the request has none yet, and may be asked again.
    pub const fn is_decided(&self) -> bool {
        match self {
            Self::Malformed(_)
            | Self::InvalidDocument(_)
            | Self::Unauthenticated
            | Self::CallerInactive
            | Self::PermissionDenied
            | Self::NetworkNotAllowed
            | Self::TerminalUnknown
            | Self::ProofReused
            | Self::OpeningNotFound
            | Self::SmsNotSent
            | Self::NotSupported
            | Self::CatalogueChanged { .. }
            | Self::Refused(_)
            | Self::KeyHolds { .. }
            | Self::TooSoon(_)
            | Self::NotFound(_) => true,
            Self::Overloaded | Self::Unavailable | Self::OutcomeUnknown | Self::Internal(_) => false,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotApplied(reason) => {
                tracing::info!(reason, "not applied by the store");
                Self::Unavailable
            }
            StoreError::OutcomeUnknown(reason) => {
                tracing::warn!(reason, "the store does not know the outcome");
                Self::OutcomeUnknown
            }
            StoreError::Damaged(place) => Self::Internal(format!("store damaged: {place}")),
        }
    }
}
