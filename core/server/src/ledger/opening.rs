//! Open a card online (002 线上开卡接口; decisions 19, 23–26, 32), and what became of an opening.
//!
//! The caller's key is looked up before the SMS code is checked: a burnt code never turns a retry
//! into a refusal. Who asks what became of an opening and is told "nothing" can rely on it where an
//! attempt had taken the key: what has no outcome yet is fenced first and refused when it comes late,
//! and a caller that wants the card after all opens it under a new key. A key that nobody has used is
//! not found and stays free: the question takes none.

use super::claims::{Asked, Found};
use super::tries::{Attempt, Halt};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::Opening;
use map_domain::command::open_card::{self, OpenCard};
use map_domain::order::Order;
use map_domain::{
    Account, Decision, IdentityDigest, Operation, OrderDetail, OrderId, OrderKey, OrderState, ProductId,
    Timestamp,
};
use std::sync::Arc;

/// The product as asked for where neither the request nor the catalogue names one.
const NO_PRODUCT: &str = "default";

/// A card that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// The opening.
    pub order: Order,
    /// The card.
    pub card: Account,
    /// The moment that the card is to be shown at.
    pub at: Timestamp,
    /// Whether the owner's payment code is locked at that moment.
    pub code_locked: bool,
}

/// One opening request, the same for all its attempts.
struct Request {
    asked: Asked,
    opening: Opening,
    identity: IdentityDigest,
    received_at: Timestamp,
}

impl Ledger {
    /// Opens a card. The answer shows it as it was opened, and a repeat shows the same.
    ///
    /// # Errors
    /// [`Failure::Refused`]: not opened, and not to be opened by this request.
    pub async fn open_card(self: &Arc<Self>, caller: Caller, opening: Opening) -> Result<Opened, Failure> {
        self.to_its_end(|ledger| async move {
            let identity = ledger.core.secrets.identity(&opening.identity.0);
            let key = caller_key(&caller.id, Operation::OpenCard, &opening.number);
            let request = Request {
                asked: ledger.asked(key, content::open_card(&opening, &identity), caller),
                received_at: ledger.core.clock.now(),
                opening,
                identity,
            };
            // Who asks what became of this opening waits until it is known.
            let _turn = ledger.requests.take(&request.asked.key).await;
            ledger
                .settled_under(&request.asked, |attempt| ledger.try_to_open(&request, attempt))
                .await
        })
        .await
    }

    async fn try_to_open(&self, request: &Request, attempt: Attempt) -> Result<Opened, Halt> {
        let Request { asked, opening, .. } = request;
        let (mobile, sms_code) = (&opening.mobile, Some(&opening.sms_code));
        let held = self
            .whose(asked, attempt, async {
                self.require_sms_code(asked, mobile, sms_code).await?;
                self.owner_or_newcomer(mobile).await
            })
            .await?;
        // Taken before the commit: who asks what became of this opening must find the key taken as
        // long as a commit may still come.
        if !held.bound {
            self.bind(asked.proof.as_ref()).await?;
        }
        if !held.bound && self.take(&asked.key, held.binding).await? != Found::Bound(held.binding) {
            return Err(Halt::Raced);
        }
        let book = self
            .open_book(held.binding.customer, [&asked.key], Some(mobile))
            .await?;
        let proved = self.present_again(asked, held, &book, mobile, sms_code).await?;
        let command = self.open_command(request)?;
        let decided = proved.and_then(|()| open_card::decide(&book.state, &command, &self.core.context()));
        let (order, decision) = self.settle(&book, asked, held, decided).await?;
        as_opened(order, decision.accounts.iter().chain(&book.state.accounts))
    }

