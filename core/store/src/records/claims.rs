//! Claims: what a key is bound to, or how it was closed.

use crate::codec::{Body, ProofUse};
use crate::keys;
use crate::{Claim, ClaimValue, ContentHash, PartitionId, ProofDigest, StoreError, StoreResult};
use map_domain::{AccountNumber, CallerId, ContentDigest, CustomerId, MobileNumber, Order, OrderKey};

/// What an account or mobile claim has instead of content: the partition says it all.
const NO_CONTENT: ContentHash = ContentHash([0; 32]);

/// Binds an order's key to a partition. `business_day` as `yyyyMMdd`, 0: none.
pub fn order_claim(
    key: &OrderKey,
    partition: PartitionId,
    content: ContentDigest,
    business_day: u32,
) -> Claim {
    let value = ClaimValue::Bound {
        partition,
        content: ContentHash(content.0),
        business_day,
    };
    Claim {
        key: keys::order_claim(key),
        value,
    }
}

/// Closes an order's key without a partition; the order says how it ended.
pub fn closed_claim(order: &Order) -> Claim {
    Claim {
        key: keys::order_claim(&order.key),
        value: ClaimValue::Closed(order.to_body()),
    }
}

/// How a key was closed; `None`: it is bound.
///
/// # Errors
/// [`StoreError::Damaged`].
pub fn closed_order(value: &ClaimValue) -> StoreResult<Option<Order>> {
    match value {
        ClaimValue::Bound { .. } => Ok(None),
        ClaimValue::Closed(body) => Order::from_body(body).map(Some),
    }
}

/// Gives an account number to a customer.
pub fn account_claim(number: &AccountNumber, customer: CustomerId) -> Claim {
    owner(keys::account_claim(number), customer)
}

/// Gives a mobile number to a customer; the newest generation owns it.
pub fn mobile_claim(mobile: &MobileNumber, generation: u32, customer: CustomerId) -> Claim {
    owner(keys::mobile_claim(mobile, generation), customer)
}

/// Binds what a caller presented to its first use; whatever else it is presented for is refused.
pub fn proof_claim(caller: &CallerId, proof: &ProofDigest, used: &ProofUse) -> Claim {
    Claim {
        key: keys::proof_claim(caller, proof),
        value: ClaimValue::Closed(used.to_body()),
    }
}

/// Says with which secret the ledger's digests are made: whoever says so first, for ever.
pub fn secret_claim(fingerprint: [u8; 32]) -> Claim {
    let value = ClaimValue::Bound {
        partition: PartitionId::Catalogue,
        content: ContentHash(fingerprint),
        business_day: 0,
    };
    Claim {
        key: keys::secret_claim(),
        value,
    }
}

fn owner(key: crate::ClaimKey, customer: CustomerId) -> Claim {
    let value = ClaimValue::Bound {
        partition: PartitionId::Customer(customer),
        content: NO_CONTENT,
        business_day: 0,
    };
    Claim { key, value }
}

/// The customer that a claim is bound to.
///
/// # Errors
/// [`StoreError::Damaged`] where it is closed or bound to something else: an account or mobile
/// number belongs to a customer.
pub fn bound_to(value: &ClaimValue) -> StoreResult<CustomerId> {
    match value {
        ClaimValue::Bound {
            partition: PartitionId::Customer(customer),
            ..
        } => Ok(*customer),
        ClaimValue::Bound { .. } | ClaimValue::Closed(_) => {
            Err(StoreError::Damaged("claim: not bound to a customer".to_owned()))
        }
    }
}
