//! Names of one ledger as fingerprints: under which name a row, its claim and its index rows meet.

use crate::codec::Body;
use crate::{Claim, ClaimTable, ClaimValue, PartitionId, Row, RowKey, keys};
use map_domain::{Customer, MobileNumber, OrderKey, Slot};
use std::hash::{DefaultHasher, Hash, Hasher};

/// Stands for a name. Two names of one ledger share 128 bits by a chance that can be neglected;
/// nobody can choose names so that they do and gain by it, but that a check complains.
pub(super) type Fingerprint = u128;

pub(super) fn fingerprint(value: &impl Hash) -> Fingerprint {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        value.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}

/// Which share of the names a pass looks at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) number: u64,
    pub(super) of: u64,
}

impl Share {
    pub(super) fn has(self, name: Fingerprint) -> bool {
        name.checked_rem(u128::from(self.of)) == Some(u128::from(self.number))
    }
}

/// The name under which an order's row, claim and index rows meet. A query's key is used up
/// nowhere, so it is one in its partition only.
pub(super) fn order_name(partition: &PartitionId, key: &[u8]) -> Fingerprint {
    match keys::parse_order(key) {
        Some(OrderKey::Pos(_, Slot::Query)) => fingerprint(&("query", partition, key)),
        Some(OrderKey::Pos(..) | OrderKey::Caller { .. }) | None => fingerprint(&("order", key)),
    }
}

pub(super) fn account_name(partition: &PartitionId, row: &RowKey) -> Fingerprint {
    fingerprint(&("account", partition, &row.key))
}

pub(super) fn mobile_name(mobile: &MobileNumber) -> Fingerprint {
    fingerprint(&("mobile", mobile.as_str()))
}

pub(super) fn event_name(partition: &PartitionId, row: &RowKey) -> Fingerprint {
    fingerprint(&("event", partition, &row.key))
}

pub(super) fn mobile_of(header: &Row) -> Option<MobileNumber> {
    Customer::from_body(&header.body).ok()?.mobile
}

/// The name under which a claim meets what it claims; `None`: its key can't be read, or it
/// claims nothing.
pub(super) fn claim_name(claim: &Claim) -> Option<Fingerprint> {
    let key = &claim.key.key;
    let partition = match &claim.value {
        ClaimValue::Bound { partition, .. } => Some(partition),
        ClaimValue::Closed(_) => None,
    };
    match claim.key.table {
        ClaimTable::Pos | ClaimTable::CallerOrder => Some(match partition {
            Some(partition) => order_name(partition, key),
            None => fingerprint(&("order", key.as_ref())),
        }),
        ClaimTable::Account => {
            let row = keys::account_row(&keys::parse_account_claim(key)?);
            partition.map(|partition| account_name(partition, &row))
        }
        ClaimTable::Mobile => keys::parse_mobile_claim(key).map(|(mobile, _)| mobile_name(&mobile)),
        ClaimTable::Secret | ClaimTable::Proof => None,
    }
}
