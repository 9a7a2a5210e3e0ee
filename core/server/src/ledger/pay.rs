//! Pay at a terminal (002, 003 线下支付接口; decisions 19–21).

use super::Ledger;
use super::claims::{Asked, Binding, Found, Held};
use super::place::Place;
use super::presented_code::proof;
use super::tries::{Attempt, Halt};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::{Consumer, Paying};
use map_domain::command::pay::{self, Pay, Payer};
use map_domain::order::Order;
use map_domain::{CustomerId, Refusal, Slot};
use map_store::records;
use std::sync::Arc;

/// One payment request, the same for all its attempts.
struct Request {
    asked: Asked,
    paying: Paying,
    place: Place,
}

impl Ledger {
    /// Pays. Answers the payment's order, of this request or of the one it repeats.
    ///
    /// # Errors
    /// [`Failure::Refused`] is durable under the key or about a request that can never succeed;
    /// after [`Failure::OutcomeUnknown`] and [`Failure::Unavailable`] ask again.
    pub async fn pay(self: &Arc<Self>, caller: Caller, paying: Paying) -> Result<Order, Failure> {
        self.to_its_end(|ledger| async move {
            let place = ledger.place(&paying.key)?;
            let request = Request {
                asked: ledger.asked(place.key.slot(Slot::Pay), content::pay(&paying), caller),
                paying,
                place,
            };
            ledger
                .settled_under(&request.asked, |attempt| ledger.try_to_pay(&request, attempt))
                .await
        })
        .await
    }

    async fn try_to_pay(&self, request: &Request, attempt: Attempt) -> Result<Order, Halt> {
        let Request { asked, paying, place } = request;
        let [found] = self.find_for(asked, [&asked.key]).await?;
        let (binding, bound) = match found {
            Found::Closed(order) => {
                place.require_answerable(&order, &asked.caller)?;
                return Err(self.closed(&order, asked));
            }
            Found::Bound(binding) => (binding, true),
            Found::Free => {
                // Only a new payment needs the network and the store: a repeat gets its answer.
                place.require_network(&asked.caller).map_err(Halt::Refused)?;
                place.require_store(&paying.store).map_err(Halt::Refused)?;
                let Some(customer) = self.consumer(&paying.consumer).await? else {
                    return Err(self.decline_unknown(request).await);
                };
                let day = records::business_day(self.core.clock.now());
                (asked.binding(customer, day), false)
            }
        };
        let held = Held {
            binding,
            bound,
            attempt,
        };
        self.pay_from(request, held).await
    }

    /// Pays from the accounts of one customer.
    async fn pay_from(&self, request: &Request, held: Held) -> Result<Order, Halt> {
        let asked = &request.asked;
        let book = self.open_book(held.binding.customer, [&asked.key], None).await?;
        // Before the content is compared: another network does not learn that the key is used.
        match book.order(&asked.key) {
            Some(order) => request.place.require_answerable(order, &asked.caller)?,
            None => require_settleable(request, &held.binding)?,
        }
        held.binding.require_content(&asked.content)?;
        if !book.exists() {
            // A number whose first commit never came: nobody has it.
            return Err(self.decline_unknown(request).await);
        }
        let command = self.pay_command(request, &book.state.customer);
        let decided = pay::decide(&book.state, &command, &self.core.context());
        if decided == Err(Refusal::PinBlockUnreadable) {
            self.alarm_unreadable(&request.place.key).await;
        }
        let (order, _) = self.settle(&book, asked, held, decided).await?;
        Ok(order)
    }

    fn pay_command(&self, request: &Request, customer: &map_domain::Customer) -> Pay {
        let Request { asked, paying, place } = request;
        let payer = match &paying.consumer {
            Consumer::Mobile(_) => Payer::Mobile,
            Consumer::Account(number) => Payer::Account(number.clone()),
        };
        let card = match &paying.consumer {
            Consumer::Mobile(_) => None,
            Consumer::Account(number) => Some(number),
        };
        let code = proof(paying.code.as_ref(), &self.core.secrets, customer, card);
        Pay {
            key: place.key.clone(),
            id: asked.id.clone(),
            content: asked.content,
            caller: asked.caller.id.clone(),
            payer,
            consumer: paying.consumer.as_str().to_owned(),
            code,
            amount: paying.amount,
            network: place.network.clone(),
            seller_active: place.seller_active,
            terminal_active: place.terminal_active,
            store: paying.store.clone(),
            clerk: paying.clerk.clone(),
            purchase: paying.purchase.clone(),
            caller_order: paying.caller_order.clone(),
            remark: paying.remark.clone(),
        }
    }

    /// Closes the key of a payment by nobody we know: the claim itself carries the decline
    /// (decision 20).
    async fn decline_unknown(&self, request: &Request) -> Halt {
        let refusal = match (request.place.seller_active, request.place.terminal_active) {
            (false, _) => Refusal::SellerInactive,
            (true, false) => Refusal::TerminalInactive,
            (true, true) => Refusal::ConsumerUnknown,
        };
        let nobody = map_domain::Customer::new(CustomerId::new([0; 16]), None, self.core.clock.now());
        let command = self.pay_command(request, &nobody);
        let order = pay::declined(&command, refusal, &self.core.context());
        self.decline(&request.asked, &order, refusal).await
    }

    /// The customer a consumer stands for. `None`: nobody.
    pub(super) async fn consumer(&self, consumer: &Consumer) -> Result<Option<CustomerId>, Halt> {
        let store = &*self.core.store;
        match consumer {
            Consumer::Mobile(mobile) => {
                let owner = records::owner_of_mobile(store, mobile)
                    .await
                    .map_err(Halt::read)?;
                Ok(owner.map(|owner| owner.customer))
            }
            Consumer::Account(number) => records::owner_of_account(store, number).await.map_err(Halt::read),
        }
    }
}

/// Refuses to go on with a payment that has no outcome yet to a caller of another network. The very
/// same payment may be its own, made before its network was withdrawn: no "no" while it may happen.
fn require_settleable(request: &Request, binding: &Binding) -> Result<(), Halt> {
    let allowed = request.place.require_network(&request.asked.caller);
    allowed.map_err(|denied| {
        Halt::Final(if binding.content == request.asked.content {
            Failure::OutcomeUnknown
        } else {
            denied
        })
    })
}
