//! Pay at a terminal (002, 003 线下支付接口; decisions 19–21).

use super::Ledger;
use super::book::Asked;
use super::claims::{Binding, Found};
use super::code::proof;
use super::place::Place;
use super::tries::{Halt, Tries};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::{Consumer, Paying};
use map_domain::command::pay::{self, Pay, Payer};
use map_domain::order::{Order, replay};
use map_domain::{ContentDigest, CustomerId, OrderId, OrderKey, Refusal, Slot};
use map_store::records;
use std::sync::Arc;

/// One payment request, the same for all its attempts.
struct Request {
    caller: Caller,
    paying: Paying,
    place: Place,
    key: OrderKey,
    id: OrderId,
    content: ContentDigest,
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
                key: OrderKey::Pos(place.key.clone(), Slot::Pay),
                id: ledger.next_number(),
                content: content::pay(&paying),
                caller,
                paying,
                place,
            };
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_pay(&request, &tries).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
        })
        .await
    }

    async fn try_to_pay(&self, request: &Request, tries: &Tries<'_>) -> Result<Order, Halt> {
        let [found] = self.find([&request.key]).await?;
        let bound = matches!(found, Found::Bound(_));
        let binding = match found {
            Found::Closed(order) => {
                require_answerable(request, &order)?;
                return self.replay_closed(&order, &request.content);
            }
            Found::Bound(binding) => binding,
            Found::Free => {
                // Only a new payment needs the network and the store: a repeat gets its answer.
                let Request { place, caller, .. } = request;
                place.require_network(caller).map_err(Halt::Refused)?;
                place
                    .require_store(&request.paying.store)
                    .map_err(Halt::Refused)?;
                let Some(customer) = self.consumer(&request.paying.consumer).await? else {
                    return Err(self.decline_unknown(request).await);
                };
                let day = records::business_day(self.core.clock.now());
                Binding {
                    customer,
                    content: request.content,
                    day,
                }
            }
        };
        self.pay_from(binding, bound, request, tries).await
    }

    /// Pays from the accounts of one customer.
    async fn pay_from(
        &self,
        binding: Binding,
        bound: bool,
        request: &Request,
        tries: &Tries<'_>,
    ) -> Result<Order, Halt> {
        let book = self
            .open_book(binding.customer, std::slice::from_ref(&request.key), None)
            .await?;
        // Before the content is compared: another network does not learn that the key is used.
        match book.order(&request.key) {
            Some(order) => require_answerable(request, order)?,
            None => require_settleable(request, &binding)?,
        }
        binding.require_content(&request.content)?;
        if !book.exists() {
            // A number whose first commit never came: nobody has it.
            return Err(self.decline_unknown(request).await);
        }
        let command = self.pay_command(request, &book.state.customer);
        let asked = Asked {
            key: &request.key,
            id: &request.id,
            content: &request.content,
            caller: &request.caller.id,
            bound,
            day: binding.day,
        };
        let decided = pay::decide(&book.state, &command, &self.core.context());
        if decided == Err(Refusal::PinBlockUnreadable) {
            self.alarm_unreadable(&request.place.key).await;
        }
        self.settle(&book, tries, &asked, decided)
            .await?
            .answer
            .map_err(|refusal| Halt::Final(refusal.into()))
    }

    fn pay_command(&self, request: &Request, customer: &map_domain::Customer) -> Pay {
        let Request {
            caller,
            paying,
            place,
            id,
            content,
            ..
        } = request;
        let payer = match &paying.consumer {
            Consumer::Mobile(_) => Payer::Mobile,
            Consumer::Account(number) => Payer::Account(number.clone()),
        };
        let card = match &paying.consumer {
            Consumer::Mobile(_) => None,
            Consumer::Account(number) => Some(number),
        };
        let code = proof(
            paying.code.as_ref(),
            &self.core.secrets,
            customer,
            card,
            self.options.pin_account,
        );
        Pay {
            key: place.key.clone(),
            id: id.clone(),
            content: *content,
            caller: caller.id.clone(),
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
        self.decline(&order, refusal).await
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

    /// The answer of a key that is closed without a customer.
    pub(super) fn replay_closed(&self, order: &Order, content: &ContentDigest) -> Result<Order, Halt> {
        match replay(order, content, &self.core.context()) {
            Ok(decision) => decision
                .answer
                .map_err(|refusal| Halt::Final(Failure::Refused(refusal))),
            Err(refusal) => Err(Halt::Final(Failure::Refused(refusal))),
        }
    }
}

/// Refuses to answer with a payment of another network, but never whoever made it: its repeat is
/// told what became of it, though its network was withdrawn since.
fn require_answerable(request: &Request, order: &Order) -> Result<(), Halt> {
    if order.caller == request.caller.id {
        return Ok(());
    }
    let visible = request.place.require_visible(Some(order), &request.caller);
    visible.map_err(Halt::Final)
}

/// Refuses to go on with a payment that has no outcome yet to a caller of another network. The very
/// same payment may be its own, made before its network was withdrawn: no "no" while it may happen.
fn require_settleable(request: &Request, binding: &Binding) -> Result<(), Halt> {
    let allowed = request.place.require_network(&request.caller);
    allowed.map_err(|denied| {
        Halt::Final(if binding.content == request.content {
            Failure::OutcomeUnknown
        } else {
            denied
        })
    })
}
