//! Open a card online (002 线上开卡接口; decisions 24–26, 32).

use crate::catalogue::Product;
use crate::{
    AccountNumber, CallerId, ContentDigest, Context, CustomerState, Decision, IdentityDigest, OrderId,
    OrderKey, Refusal, Timestamp,
};

/// Open a card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenCard {
    /// The caller's key.
    pub key: OrderKey,
    /// The opening's order number, if it is decided now.
    pub id: OrderId,
    /// What was asked.
    pub content: ContentDigest,
    /// Who asks, and owes the price.
    pub caller: CallerId,
    /// Who opens.
    pub identity: IdentityDigest,
    /// The product; `None`: there is none on sale under the identifier.
    pub product: Option<Product>,
    /// The product as asked for.
    pub product_id: crate::ProductId,
    /// The number of the new card.
    pub card_number: AccountNumber,
    /// The number of the cash account, where the customer has none.
    pub cash_number: AccountNumber,
    /// When the request came in: it can't be committed after its deadline.
    pub received_at: Timestamp,
    /// The sales channel, a record.
    pub channel: String,
    /// The sales channel's order number, a record.
    pub channel_order: String,
    /// As given.
    pub remark: String,
}

/// Decides.
pub fn decide(state: &CustomerState, command: &OpenCard, context: &Context) -> Result<Decision, Refusal> {
    let _ = (state, command, context);
    unimplemented!()
}
