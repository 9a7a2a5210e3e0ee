//! Open a card online (002 线上开卡接口; decisions 19, 23–26, 32), and what became of an opening.
//!
//! The caller's key is looked up before the SMS code is checked: a burnt code never turns a retry
//! into a refusal. Who asks what became of an opening and is told "nothing" can rely on it where an
//! attempt had taken the key: what has no outcome yet is fenced first and refused when it comes late,
//! and a caller that wants the card after all opens it under a new key. A key that nobody has used is
//! not found and stays free: the question takes none.

use super::book::Asked;
use super::claims::{Binding, Found};
use super::tries::{Halt, Tries};
use super::{Ledger, caller_key};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::Opening;
use map_domain::command::open_card::{self, OpenCard};
use map_domain::order::Order;
use map_domain::{
    Account, ContentDigest, Decision, IdentityDigest, Operation, OrderDetail, OrderId, OrderKey, OrderState,
    ProductId, Timestamp,
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
    caller: Caller,
    opening: Opening,
    key: OrderKey,
    id: OrderId,
    identity: IdentityDigest,
    content: ContentDigest,
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
            let request = Request {
                key: caller_key(&caller.id, Operation::OpenCard, &opening.number),
                id: ledger.next_number(),
                content: content::open_card(&opening, &identity),
                received_at: ledger.core.clock.now(),
                caller,
                opening,
                identity,
            };
            // Who asks what became of this opening waits until it is known.
            let _turn = ledger.requests.take(&request.key).await;
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_open(&request, &tries).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
        })
        .await
    }

    async fn try_to_open(&self, request: &Request, tries: &Tries<'_>) -> Result<Opened, Halt> {
        let Request {
            opening, key, caller, ..
        } = request;
        let [found] = self.find([key]).await?;
        let (binding, bound) = match found {
            Found::Closed(order) => {
                self.replay_closed(&order, &request.content)?;
                return Err(Halt::Final(Failure::Internal(
                    "an opening without a customer is done".to_owned(),
                )));
            }
            Found::Bound(binding) => {
                binding.require_content(&request.content)?;
                (binding, true)
            }
            Found::Free => {
                let proved = self
                    .present_sms_code(&opening.mobile, key, &caller.id, &opening.sms_code)
                    .await?;
                proved.map_err(|refusal| Halt::Refused(refusal.into()))?;
                let customer = self.owner_or_newcomer(&opening.mobile).await?;
                let binding = Binding {
                    customer,
                    content: request.content,
                    day: 0,
                };
                // Taken before the commit: who asks what became of this opening must find the key
                // taken as long as a commit may still come.
                if self.take(key, binding).await? != Found::Bound(binding) {
                    return Err(Halt::Raced);
                }
                (binding, false)
            }
        };
        let book = self
            .open_book(binding.customer, std::slice::from_ref(key), Some(&opening.mobile))
            .await?;
        let asked = Asked {
            key,
            id: &request.id,
            content: &request.content,
            caller: &caller.id,
            bound,
            day: 0,
        };
        let mut decided = Ok(());
        if bound && book.order(key).is_none() {
            decided = self
                .present_sms_code(&opening.mobile, key, &caller.id, &opening.sms_code)
                .await?;
        }
        let command = self.open_command(request)?;
        let decided = decided.and_then(|()| open_card::decide(&book.state, &command, &self.core.context()));
        let decision = self.settle(&book, tries, &asked, decided).await?;
        as_opened(&book.state.accounts, decision)
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
            key: request.key.clone(),
            id: request.id.clone(),
            content: request.content,
            caller: request.caller.id.clone(),
            identity: request.identity,
            product_id: product_id.map_err(|error| Halt::Final(Failure::Internal(error.to_string())))?,
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
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_find_opening(&caller, &key, &id).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
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
        let book = self
            .open_book(binding.customer, std::slice::from_ref(key), None)
            .await?;
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
            (OrderState::Done, None) => Err(Halt::Final(Failure::Internal(
                "an opening without its card".to_owned(),
            ))),
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
fn as_opened(before: &[Account], decision: Decision) -> Result<Opened, Halt> {
    let order = decision.answer.map_err(|refusal| Halt::Final(refusal.into()))?;
    let card = card_of(&order, decision.accounts.iter().chain(before)).cloned();
    let card =
        card.ok_or_else(|| Halt::Final(Failure::Internal("an opening without its card".to_owned())))?;
    let card = Account {
        balance: card.face_value,
        frozen: false,
        ..card
    };
    Ok(Opened {
        at: order.at,
        order,
        card,
        code_locked: false,
    })
}
