//! Partitions and the rows in them.

use bytes::Bytes;
use map_domain::{CustomerId, MobileNumber};
use std::fmt;

/// The unit of consistency: one version, changed by one commit at a time.
///
/// Most partitions are customers. What has no customer lives in partitions of its own
/// under the same rules, so that there is one store and not two.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartitionId {
    /// All that belongs to one customer: header, accounts, orders, entries, rules.
    Customer(CustomerId),
    /// The SMS codes sent to one mobile number, which may not have a customer yet.
    Sms(MobileNumber),
    /// Products, fuel products, sellers, stores, terminals, callers.
    Catalogue,
    /// A stream of audit entries and operator events, by name (`operator`, `2026-11-21`, …).
    Audit(String),
    /// A day-cut run of one POS network; `day` is `yyyyMMdd`.
    Run {
        /// The network's identifier.
        network: String,
        /// The business day as `yyyyMMdd`.
        day: u32,
    },
    /// The queue of what a person must look at; `day` is `yyyyMMdd`.
    Exceptions {
        /// The business day as `yyyyMMdd`.
        day: u32,
    },
}

impl PartitionId {
    /// The stable key of this partition in every store: a short tag, a colon, the rest.
    pub fn key(&self) -> String {
        match self {
            Self::Customer(id) => format!("c:{id}"),
            Self::Sms(mobile) => format!("s:{}", mobile.as_str()),
            Self::Catalogue => "k:".to_owned(),
            Self::Audit(stream) => format!("a:{stream}"),
            Self::Run { network, day } => format!("r:{day}:{network}"),
            Self::Exceptions { day } => format!("x:{day}"),
        }
    }

    /// Reads back what [`PartitionId::key`] wrote.
    pub fn parse(key: &str) -> Result<Self, PartitionIdError> {
        let (tag, rest) = key.split_once(':').ok_or(PartitionIdError)?;
        match tag {
            "c" => rest.parse().map(Self::Customer).map_err(|_| PartitionIdError),
            "s" => MobileNumber::parse(rest)
                .map(Self::Sms)
                .map_err(|_| PartitionIdError),
            "k" if rest.is_empty() => Ok(Self::Catalogue),
            "a" => Ok(Self::Audit(rest.to_owned())),
            "r" => {
                let (day, network) = rest.split_once(':').ok_or(PartitionIdError)?;
                let day = day.parse().map_err(|_| PartitionIdError)?;
                Ok(Self::Run {
                    network: network.to_owned(),
                    day,
                })
            }
            "x" => Ok(Self::Exceptions {
                day: rest.parse().map_err(|_| PartitionIdError)?,
            }),
            _ => Err(PartitionIdError),
        }
    }
}

/// Shows the kind and, where it is not a person's number, the identifier.
impl fmt::Debug for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sms(_) => f.write_str("Sms(…)"),
            Self::Customer(_)
            | Self::Catalogue
            | Self::Audit(_)
            | Self::Run { .. }
            | Self::Exceptions { .. } => f.write_str(&self.key()),
        }
    }
}

/// A partition key that [`PartitionId::parse`] does not understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a partition key")]
pub struct PartitionIdError;

/// How often a partition was changed. 0: it does not exist yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u64);

impl Version {
    /// The version of a partition that nobody has written.
    pub const NONE: Self = Self(0);

    /// The version after one more commit.
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// What a row is. The numbers are part of the stored format and never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum RowKind {
    /// The partition's own state; exactly one, with an empty key.
    Header = 0,
    /// An account, by its number.
    Account = 1,
    /// A decision, by its idempotency key: what was asked, what came of it, what became of it.
    Order = 2,
    /// A journal entry with its postings, by sequence (8 bytes, big-endian). Never changed.
    Entry = 3,
    /// A spending rule group.
    Rule = 4,
    /// A voucher.
    Voucher = 5,
    /// Something to be sent, by sequence.
    Outbox = 6,
    /// A row of a partition that is not a customer: catalogue item, audit entry, SMS code.
    Item = 7,
}

impl RowKind {
    /// Every kind, in the order of its number.
    pub const ALL: [Self; 8] = [
        Self::Header,
        Self::Account,
        Self::Order,
        Self::Entry,
        Self::Rule,
        Self::Voucher,
        Self::Outbox,
        Self::Item,
    ];

    /// The stored number of this kind.
    pub const fn code(self) -> u8 {
        match self {
            Self::Header => 0,
            Self::Account => 1,
            Self::Order => 2,
            Self::Entry => 3,
            Self::Rule => 4,
            Self::Voucher => 5,
            Self::Outbox => 6,
            Self::Item => 7,
        }
    }

    /// The kind with this stored number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// Names a row within its partition.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// What the row is.
    pub kind: RowKind,
    /// Its key within the kind; rows of one kind are ordered by these bytes.
    pub key: Bytes,
}

/// Shows the kind only: keys hold account numbers.
impl fmt::Debug for RowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}/{} bytes", self.kind, self.key.len())
    }
}

impl RowKey {
    /// The header of a partition.
    pub const HEADER: Self = Self {
        kind: RowKind::Header,
        key: Bytes::new(),
    };

    /// A row of this kind under these bytes.
    pub fn new(kind: RowKind, key: impl Into<Bytes>) -> Self {
        Self {
            kind,
            key: key.into(),
        }
    }
}

/// One row: its name and its body, a protobuf message of `map.storage.v1`.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Its name within the partition.
    pub key: RowKey,
    /// Its encoded body.
    pub body: Bytes,
}

/// Shows the kind only: bodies hold mobile and account numbers.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Row({:?}, {} bytes)", self.key, self.body.len())
    }
}

#[cfg(test)]
mod tests {
    use super::{PartitionId, Row, RowKey, RowKind, Version};
    use crate::{ClaimValue, IndexKey, IndexTable, Loaded, Page, PageOrder};
    use bytes::Bytes;
    use map_domain::MobileNumber;

    #[test]
    fn nothing_that_holds_stored_bytes_prints_them() {
        let bytes = Bytes::from_static(b"13912345678");
        let key = RowKey::new(RowKind::Account, bytes.clone());
        let row = Row {
            key: key.clone(),
            body: bytes.clone(),
        };
        let loaded = Loaded {
            version: Version(7),
            header: Some(bytes.clone()),
            rows: vec![row.clone()],
        };
        let page = Page {
            kind: RowKind::Account,
            after: Some(bytes.clone()),
            order: PageOrder::Ascending,
            limit: 1,
        };
        let index = IndexKey {
            table: IndexTable::OrderNumber,
            key: bytes.clone(),
        };
        let closed = ClaimValue::Closed(bytes);
        let partition = MobileNumber::parse("13912345678").map(PartitionId::Sms);
        let text = format!("{key:?} {row:?} {loaded:?} {page:?} {index:?} {closed:?} {partition:?}");
        assert!(!text.contains("3912345678"), "{text}");
        assert!(
            text.contains("Account/11 bytes") && text.contains("Version(7)"),
            "{text}"
        );
    }
}
