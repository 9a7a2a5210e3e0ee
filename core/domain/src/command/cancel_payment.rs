//! Cancel a payment at the customer's wish (002, 003 线下交易撤销接口; decision 22).

use crate::{
    CallerId, ContentDigest, Context, CustomerState, Decision, NetworkId, OrderId, OrderKey, PosKey, Refusal,
};

/// Cancel a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelPayment {
    /// The cancellation's own key.
    pub key: PosKey,
    /// Its order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// The payment, as the service found it by serial or order number; `None`: there is none.
    pub original: Option<OrderKey>,
    /// As asked for.
    pub reference: String,
    /// The terminal's network.
    pub network: NetworkId,
}

/// Decides.
pub fn decide(
    state: &CustomerState,
    command: &CancelPayment,
    context: &Context,
) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
