//! Idempotency keys: what a key's claim says, and closing a key that has no customer.
//!
//! A claim never changes once it is written, so what is found is conclusive. What is not found
//! proves nothing: somebody may be about to write it.

use super::Ledger;
use super::proofs::require_ours;
use super::tries::{Attempt, Halt};
use crate::caller::Caller;
use crate::failure::Failure;
use map_domain::order::replay;
use map_domain::{ContentDigest, CustomerId, Order, OrderId, OrderKey, Refusal};
use map_store::{Claim, ClaimValue, PartitionId, keys, records};

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Nobody has used it yet.
    Free,
    /// It belongs to this customer, whose partition knows what became of it.
    Bound(Binding),
    /// It is closed, with this outcome.
    Closed(Box<Order>),
}

/// A request under its key, the same for all its attempts.
pub(super) struct Asked {
    pub(super) key: OrderKey,
    /// The order's number, if it is decided now.
    pub(super) id: OrderId,
    pub(super) content: ContentDigest,
    pub(super) caller: Caller,
    /// Binds what the caller presented to this request.
    pub(super) proof: Option<Claim>,
}

impl Asked {
    /// The key as this customer's.
    pub(super) const fn binding(&self, customer: CustomerId, day: u32) -> Binding {
        Binding {
            customer,
            content: self.content,
            day,
        }
    }
}

/// Whose key it is, as one attempt found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) binding: Binding,
    /// Whether the key was bound already.
    pub(super) bound: bool,
    pub(super) attempt: Attempt,
}

impl Held {
    /// Whether an earlier attempt may still be under way: of this request or of its duplicate.
    pub(super) const fn under_way(&self) -> bool {
        self.bound || self.attempt.after_unknown
    }
}

/// Where a key belongs, for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Binding {
    /// Whose partition.
    pub(super) customer: CustomerId,
    /// What was asked under it.
    pub(super) content: ContentDigest,
    /// The business day (`yyyyMMdd`) that was fixed for it; 0: none.
    pub(super) day: u32,
}

impl Binding {
    /// Refuses other content under the same key. The claim is durable: so is the refusal.
    pub(super) fn require_content(&self, content: &ContentDigest) -> Result<(), Halt> {
        if self.content == *content {
            Ok(())
        } else {
            Err(Halt::no(Refusal::IdempotencyKeyReused))
        }
    }
}

/// What a claim of an order's key says.
fn read(value: Option<ClaimValue>) -> Result<Found, Halt> {
    match value {
        None => Ok(Found::Free),
        Some(ClaimValue::Bound {
            partition: PartitionId::Customer(customer),
            content,
            business_day,
        }) => Ok(Found::Bound(Binding {
            customer,
            content: ContentDigest(content.0),
            day: business_day,
        })),
        Some(ClaimValue::Bound { partition, .. }) => {
            Err(Halt::defect(format!("an order's key is bound to {partition:?}")))
        }
        Some(closed @ ClaimValue::Closed(_)) => {
            let order = records::closed_order(&closed).map_err(Halt::read)?;
            Ok(order.map_or(Found::Free, |order| Found::Closed(Box::new(order))))
        }
    }
}

impl Ledger {
    /// What is known of these keys, in this order.
    pub(super) async fn find<const N: usize>(&self, wanted: [&OrderKey; N]) -> Result<[Found; N], Halt> {
        self.look_up(None, wanted).await
    }

    async fn look_up<const N: usize>(
        &self,
        proof: Option<&Claim>,
        wanted: [&OrderKey; N],
    ) -> Result<[Found; N], Halt> {
        let keys = wanted.into_iter().map(keys::order_claim);
        let names: Vec<_> = keys.chain(proof.map(|proof| proof.key.clone())).collect();
        let mut values = self.core.store.read_claims(&names).await.map_err(Halt::read)?;
        if let Some(proof) = proof
            && let Some(held) = values.pop().flatten()
        {
            require_ours(proof, &held)?;
        }
        let mut values = values.into_iter();
        let mut found = [const { Found::Free }; N];
        for slot in &mut found {
            *slot = read(values.next().flatten())?;
        }
        Ok(found)
    }

    /// The same for a request, if what its caller presented is not another's.
    pub(super) async fn find_for<const N: usize>(
        &self,
        asked: &Asked,
        wanted: [&OrderKey; N],
    ) -> Result<[Found; N], Halt> {
        self.look_up(asked.proof.as_ref(), wanted).await
    }

