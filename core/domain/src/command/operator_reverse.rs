//! An operator gives a payment back, however old it is.

use crate::{CallerId, ContentDigest, Context, CustomerState, Decision, OrderId, OrderKey, Refusal};

/// Reverse a payment as an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorReverse {
    /// The operator's key.
    pub key: OrderKey,
    /// The reversal's order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Which operator.
    pub caller: CallerId,
    /// The payment's key.
    pub payment: OrderKey,
}

/// Decides.
pub fn decide(
    state: &CustomerState,
    command: &OperatorReverse,
    context: &Context,
) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
