//! Cancel a payment at the customer's wish (002, 003 线下交易撤销接口; decision 22).
//!
//! The payment is looked for by its serial in the cancellation's own batch; only where nothing is
//! there, and the reference has the form of the platform's order numbers, by that: at the same terminal,
//! in the same batch, and not where two carry it.

use super::Ledger;
use super::claims::{Asked, Binding, Found, Held};
use super::number::is_order_number;
use super::place::Place;
use super::reverse::GivenBack;
use super::tries::{Attempt, Halt};
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::Cancelling;
use map_domain::command::cancel_payment::{self, CancelPayment};
use map_domain::order::Order;
use map_domain::{CustomerId, NetworkId, OrderId, OrderKey, PosKey, Refusal, SerialNumber, Slot};
use map_store::{PartitionId, records};
use std::sync::Arc;

/// One cancellation request, the same for all its attempts.
struct Request {
    asked: Asked,
    cancelling: Cancelling,
    place: Place,
    /// The payment, if the reference is a serial.
    by_serial: OrderKey,
}

/// What the reference leads to.
enum Original {
    /// To no payment of its own that was or will be made: whose affair that is, and why it is declined.
    Nowhere(NetworkId, Refusal),
    /// To a key of this customer.
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
                asked: ledger.asked(place.key.slot(Slot::Cancel), content::cancel(&cancelling), caller),
                by_serial: PosKey {
                    serial,
                    ..place.key.clone()
                }
                .slot(Slot::Pay),
                cancelling,
                place,
            };
            ledger
                .settled_under(&request.asked, |attempt| ledger.try_to_cancel(&request, attempt))
                .await
        })
        .await
    }

    async fn try_to_cancel(&self, request: &Request, attempt: Attempt) -> Result<(OrderId, GivenBack), Halt> {
        let asked = &request.asked;
        let [own, by_serial] = self.find_for(asked, [&asked.key, &request.by_serial]).await?;
        let (binding, bound, payment) = match own {
            Found::Closed(order) => {
                request.place.require_answerable(&order, &asked.caller)?;
                return Err(self.closed(&order, asked));
            }
            Found::Bound(binding) => {
                let original = self.original_bound(request, by_serial, binding.customer).await?;
                (binding, true, original)
            }
            Found::Free => match self.original(request, by_serial).await? {
                Original::In(customer, payment) => {
                    let day = records::business_day(self.core.clock.now());
                    (asked.binding(customer, day), false, Some(payment))
                }
                Original::Nowhere(network, refusal) => {
                    return Err(self.decline_cancellation(request, network, refusal).await?);
                }
            },
        };
        let held = Held {
            binding,
            bound,
            attempt,
        };
        self.cancel_in(request, held, payment).await
    }

    /// Cancels in the partition of the payment's customer.
    async fn cancel_in(
        &self,
        request: &Request,
        held: Held,
        original: Option<OrderKey>,
    ) -> Result<(OrderId, GivenBack), Halt> {
        let asked = &request.asked;
        let keys = std::iter::once(&asked.key).chain(&original);
        let book = self.open_book(held.binding.customer, keys, None).await?;
        let payment = original
            .as_ref()
            .and_then(|key| book.order(key))
            .and_then(Order::payment);
        let network = payment
            .map_or(&request.place.network, |payment| &payment.network)
            .clone();
        match book.order(&asked.key) {
            // What is there belongs to the network it names, wherever the terminal is now.
            Some(own) => request.place.require_answerable(own, &asked.caller)?,
            None => require_network(request, &network, held.bound.then_some(&held.binding))?,
        }
        held.binding.require_content(&asked.content)?;
        let command = command(request, network, original.clone());
        let decided = cancel_payment::decide(&book.state, &command, &self.core.context());
        let (own, decision) = self.settle(&book, asked, held, decided).await?;
        let payment = original.and_then(|key| book.order_after(&decision, &key).cloned());
        let payment = payment.ok_or_else(|| Halt::defect("cancelled, but what?"))?;
        Ok((own.id, GivenBack::of(payment)?))
    }

    /// The payment of a cancellation that is bound. What its order names is for ever, whatever the reference
    /// leads to by now; where no order is there yet, only what lies with the same customer can be it.
    async fn original_bound(
        &self,
        request: &Request,
        by_serial: Found,
        customer: CustomerId,
    ) -> Result<Option<OrderKey>, Halt> {
        if let Some(named) = self.gives_back(&request.asked.key, customer).await? {
            return Ok(Some(named));
        }
        Ok(match self.original(request, by_serial).await? {
            Original::In(other, payment) if other == customer => Some(payment),
            Original::In(..) | Original::Nowhere(..) => None,
        })
    }

    /// What the reference leads to; never a payment of another terminal or batch.
    async fn original(&self, request: &Request, by_serial: Found) -> Result<Original, Halt> {
        let nowhere = |refusal| Ok(Original::Nowhere(request.place.network.clone(), refusal));
        match by_serial {
            Found::Bound(binding) => return Ok(Original::In(binding.customer, request.by_serial.clone())),
            Found::Closed(order) => {
                let network = order
                    .payment()
                    .map_or(&request.place.network, |payment| &payment.network);
                return Ok(Original::Nowhere(network.clone(), Refusal::PaymentNotPaid));
            }
            Found::Free => {}
        }
        if !is_order_number(&request.cancelling.original) {
            return nowhere(Refusal::PaymentNotFound);
        }
        let Ok(id) = OrderId::parse(&request.cancelling.original) else {
            return nowhere(Refusal::PaymentNotFound);
        };
        let found = records::find_by_number(&*self.core.store, &id)
            .await
            .map_err(Halt::read)?;
        let own = &request.place.key;
        let ours =
            |key: &PosKey| key.seller == own.seller && key.terminal == own.terminal && key.batch == own.batch;
        let mut payments = found
            .into_iter()
            .filter_map(|found| match (&found.order.key, found.partition) {
                (OrderKey::Pos(key, Slot::Pay), PartitionId::Customer(customer))
                    if found.order.id == id && ours(key) =>
                {
                    Some((customer, found.order.key))
                }
                _ => None,
            });
        match (payments.next(), payments.next()) {
            (None, _) => nowhere(Refusal::PaymentNotFound),
            (Some((customer, payment)), None) => Ok(Original::In(customer, payment)),
            (Some(_), Some(_)) => nowhere(Refusal::OrderNumberAmbiguous),
        }
    }

    /// Declines a cancellation whose payment has no customer, in the claim itself.
    async fn decline_cancellation(
        &self,
        request: &Request,
        network: NetworkId,
        refusal: Refusal,
    ) -> Result<Halt, Halt> {
        require_network(request, &network, None)?;
        let command = command(request, network, None);
        let order = cancel_payment::declined(&command, refusal, &self.core.context());
        Ok(self.decline(&request.asked, &order, refusal).await)
    }
}

/// Refuses a caller that does not act for the payment's network; nothing is remembered. As with a payment, the
/// cancellation that the key is bound to may be its own: no "no" while it may happen.
fn require_network(request: &Request, network: &NetworkId, bound: Option<&Binding>) -> Result<(), Halt> {
    if request.asked.caller.acts_for(network) {
        return Ok(());
    }
    if bound.is_some_and(|binding| binding.content == request.asked.content) {
        return Err(Halt::Final(Failure::OutcomeUnknown));
    }
    Err(Halt::Refused(Failure::NetworkNotAllowed))
}

fn command(request: &Request, network: NetworkId, original: Option<OrderKey>) -> CancelPayment {
    CancelPayment {
        key: request.place.key.clone(),
        id: request.asked.id.clone(),
        content: request.asked.content,
        caller: request.asked.caller.id.clone(),
        original,
        reference: request.cancelling.original.clone(),
        network,
    }
}
