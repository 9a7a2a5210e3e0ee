//! Reverse a payment whose outcome the terminal does not know (002, 003 线下交易冲正接口;
//! decision 21). Final whenever it arrives.

use crate::{CallerId, Context, CustomerState, Decision, NetworkId, OrderId, PosKey, Refusal};

/// Reverse a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReversePayment {
    /// The payment's key.
    pub key: PosKey,
    /// The reversal's order number, if it is decided now.
    pub id: OrderId,
    /// Who asks.
    pub caller: CallerId,
    /// The terminal's network.
    pub network: NetworkId,
    /// Whether the key's other slots hold a cancellation or an opening.
    pub holds_other: bool,
}

/// Decides.
pub fn decide(
    state: &CustomerState,
    command: &ReversePayment,
    context: &Context,
) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
