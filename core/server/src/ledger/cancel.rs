//! Cancel a payment at the customer's wish (002, 003 线下交易撤销接口; decision 22).
//!
//! The payment is looked for by its serial in the cancellation's own batch; only where nothing is
//! there, and the reference has the form of the platform's order numbers, by that.

use super::Ledger;
use super::book::Asked;
use super::claims::{Binding, Found};
use super::number::is_order_number;
use super::place::Place;
use super::reverse::GivenBack;
use super::tries::{Halt, Tries};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::Cancelling;
use map_domain::command::cancel_payment::{self, CancelPayment};
use map_domain::order::Order;
use map_domain::{
    ContentDigest, CustomerId, NetworkId, OrderId, OrderKey, PosKey, Refusal, SerialNumber, Slot,
};
use map_store::{PartitionId, records};
use std::sync::Arc;

/// One cancellation request, the same for all its attempts.
struct Request {
    caller: Caller,
    cancelling: Cancelling,
    place: Place,
    key: OrderKey,
    /// The payment, if the reference is a serial.
    by_serial: OrderKey,
    id: OrderId,
    content: ContentDigest,
}

/// What the reference leads to.
enum Original {
    /// Nothing.
    Missing,
    /// A key under which nothing was paid and nothing ever will be.
    NotPaid(NetworkId),
    /// A key of this customer.
    In(CustomerId, OrderKey),
}

impl Ledger {
    /// Cancels a payment in full, once. Asks as little of its caller as a reversal does.
    ///
    /// # Errors
    /// [`Failure::Refused`] is durable. [`Failure::NetworkNotAllowed`]: nothing is remembered.
    pub async fn cancel_payment(
        self: &Arc<Self>,
        caller: Caller,
        cancelling: Cancelling,
    ) -> Result<(OrderId, GivenBack), Failure> {
        self.to_its_end(|ledger| async move {
            let place = ledger.place(&cancelling.key)?;
            let serial = SerialNumber::parse(&cancelling.original);
            let serial = serial.map_err(|e| Failure::Malformed(vec![("original", e.expected.to_owned())]))?;
            let request = Request {
                key: place.key.slot(Slot::Cancel),
                by_serial: PosKey {
                    serial,
                    ..place.key.clone()
                }
                .slot(Slot::Pay),
                id: ledger.next_number(),
                content: content::cancel(&cancelling),
                caller,
                cancelling,
                place,
            };
            let mut tries = Tries::new(&ledger);
            loop {
                let outcome = ledger.try_to_cancel(&request, &tries).await;
                if let Some(answer) = tries.settle(outcome).await {
                    return answer;
                }
            }
        })
        .await
    }

    async fn try_to_cancel(
        &self,
        request: &Request,
        tries: &Tries<'_>,
    ) -> Result<(OrderId, GivenBack), Halt> {
        let [own, by_serial] = self.find([&request.key, &request.by_serial]).await?;
        let original = self.original(request, by_serial).await?;
        let own = match own {
            Found::Closed(order) => {
                let visible = request.place.require_visible(Some(&order), &request.caller);
                visible.map_err(Halt::Final)?;
                self.replay_closed(&order, &request.content)?;
                return Err(Halt::Final(Failure::Internal(
                    "a cancellation without a customer is done".to_owned(),
                )));
            }
            Found::Bound(binding) => Some(binding),
            Found::Free => None,
        };
        let (binding, payment) = match (own, original) {
            // The binding is for ever: what lies elsewhere is not this cancellation's payment.
            (Some(binding), Original::In(customer, payment)) if customer == binding.customer => {
                (binding, Some(payment))
            }
            (Some(binding), _) => (binding, None),
            (None, Original::In(customer, payment)) => {
                let day = records::business_day(self.core.clock.now());
                (
                    Binding {
                        customer,
                        content: request.content,
                        day,
                    },
                    Some(payment),
                )
            }
            (None, Original::Missing) => {
                let network = request.place.network.clone();
                return Err(self
                    .decline_cancellation(request, network, Refusal::PaymentNotFound)
                    .await?);
            }
            (None, Original::NotPaid(network)) => {
                return Err(self
                    .decline_cancellation(request, network, Refusal::PaymentNotPaid)
                    .await?);
            }
        };
        self.cancel_in(request, tries, own.is_some(), binding, payment)
            .await
    }

