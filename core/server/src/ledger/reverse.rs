//! Reverse a payment whose outcome the terminal does not know (002, 003 线下交易冲正接口; decision 21).
//!
//! Final whenever it arrives. A payment that is there is given back. A key that is bound but
//! holds nothing yet gets a fence in its customer's partition, a key that is free is closed by
//! its claim; either way the late payment finds the way barred. What a claim says never
//! changes, so a repeated reversal gets the same answer.

use super::Ledger;
use super::claims::{Binding, Found};
use super::place::Place;
use super::proofs::proof_claim;
use super::tries::Halt;
use crate::caller::Caller;
use crate::content;
use crate::failure::Failure;
use crate::validate::TerminalKey;
use map_domain::command::reverse_payment::{self, ReversePayment};
use map_domain::order::{LifeStep, Order};
use map_domain::{EventKind, NetworkId, OrderId, OrderState, Slot};
use std::sync::Arc;

/// A payment that was given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenBack {
    /// The step that gave it back: its own order number, its time, the account right after.
    pub step: LifeStep,
    /// The payment as it is now.
    pub payment: Order,
}

impl GivenBack {
    /// From the payment as it is now.
    pub(super) fn of(payment: Order) -> Result<Self, Halt> {
        match &payment.state {
            OrderState::Reversed(step) | OrderState::Cancelled(step) => Ok(Self {
                step: step.clone(),
                payment,
            }),
            OrderState::Done | OrderState::Declined(_) | OrderState::Closed => {
                Err(Halt::defect("given back, but the payment does not say so"))
            }
        }
    }
}

/// One reversal request, the same for all its attempts.
struct Request {
    caller: Caller,
    place: Place,
    id: OrderId,
}

impl Ledger {
    /// Reverses a payment. Asks less of its caller than other calls: neither its store nor
    /// anybody's activity is looked at (decision 17).
    ///
    /// # Errors
    /// [`Failure::Refused`] is durable. [`Failure::NetworkNotAllowed`]: nothing is remembered.
    pub async fn reverse_payment(
        self: &Arc<Self>,
        caller: Caller,
        key: TerminalKey,
    ) -> Result<GivenBack, Failure> {
        self.to_its_end(|ledger| async move {
            let place = ledger.place(&key)?;
            let request = Request {
                caller,
                place,
                id: ledger.next_number(),
            };
            // First of all: most of what a reversal does, it does by claims, each on its own.
            let key = request.place.key.slot(Slot::Pay);
            let proof = proof_claim(&request.caller, &key, content::reverse());
            ledger.bound(proof.as_ref()).await?;
            ledger.settled(|_| ledger.try_to_reverse(&request)).await
        })
        .await
    }

    async fn try_to_reverse(&self, request: &Request) -> Result<GivenBack, Halt> {
        let key = &request.place.key;
        let slots = [Slot::Pay, Slot::Cancel, Slot::Open].map(|slot| key.slot(slot));
        let [pay, others @ ..] = self.find([&slots[0], &slots[1], &slots[2]]).await?;
        match pay {
            Found::Bound(binding) => self.reverse_bound(request, binding, others).await,
            Found::Closed(order) => {
                request.place.require_answerable(&order, &request.caller)?;
                Err(self.reverse_closed(request, &order, others).await?)
            }
            Found::Free => {
                request
                    .place
                    .require_network(&request.caller)
                    .map_err(Halt::Refused)?;
                let closure = self.closure(request, Slot::Pay);
                match self.close(&closure).await? {
                    Found::Closed(held) if *held == closure => {
                        Err(self.reverse_closed(request, &closure, others).await?)
                    }
                    Found::Closed(_) | Found::Bound(_) | Found::Free => Err(Halt::Raced),
                }
            }
        }
    }

