//! Transfer from an instalment card to the cash account (002 转账（到现金账户）接口; decision 27).

use crate::{
    AccountNumber, CallerId, CodeProof, ContentDigest, Context, CustomerState, Decision, Fen, OrderId,
    OrderKey, Refusal,
};

/// Transfer to the cash account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferToCash {
    /// The caller's key.
    pub key: OrderKey,
    /// The order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// The card.
    pub from: AccountNumber,
    /// How much; positive.
    pub amount: Fen,
    /// The payment code.
    pub code: CodeProof,
    /// Whether the caller may omit it although the customer has one.
    pub may_omit_code: bool,
    /// The number of the cash account, where the customer has none.
    pub cash_number: AccountNumber,
    /// As given.
    pub remark: String,
}

/// Decides.
pub fn decide(
    state: &CustomerState,
    command: &TransferToCash,
    context: &Context,
) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
