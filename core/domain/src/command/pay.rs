//! Pay at a terminal (002, 003 线下支付接口; decisions 19–21, 25–28).

use crate::order::Purchase;
use crate::{
    AccountNumber, CallerId, CodeProof, ContentDigest, Context, CustomerState, Decision, Fen, NetworkId,
    OrderId, PosKey, Refusal, StoreId,
};

/// Which account pays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payer {
    /// A mobile number: discount cards first, then the cash account.
    Mobile,
    /// This account.
    Account(AccountNumber),
}

/// Pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pay {
    /// The payment's key.
    pub key: PosKey,
    /// Its order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks.
    pub caller: CallerId,
    /// Which account pays.
    pub payer: Payer,
    /// As asked for: a mobile or account number.
    pub consumer: String,
    /// The payment code.
    pub code: CodeProof,
    /// How much; positive.
    pub amount: Fen,
    /// The terminal's network.
    pub network: NetworkId,
    /// Whether the seller accepts payments.
    pub seller_active: bool,
    /// Whether the terminal accepts payments.
    pub terminal_active: bool,
    /// The store.
    pub store: StoreId,
    /// Who served the customer.
    pub clerk: String,
    /// What is bought.
    pub purchase: Purchase,
    /// The caller's own order number.
    pub caller_order: String,
    /// As given.
    pub remark: String,
}

/// Decides.
pub fn decide(state: &CustomerState, command: &Pay, context: &Context) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