    /// Where the key is bound: a reversal or a fence, by one commit of that partition.
    async fn reverse_bound(
        &self,
        request: &Request,
        binding: Binding,
        others: [Found; 2],
    ) -> Result<GivenBack, Halt> {
        let key = request.place.key.slot(Slot::Pay);
        let book = self.open_book(binding.customer, [&key], None).await?;
        if !book.exists() {
            return Err(Halt::defect("a payment is bound to nobody"));
        }
        let payment = book.order(&key);
        let network = match payment.and_then(Order::payment) {
            Some(payment) => payment.network.clone(),
            None => request.place.network.clone(),
        };
        let repeats = payment.is_some_and(|order| has_its_answer(order, &request.caller));
        if !repeats && !request.caller.acts_for(&network) {
            return Err(Halt::Final(Failure::NetworkNotAllowed));
        }
        let paid = payment.is_some_and(|payment| match payment.state {
            OrderState::Done | OrderState::Reversed(_) | OrderState::Cancelled(_) => true,
            OrderState::Declined(_) | OrderState::Closed => false,
        });
        // Where no payment is given back, all slots are closed first: what they say then never
        // changes, and with it the answer.
        let holds_other = !paid && self.close_others(request, others).await?;
        let command = command(request, network, holds_other);
        // A refusal comes from the order that is there: it stands for ever.
        let decision =
            reverse_payment::decide(&book.state, &command, &self.core.context()).map_err(Halt::no)?;
        // The claim is there already: the fence takes nothing but the row.
        self.write(&book, &decision, Vec::new(), binding.day).await?;
        GivenBack::of(decision.answer.map_err(Halt::no)?)
    }

    /// Where the key is closed without a customer: what is told, for ever. The operator is told of
    /// a key that a reversal closed, by each repeat as well: the first may not have come so far.
    async fn reverse_closed(
        &self,
        request: &Request,
        order: &Order,
        others: [Found; 2],
    ) -> Result<Halt, Halt> {
        let holds_other = self.close_others(request, others).await?;
        let command = command(request, request.place.network.clone(), holds_other);
        if order.state == OrderState::Closed {
            let kind = if holds_other {
                EventKind::ReversalOfNonPayment
            } else {
                EventKind::KeyClosedBeforePayment
            };
            self.report(kind, request.place.key.to_string(), order.at).await;
        }
        Ok(Halt::no(reverse_payment::closed(order, &command)))
    }

    /// Closes the key's other slots where they are free, and tells whether one of them holds a
    /// cancellation or an opening. One that was declined before it had a customer is none.
    async fn close_others(&self, request: &Request, others: [Found; 2]) -> Result<bool, Halt> {
        let mut holds = false;
        for (slot, found) in [Slot::Cancel, Slot::Open].into_iter().zip(others) {
            let now = match found {
                Found::Free => self.close(&self.closure(request, slot)).await?,
                Found::Bound(_) | Found::Closed(_) => found,
            };
            holds |= match now {
                Found::Bound(_) => true,
                Found::Closed(_) => false,
                Found::Free => return Err(Halt::Raced),
            };
        }
        Ok(holds)
    }

    fn closure(&self, request: &Request, slot: Slot) -> Order {
        let at = self.core.clock.now();
        Order::closure(
            request.place.key.slot(slot),
            request.id.clone(),
            request.caller.id.clone(),
            at,
        )
    }
}

/// Whether a reversal by this caller moves nothing any more: it gave the payment back itself, or the key holds
/// its own decline or fence. Its repeat gets its answer, though its network was withdrawn since (decision 16).
fn has_its_answer(order: &Order, caller: &Caller) -> bool {
    match &order.state {
        OrderState::Done => false,
        OrderState::Reversed(step) | OrderState::Cancelled(step) => step.caller == caller.id,
        OrderState::Declined(_) | OrderState::Closed => order.caller == caller.id,
    }
}

fn command(request: &Request, network: NetworkId, holds_other: bool) -> ReversePayment {
    ReversePayment {
        key: request.place.key.clone(),
        id: request.id.clone(),
        caller: request.caller.id.clone(),
        network,
        holds_other,
    }
}