    /// Cancels in the partition of the payment's customer.
    async fn cancel_in(
        &self,
        request: &Request,
        tries: &Tries<'_>,
        bound: bool,
        binding: Binding,
        original: Option<OrderKey>,
    ) -> Result<(OrderId, GivenBack), Halt> {
        let keys: Vec<OrderKey> = std::iter::once(request.key.clone())
            .chain(original.clone())
            .collect();
        let book = self.open_book(binding.customer, &keys, None).await?;
        let payment = original
            .as_ref()
            .and_then(|key| book.order(key))
            .and_then(Order::payment);
        let network = payment
            .map_or(&request.place.network, |payment| &payment.network)
            .clone();
        match book.order(&request.key) {
            // What is there belongs to the network it names, wherever the terminal is now.
            Some(own) => {
                let visible = request.place.require_visible(Some(own), &request.caller);
                visible.map_err(Halt::Final)?;
            }
            None => require_network(request, &network)?,
        }
        binding.require_content(&request.content)?;
        let command = command(request, network, original.clone());
        let asked = Asked {
            key: &request.key,
            id: &request.id,
            content: &request.content,
            caller: &request.caller.id,
            bound,
            day: binding.day,
        };
        let decided = cancel_payment::decide(&book.state, &command, &self.core.context());
        let decision = self.settle(&book, tries, &asked, decided).await?;
        let payment = original.and_then(|key| {
            let written = decision.orders.iter().find(|order| order.key == key);
            written.or_else(|| book.order(&key)).cloned()
        });
        let own = decision.answer.map_err(|refusal| Halt::Final(refusal.into()))?;
        let payment =
            payment.ok_or_else(|| Halt::Final(Failure::Internal("cancelled, but what?".to_owned())))?;
        Ok((own.id, GivenBack::of(payment)?))
    }

    /// What the reference leads to; never a payment of another terminal.
    async fn original(&self, request: &Request, by_serial: Found) -> Result<Original, Halt> {
        match by_serial {
            Found::Bound(binding) => return Ok(Original::In(binding.customer, request.by_serial.clone())),
            Found::Closed(order) => {
                let network = order
                    .payment()
                    .map_or(&request.place.network, |payment| &payment.network);
                return Ok(Original::NotPaid(network.clone()));
            }
            Found::Free => {}
        }
        if !is_order_number(&request.cancelling.original) {
            return Ok(Original::Missing);
        }
        let Ok(id) = OrderId::parse(&request.cancelling.original) else {
            return Ok(Original::Missing);
        };
        let found = records::find_by_number(&*self.core.store, &id)
            .await
            .map_err(Halt::read)?;
        let ours = |key: &PosKey| {
            key.seller == request.place.key.seller && key.terminal == request.place.key.terminal
        };
        let original = found
            .into_iter()
            .find_map(|found| match (&found.order.key, found.partition) {
                (OrderKey::Pos(key, Slot::Pay), PartitionId::Customer(customer))
                    if found.order.id == id && ours(key) =>
                {
                    Some(Original::In(customer, found.order.key))
                }
                _ => None,
            });
        Ok(original.unwrap_or(Original::Missing))
    }

    /// Declines a cancellation whose payment has no customer, in the claim itself.
    async fn decline_cancellation(
        &self,
        request: &Request,
        network: NetworkId,
        refusal: Refusal,
    ) -> Result<Halt, Halt> {
        require_network(request, &network)?;
        let command = command(request, network, None);
        let order = cancel_payment::declined(&command, refusal, &self.core.context());
        Ok(self.decline(&order, refusal).await)
    }
}

/// Refuses a caller that does not act for the payment's network; nothing is remembered.
fn require_network(request: &Request, network: &NetworkId) -> Result<(), Halt> {
    if request.caller.acts_for(network) {
        Ok(())
    } else {
        Err(Halt::Final(Failure::NetworkNotAllowed))
    }
}

fn command(request: &Request, network: NetworkId, original: Option<OrderKey>) -> CancelPayment {
    CancelPayment {
        key: request.place.key.clone(),
        id: request.id.clone(),
        content: request.content,
        caller: request.caller.id.clone(),
        original,
        reference: request.cancelling.original.clone(),
        network,
    }
}
