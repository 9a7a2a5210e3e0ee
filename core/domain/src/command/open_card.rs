//! Open a card online (002 线上开卡接口; decisions 24–26, 32).

use crate::catalogue::Product;
use crate::order::{OpeningDetail, replay};
use crate::posting::{Movement, negative, to_account};
use crate::{
    Account, AccountNumber, CallerId, ContentDigest, Context, Customer, CustomerState, Decision, EntryKind,
    EventKind, Fen, IdentityDigest, LedgerAccount, Order, OrderDetail, OrderId, OrderKey, OrderState,
    Posting, Refusal, Timestamp,
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

/// Decides. Every refusal is a declined order under the key: an opening that was told to have failed can't
/// happen later. The header is written even then, for the customer may be a new one.
///
/// # Errors
/// What [`replay`] says of a key that was used.
pub fn decide(state: &CustomerState, command: &OpenCard, context: &Context) -> Result<Decision, Refusal> {
    if let Some(order) = state.order(&command.key) {
        return replay(order, &command.content, context);
    }
    open(state, command, context).or_else(|refusal| {
        let decline = Decision {
            customer: Some(state.customer.clone()),
            ..Decision::order(declined(command, refusal, context))
        };
        if refusal != Refusal::IdentityMismatch {
            return Ok(decline);
        }
        Ok(decline.event(EventKind::IdentityMismatch, state.customer.id, context.now))
    })
}

/// The declined order of an opening, for a key that no customer's partition holds, too.
pub fn declined(command: &OpenCard, refusal: Refusal, context: &Context) -> Order {
    order(command, OrderState::Declined(refusal), None, context.now)
}

fn open(state: &CustomerState, command: &OpenCard, context: &Context) -> Result<Decision, Refusal> {
    let now = context.now;
    if now.millis_since(command.received_at) > context.policy.opening_deadline_ms {
        return Err(Refusal::OpeningExpired);
    }
    let on_sale = command.product.as_ref().filter(|product| product.active);
    let product = on_sale.ok_or(Refusal::ProductUnknown)?;
    if state
        .customer
        .identity
        .is_some_and(|known| known != command.identity)
    {
        return Err(Refusal::IdentityMismatch);
    }
    let card = Account::card(command.card_number.clone(), product, command.caller.clone(), now);
    let mut accounts = vec![card];
    if state.cash().is_none() {
        accounts.push(Account::cash(
            command.cash_number.clone(),
            command.caller.clone(),
            now,
        ));
    }
    let customer = Customer {
        identity: Some(command.identity),
        ..state.customer.clone()
    };
    let movement = Movement {
        order: &command.id,
        kind: EntryKind::Opening,
        at: now,
    };
    let moved = movement.post(&customer, accounts, postings(command, product)?)?;
    let card = Some(command.card_number.clone());
    Ok(Decision::order(order(command, OrderState::Done, card, now)).moved(moved))
}

/// The card has its face value; the caller owes the price; the difference is given away.
fn postings(command: &OpenCard, product: &Product) -> Result<Vec<Posting>, Refusal> {
    let granted = product
        .price
        .checked_sub(product.face_value)
        .ok_or(Refusal::AmountOutOfRange)?;
    let mut postings = vec![
        to_account(&command.card_number, product.face_value),
        Posting {
            ledger: LedgerAccount::CallerReceivable(command.caller.clone()),
            amount: negative(product.price)?,
        },
    ];
    if granted != Fen::ZERO {
        let ledger = LedgerAccount::DiscountGranted(product.id.clone());
        postings.push(Posting {
            ledger,
            amount: granted,
        });
    }
    Ok(postings)
}

fn order(command: &OpenCard, state: OrderState, card: Option<AccountNumber>, at: Timestamp) -> Order {
    Order {
        key: command.key.clone(),
        id: command.id.clone(),
        content: command.content,
        caller: command.caller.clone(),
        at,
        state,
        detail: OrderDetail::Opening(OpeningDetail {
            card,
            product: command.product_id.clone(),
            channel: command.channel.clone(),
            channel_order: command.channel_order.clone(),
            remark: command.remark.clone(),
        }),
    }
}
