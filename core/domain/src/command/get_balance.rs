//! A balance as a terminal asks for it (002, 003 线下查询余额接口). It moves nothing, but a wrong
//! payment code counts as an attempt, once for each POS key (decision 32).

use crate::command::pay::Payer;
use crate::{CallerId, CodeProof, Context, CustomerState, Decision, OrderId, PosKey, Refusal};

/// Ask for a balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetBalance {
    /// The query's key; not used up.
    pub key: PosKey,
    /// The order number under which a wrong code is remembered.
    pub id: OrderId,
    /// Who asks.
    pub caller: CallerId,
    /// Of which account; a mobile number means the cash account.
    pub payer: Payer,
    /// The payment code.
    pub code: CodeProof,
    /// Whether the caller must present one (a POS network must, an app need not).
    pub code_required: bool,
}

/// Decides.
pub fn decide(state: &CustomerState, command: &GetBalance, context: &Context) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