    /// Whose key this is: the customer's it is bound to; where it is free, the one's it is to be. A key
    /// that is closed, or holds other content, has its answer.
    pub(super) async fn whose(
        &self,
        asked: &Asked,
        attempt: Attempt,
        free: impl Future<Output = Result<CustomerId, Halt>>,
    ) -> Result<Held, Halt> {
        let [found] = self.find_for(asked, [&asked.key]).await?;
        let (binding, bound) = match found {
            Found::Closed(order) => return Err(self.closed(&order, asked)),
            Found::Bound(binding) => {
                binding.require_content(&asked.content)?;
                (binding, true)
            }
            Found::Free => (asked.binding(free.await?, 0), false),
        };
        Ok(Held {
            binding,
            bound,
            attempt,
        })
    }

    /// Makes attempts at a request under its key; see [`Ledger::settled`]. What its caller presented is bound
    /// before anything is told, whatever was decided. Who is refused because of what the
    /// key holds is told the number of that order. It may be seen: who may not is refused before for that.
    pub(super) async fn settled_under<T, A>(
        &self,
        asked: &Asked,
        attempt: impl Fn(Attempt) -> A,
    ) -> Result<T, Failure>
    where
        A: Future<Output = Result<T, Halt>>,
    {
        let settled = self.settled(attempt).await;
        if settled.as_ref().err().is_none_or(Failure::is_decided) {
            let bound = self.bound(asked.proof.as_ref()).await;
            // Not "nothing was applied": the request may have its effect by now.
            bound.map_err(|failure| {
                if failure == Failure::Unavailable {
                    Failure::OutcomeUnknown
                } else {
                    failure
                }
            })?;
        }
        let Err(Failure::Refused(refusal)) = settled else {
            return settled;
        };
        let of_the_key = matches!(
            refusal,
            Refusal::IdempotencyKeyReused
                | Refusal::ReplayWindowPassed
                | Refusal::PaymentReversed
                | Refusal::PaymentCancelled
        );
        let held = if of_the_key {
            self.held(&asked.key).await
        } else {
            None
        };
        Err(match held {
            Some(order) => Failure::KeyHolds { refusal, order },
            None => Failure::Refused(refusal),
        })
    }

    /// The number of the order that a key holds. `None`: none yet, or it can't be read; the refusal stands
    /// in any case.
    async fn held(&self, key: &OrderKey) -> Option<OrderId> {
        let [found] = self.find([key]).await.ok()?;
        match found {
            Found::Free => None,
            Found::Closed(order) => Some(order.id),
            Found::Bound(binding) => {
                let keys = std::slice::from_ref(key);
                let state = self.read_customer(binding.customer, keys).await.ok()??;
                state.orders.get(key).map(|order| order.id.clone())
            }
        }
    }

    /// What a key that is closed without a customer answers.
    pub(super) fn closed(&self, order: &Order, asked: &Asked) -> Halt {
        match replay(order, &asked.content, &self.core.context()).and_then(|decision| decision.answer) {
            Ok(done) => Halt::defect(format!("order {} is done without a customer", done.id)),
            Err(refusal) => Halt::no(refusal),
        }
    }

    /// Closes a key that is free, with this order as its outcome; what the key says afterwards.
    /// Where that is not known, nothing moved in any case: it is asked again as after a failed read.
    pub(super) async fn close(&self, order: &Order) -> Result<Found, Halt> {
        let claim = records::closed_claim(order);
        let said = self.core.store.claim(vec![claim]).await.map_err(Halt::read)?;
        read(said.into_iter().next())
    }

    /// Binds a key that is free; what the key says afterwards. Where that is not known, nothing moved
    /// in any case, as with [`Ledger::close`].
    pub(super) async fn take(&self, key: &OrderKey, binding: Binding) -> Result<Found, Halt> {
        let claim = binding.claim(key);
        let said = self.core.store.claim(vec![claim]).await.map_err(Halt::read)?;
        read(said.into_iter().next())
    }

    /// Closes a request's key that is free with a refusal that has no customer, and gives it: durable,
    /// unless somebody else was faster.
    pub(super) async fn decline(&self, asked: &Asked, order: &Order, refusal: Refusal) -> Halt {
        if let Err(halt) = self.bind(asked.proof.as_ref()).await {
            return halt;
        }
        match self.close(order).await {
            Ok(Found::Closed(held)) if *held == *order => Halt::no(refusal),
            Ok(Found::Closed(_) | Found::Bound(_) | Found::Free) => Halt::Raced,
            Err(halt) => halt,
        }
    }
}

impl Binding {
    /// The claim that binds a key.
    pub(super) fn claim(&self, key: &OrderKey) -> Claim {
        records::order_claim(key, PartitionId::Customer(self.customer), self.content, self.day)
    }
}
