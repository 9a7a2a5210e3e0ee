//! Set, reset or unlock a payment code (decision 32). The SMS code is checked before, in its own
//! partition.

use crate::{
    CallerId, CodeDigest, ContentDigest, Context, CustomerState, Decision, IdentityDigest, OrderId, OrderKey,
    Refusal,
};

/// What is done with the payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Set or change it.
    Set(CodeDigest),
    /// Reset and unlock it; the identity must match where one is on file.
    Reset {
        /// The new code.
        digest: CodeDigest,
        /// Who says so.
        identity: Option<IdentityDigest>,
    },
    /// Unlock it (operator).
    Unlock,
}

/// Change a payment code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangePaymentCode {
    /// The caller's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked, without the code.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// What is done.
    pub change: Change,
}

/// Decides.
pub fn decide(
    state: &CustomerState,
    command: &ChangePaymentCode,
    context: &Context,
) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
