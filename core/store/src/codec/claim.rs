//! Claims and index rows as one value, for stores that keep them so.

use super::{Flaw, fixed, wire};
use crate::{ClaimValue, ContentHash, PartitionId, RowKey, RowKind, keys};
use map_domain::{ContentDigest, OrderKey};

super::body!(ClaimValue, wire::Claim, "claim");
super::body!(IndexTarget, wire::IndexTarget, "index row");
super::body!(ProofUse, wire::ProofUse, "use of a proof");

/// What an index row points to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexTarget {
    /// The partition.
    pub partition: PartitionId,
    /// The row in it.
    pub row: RowKey,
}

/// What a caller's proof was first used for: a request is its key and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofUse {
    /// The key of its order. A reversal's is the payment's; its content tells them apart.
    pub key: OrderKey,
    /// What was asked under the key.
    pub content: ContentDigest,
}

impl From<&ClaimValue> for wire::Claim {
    fn from(value: &ClaimValue) -> Self {
        Self {
            value: Some(match value {
                ClaimValue::Bound {
                    partition,
                    content,
                    business_day,
                } => wire::claim::Value::Bound(wire::Bound {
                    partition: partition.key(),
                    content: content.0.to_vec(),
                    business_day: *business_day,
                }),
                ClaimValue::Closed(outcome) => wire::claim::Value::Closed(outcome.to_vec()),
            }),
        }
    }
}

impl TryFrom<wire::Claim> for ClaimValue {
    type Error = Flaw;

    fn try_from(claim: wire::Claim) -> Result<Self, Flaw> {
        match claim.value.ok_or(Flaw("value"))? {
            wire::claim::Value::Bound(bound) => Ok(Self::Bound {
                partition: PartitionId::parse(&bound.partition).map_err(|_| Flaw("bound.partition"))?,
                content: ContentHash(fixed("bound.content", &bound.content)?),
                business_day: bound.business_day,
            }),
            wire::claim::Value::Closed(outcome) => Ok(Self::Closed(outcome.into())),
        }
    }
}

impl From<&IndexTarget> for wire::IndexTarget {
    fn from(target: &IndexTarget) -> Self {
        Self {
            partition: target.partition.key(),
            kind: target.row.kind.code().into(),
            key: target.row.key.to_vec(),
        }
    }
}

impl TryFrom<wire::IndexTarget> for IndexTarget {
    type Error = Flaw;

    fn try_from(target: wire::IndexTarget) -> Result<Self, Flaw> {
        let kind = u8::try_from(target.kind)
            .ok()
            .and_then(RowKind::from_code)
            .ok_or(Flaw("kind"))?;
        Ok(Self {
            partition: PartitionId::parse(&target.partition).map_err(|_| Flaw("partition"))?,
            row: RowKey::new(kind, target.key),
        })
    }
}

impl From<&ProofUse> for wire::ProofUse {
    fn from(used: &ProofUse) -> Self {
        Self {
            order: keys::order_row(&used.key).key.to_vec(),
            content: used.content.0.to_vec(),
        }
    }
}

impl TryFrom<wire::ProofUse> for ProofUse {
    type Error = Flaw;

    fn try_from(used: wire::ProofUse) -> Result<Self, Flaw> {
        Ok(Self {
            key: keys::parse_order(&used.order).ok_or(Flaw("order"))?,
            content: ContentDigest(fixed("content", &used.content)?),
        })
    }
}
