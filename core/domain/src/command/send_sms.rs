//! Send an SMS code, and present one (decision 32). Both look at one mobile number's own partition.

use crate::sms::SmsState;
use crate::{CallerId, CodeDigest, Context, OrderKey, Refusal, Timestamp};

/// Send a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendSmsCode {
    /// The caller's key: the same key sends one message.
    pub key: OrderKey,
    /// For whom the code will be valid.
    pub caller: CallerId,
    /// A keyed digest of the code to be sent.
    pub digest: CodeDigest,
}

/// What comes of asking for a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Write this, then send it.
    Send {
        /// The new state.
        state: SmsState,
        /// Until when the code is valid.
        expires_at: Timestamp,
    },
    /// The same key sent it before; nothing to write, nothing to send.
    Already {
        /// Until when the code is valid.
        expires_at: Timestamp,
    },
}

/// Decides whether a code is sent.
pub fn decide(state: &SmsState, command: &SendSmsCode, context: &Context) -> Result<Sent, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}

/// Present a code under the key of the order that needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentSmsCode {
    /// The order that needs it.
    pub key: OrderKey,
    /// Who presents it.
    pub caller: CallerId,
    /// A keyed digest of what was presented.
    pub digest: CodeDigest,
}

/// What comes of presenting a code: the new state to write (a wrong try counts), and whether it is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// The new state; `None`: nothing changes.
    pub state: Option<SmsState>,
    /// Right, or refused.
    pub answer: Result<(), Refusal>,
}

/// Decides whether a presented code is right.
pub fn present(state: &SmsState, command: &PresentSmsCode, context: &Context) -> Presented {
    let _ = (state, command, context);
    unimplemented!()
}
