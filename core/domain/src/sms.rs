//! SMS codes: what is remembered of one mobile number, and how long a code is valid. How often one is
//! sent and how often it may be tried stands in [`crate::command::send_sms`] (decision 32).

use crate::{CallerId, CodeDigest, OrderKey, Timestamp};

/// All that is remembered of one mobile number; the header of its own partition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SmsState {
    /// When codes were made to be sent, oldest first, within the last day.
    pub sent: Vec<Timestamp>,
    /// The codes that may still be presented: at most one per caller.
    pub codes: Vec<SmsCode>,
}

/// A code that was sent, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsCode {
    /// A keyed digest of the code.
    pub digest: CodeDigest,
    /// For whom it is valid.
    pub caller: CallerId,
    /// The key under which it was asked for: the same key sends one message.
    pub request: OrderKey,
    /// When it was made to be sent.
    pub sent_at: Timestamp,
    /// Wrong tries so far.
    pub tries: u32,
    /// The key that used it up; that key may present it again, no other.
    pub used_by: Option<OrderKey>,
    /// Whether the message is known to be handed over. One that is not is sent again under its key.
    pub handed_over: bool,
}

/// How long a code is valid, in ms.
const VALID_MS: i64 = 5 * 60 * 1000;

impl SmsCode {
    /// Until when it is valid (exclusive).
    pub const fn expires_at(&self) -> Timestamp {
        self.sent_at.saturating_add_millis(VALID_MS)
    }
}
