//! Put money from outside on the cash account: the caller owes it from now on.

use crate::{
    AccountNumber, CallerId, ContentDigest, Context, CustomerState, Decision, Fen, OrderId, OrderKey, Refusal,
};

/// Top up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopUp {
    /// The caller's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks, and owes the money.
    pub caller: CallerId,
    /// How much; positive.
    pub amount: Fen,
    /// The number of the cash account, where the customer has none.
    pub cash_number: AccountNumber,
    /// As given.
    pub remark: String,
}

/// Decides.
pub fn decide(state: &CustomerState, command: &TopUp, context: &Context) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
