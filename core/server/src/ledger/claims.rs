//! Idempotency keys: what a key's claim says, and closing a key that has no customer.
//!
//! A claim never changes once it is written, so what is found is conclusive. What is not found
//! proves nothing: somebody may be about to write it.

use super::Ledger;
use super::tries::Halt;
use crate::failure::Failure;
use map_domain::{ContentDigest, CustomerId, Order, OrderKey, Refusal};
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
            Err(Halt::Final(Failure::Refused(Refusal::IdempotencyKeyReused)))
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
        Some(ClaimValue::Bound { partition, .. }) => Err(Halt::Final(Failure::Internal(format!(
            "an order's key is bound to {partition:?}"
        )))),
        Some(closed @ ClaimValue::Closed(_)) => {
            let order = records::closed_order(&closed).map_err(Halt::read)?;
            Ok(order.map_or(Found::Free, |order| Found::Closed(Box::new(order))))
        }
    }
}

impl Ledger {
    /// What is known of these keys, in this order.
    pub(super) async fn find<const N: usize>(&self, wanted: [&OrderKey; N]) -> Result<[Found; N], Halt> {
        let names = wanted.map(keys::order_claim);
        let mut values = self
            .core
            .store
            .read_claims(&names)
            .await
            .map_err(Halt::read)?
            .into_iter();
        let mut found = [const { Found::Free }; N];
        for slot in &mut found {
            *slot = read(values.next().flatten())?;
        }
        Ok(found)
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

    /// Closes a key that is free with a refusal that has no customer, and gives it: durable,
    /// unless somebody else was faster.
    pub(super) async fn decline(&self, order: &Order, refusal: Refusal) -> Halt {
        match self.close(order).await {
            Ok(Found::Closed(held)) if *held == *order => Halt::Final(Failure::Refused(refusal)),
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
