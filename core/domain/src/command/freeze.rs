//! An operator freezes an account, or lifts the freeze.

use crate::{
    AccountNumber, CallerId, ContentDigest, Context, CustomerState, Decision, OrderId, OrderKey, Refusal,
};

/// Freeze an account or lift the freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The operator's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Which operator.
    pub caller: CallerId,
    /// Which account.
    pub account: AccountNumber,
    /// True: freeze; false: lift.
    pub frozen: bool,
}

/// Decides.
pub fn decide(state: &CustomerState, command: &Freeze, context: &Context) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