    fn open_command(&self, request: &Request) -> Result<OpenCard, Halt> {
        let catalogue = self.core.catalogue();
        let asked_for = request
            .opening
            .product
            .as_ref()
            .or(catalogue.default_product.as_ref());
        let product = asked_for
            .and_then(|id| catalogue.products.get(id))
            .filter(|product| product.active);
        let product_id = match asked_for {
            Some(id) => Ok(id.clone()),
            None => ProductId::parse(NO_PRODUCT),
        };
        let opening = &request.opening;
        Ok(OpenCard {
            key: request.asked.key.clone(),
            id: request.asked.id.clone(),
            content: request.asked.content,
            caller: request.asked.caller.id.clone(),
            identity: request.identity,
            product_id: product_id.map_err(|error| Halt::defect(error.to_string()))?,
            card_number: self.new_card_number(product)?,
            cash_number: self.new_cash_number()?,
            product: product.cloned(),
            received_at: request.received_at,
            channel: opening.channel.clone(),
            channel_order: opening.channel_order.clone(),
            remark: opening.remark.clone(),
        })
    }

    /// What became of an opening of this caller; the card as it is now.
    ///
    /// # Errors
    /// [`Failure::OpeningNotFound`]: no attempt that had taken the key can open a card any more.
    pub async fn find_opening(self: &Arc<Self>, caller: Caller, number: String) -> Result<Opened, Failure> {
        self.to_its_end(|ledger| async move {
            let key = caller_key(&caller.id, Operation::OpenCard, &number);
            // An attempt in this process is waited for; one elsewhere meets the fence.
            let _turn = ledger.requests.take(&key).await;
            let id = ledger.next_number();
            ledger
                .settled(|_| ledger.try_to_find_opening(&caller, &key, &id))
                .await
        })
        .await
    }

    async fn try_to_find_opening(
        &self,
        caller: &Caller,
        key: &OrderKey,
        id: &OrderId,
    ) -> Result<Opened, Halt> {
        let nothing = || Halt::Final(Failure::OpeningNotFound);
        let now = self.core.clock.now();
        let fence = Order::closure(key.clone(), id.clone(), caller.id.clone(), now);
        let [found] = self.find([key]).await?;
        let binding = match found {
            // A question takes no key: who asks first may open afterwards.
            Found::Closed(_) | Found::Free => return Err(nothing()),
            Found::Bound(binding) => binding,
        };
        let book = self.open_book(binding.customer, [key], None).await?;
        let Some(order) = book.order(key).cloned() else {
            let customer = (!book.exists()).then(|| book.state.customer.clone());
            let fence = Decision {
                customer,
                ..Decision::order(fence)
            };
            self.write(&book, &fence, Vec::new(), 0).await?;
            return Err(nothing());
        };
        match (&order.state, card_of(&order, &book.state.accounts)) {
            (OrderState::Done, Some(card)) => Ok(Opened {
                card: card.clone(),
                order,
                at: now,
                code_locked: book.state.code_locked(),
            }),
            (OrderState::Done, None) => Err(Halt::defect("an opening without its card")),
            (
                OrderState::Declined(_)
                | OrderState::Reversed(_)
                | OrderState::Cancelled(_)
                | OrderState::Closed,
                _,
            ) => Err(nothing()),
        }
    }
}

/// The card of an opening among these accounts.
fn card_of<'a>(order: &Order, accounts: impl IntoIterator<Item = &'a Account>) -> Option<&'a Account> {
    let OrderDetail::Opening(opening) = &order.detail else {
        return None;
    };
    accounts
        .into_iter()
        .find(|account| opening.card.as_ref() == Some(&account.number))
}

/// The card as it was right after its opening, however much was spent since: the same answer
/// for every repeat.
fn as_opened<'a>(order: Order, accounts: impl IntoIterator<Item = &'a Account>) -> Result<Opened, Halt> {
    let card = card_of(&order, accounts).ok_or_else(|| Halt::defect("an opening without its card"))?;
    let card = Account {
        balance: card.face_value,
        frozen: false,
        ..card.clone()
    };
    Ok(Opened {
        at: order.at,
        order,
        card,
        code_locked: false,
    })
}
