//! Values of the one keyspace, where they are more than a row's body.
//!
//! Part of the stored format: the golden test below may gain lines, never change them.

use crate::layout::{put_partition, take_partition};
use bytes::Bytes;
use map_store::{ClaimValue, ContentHash, PartitionId, RowKey, RowKind, Version};

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;
const NAMED_ABSENT: u8 = 2;
const NAMED_PRESENT: u8 = 3;
const BOUND: u8 = 1;
const CLOSED: u8 = 2;

/// A partition's version, the keys of its accounts, and, where it has one, the body of its header: read
/// and written together by every commit, so they share a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) accounts: Accounts,
    pub(crate) body: Option<Bytes>,
}

/// Of a partition that is not there yet.
impl Default for Header {
    fn default() -> Self {
        Self {
            version: Version::NONE,
            accounts: Accounts(Some(Vec::new())),
            body: None,
        }
    }
}

impl Header {
    /// Whether a header names the rows of this kind.
    pub(crate) fn names(kind: RowKind) -> bool {
        kind == RowKind::Account
    }

    /// The keys of all rows of a kind, in order, where they are named.
    pub(crate) fn keys(&self, kind: RowKind) -> Option<&[Bytes]> {
        self.accounts.keys().filter(|_| Self::names(kind))
    }

    /// A row is written.
    pub(crate) fn add(&mut self, row: &RowKey) {
        if Self::names(row.kind) {
            self.accounts.add(&row.key);
        }
    }

    /// version (8, big-endian) ‖ 0, or version ‖ 1 ‖ body, where the accounts are not named; version ‖ 2 ‖
    /// accounts, or version ‖ 3 ‖ accounts ‖ body, where they are: how many (1), and of each length (1) and key.
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = self.version.0.to_be_bytes().to_vec();
        let names = self.accounts.encode();
        out.push(match (&names, &self.body) {
            (None, None) => ABSENT,
            (None, Some(_)) => PRESENT,
            (Some(_), None) => NAMED_ABSENT,
            (Some(_), Some(_)) => NAMED_PRESENT,
        });
        out.extend_from_slice(names.as_deref().unwrap_or_default());
        out.extend_from_slice(self.body.as_deref().unwrap_or_default());
        out.into()
    }

    pub(crate) fn decode(cell: &Bytes) -> Option<Self> {
        let (version, rest) = cell.split_first_chunk::<8>()?;
        let (form, rest) = rest.split_first()?;
        let (accounts, rest) = match *form {
            ABSENT | PRESENT => (Accounts(None), rest),
            NAMED_ABSENT | NAMED_PRESENT => Accounts::decode(cell, rest)?,
            _ => return None,
        };
        let body = match *form {
            PRESENT | NAMED_PRESENT => Some(cell.slice_ref(rest)),
            _ if rest.is_empty() => None,
            _ => return None,
        };
        Some(Self {
            version: Version(u64::from_be_bytes(*version)),
            accounts,
            body,
        })
    }
}

/// The keys of a partition's accounts, in order, where they are known and few: then all accounts are read
/// one by one. A range has to look into every table, and no filter helps it; only for many it is quicker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Accounts(Option<Vec<Bytes>>);

impl Accounts {
    /// How many are named at most.
    const MOST: usize = 8;

    /// Of a partition whose accounts nobody has counted.
    pub(crate) const UNKNOWN: Self = Self(None);

    pub(crate) fn keys(&self) -> Option<&[Bytes]> {
        self.0.as_deref()
    }

    /// An account is written.
    pub(crate) fn add(&mut self, key: &Bytes) {
        let Some(keys) = &mut self.0 else { return };
        if let Err(at) = keys.binary_search(key) {
            keys.insert(at, key.clone());
        }
        if keys.len() > Self::MOST || key.len() > usize::from(u8::MAX) {
            *self = Self::UNKNOWN;
        }
    }

    fn encode(&self) -> Option<Vec<u8>> {
        let keys = self.keys()?;
        let mut out = vec![u8::try_from(keys.len()).ok()?];
        for key in keys {
            out.push(u8::try_from(key.len()).ok()?);
            out.extend_from_slice(key);
        }
        Some(out)
    }

    /// What follows the accounts is the second value.
    fn decode<'a>(cell: &Bytes, bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (count, mut rest) = bytes.split_first()?;
        let mut keys = Vec::new();
        for _ in 0..*count {
            let (length, behind) = rest.split_first()?;
            let (key, behind) = behind.split_at_checked(usize::from(*length))?;
            keys.push(cell.slice_ref(key));
            rest = behind;
        }
        Some((Self(Some(keys)), rest))
    }
}

/// 1 ‖ content (32) ‖ business day (4, big-endian) ‖ partition, or 2 ‖ outcome.
pub(crate) fn encode_claim(value: &ClaimValue) -> Bytes {
    let mut out = Vec::with_capacity(64);
    match value {
        ClaimValue::Bound {
            partition,
            content,
            business_day,
        } => {
            out.push(BOUND);
            out.extend_from_slice(&content.0);
            out.extend_from_slice(&business_day.to_be_bytes());
            put_partition(&mut out, partition);
        }
        ClaimValue::Closed(outcome) => {
            out.push(CLOSED);
            out.extend_from_slice(outcome);
        }
    }
    out.into()
}

pub(crate) fn decode_claim(cell: &Bytes) -> Option<ClaimValue> {
    match cell.split_first()? {
        (&BOUND, rest) => {
            let (content, rest) = rest.split_first_chunk::<32>()?;
            let (day, rest) = rest.split_first_chunk::<4>()?;
            let (partition, rest) = take_partition(rest)?;
            rest.is_empty().then(|| ClaimValue::Bound {
                partition,
                content: ContentHash(*content),
                business_day: u32::from_be_bytes(*day),
            })
        }
        (&CLOSED, outcome) => Some(ClaimValue::Closed(cell.slice_ref(outcome))),
        _ => None,
    }
}

/// partition ‖ kind ‖ row key.
pub(crate) fn encode_pointer(partition: &PartitionId, row: &RowKey) -> Bytes {
    let mut out = Vec::with_capacity(64);
    put_partition(&mut out, partition);
    out.push(row.kind.code());
    out.extend_from_slice(&row.key);
    out.into()
}

pub(crate) fn decode_pointer(cell: &Bytes) -> Option<(PartitionId, RowKey)> {
    let (partition, rest) = take_partition(cell)?;
    let (kind, key) = rest.split_first()?;
    Some((
        partition,
        RowKey {
            kind: RowKind::from_code(*kind)?,
            key: cell.slice_ref(key),
        },
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use map_domain::CustomerId;

    fn customer() -> PartitionId {
        PartitionId::Customer(CustomerId::new([0xab; 16]))
    }

    fn check<T: PartialEq + std::fmt::Debug>(
        value: T,
        encode: impl Fn(&T) -> Bytes,
        decode: impl Fn(&Bytes) -> Option<T>,
        golden: &str,
    ) {
        let cell = encode(&value);
        let hex: String = cell.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, golden, "{value:?}");
        assert_eq!(decode(&cell), Some(value));
    }

    #[test]
    fn stored_values_never_change() {
        let header = |body: Option<&'static [u8]>| Header {
            version: Version(258),
            accounts: Accounts::UNKNOWN,
            body: body.map(Bytes::from),
        };
        check(header(None), Header::encode, Header::decode, "000000000000010200");
        check(
            header(Some(b"")),
            Header::encode,
            Header::decode,
            "000000000000010201",
        );
        check(
            header(Some(b"\0\xff")),
            Header::encode,
            Header::decode,
            "00000000000001020100ff",
        );
        let named = |keys: &[&'static [u8]], body: Option<&'static [u8]>| Header {
            accounts: Accounts(Some(keys.iter().copied().map(Bytes::from).collect())),
            ..header(body)
        };
        for (header, golden) in [
            (named(&[], None), "00000000000001020200"),
            (named(&[b"", b"\x01\xff"], None), "00000000000001020202000201ff"),
            (named(&[b"a"], Some(b"")), "000000000000010203010161"),
            (named(&[], Some(b"\0\xff")), "0000000000000102030000ff"),
        ] {
            check(header, Header::encode, Header::decode, golden);
        }
        let bound = ClaimValue::Bound {
            partition: customer(),
            content: ContentHash([7; 32]),
            business_day: 20261121,
        };
        let golden = format!(
            "01{}01352901{}",
            "07".repeat(32),
            "63abababababababababababababababab"
        );
        check(bound, encode_claim, decode_claim, &golden);
        check(
            ClaimValue::Closed(Bytes::from_static(b"x")),
            encode_claim,
            decode_claim,
            "0278",
        );
        check(
            (customer(), RowKey::new(RowKind::Order, vec![0])),
            |(partition, row)| encode_pointer(partition, row),
            decode_pointer,
            "63abababababababababababababababab0200",
        );
    }

    #[test]
    fn values_cut_short_are_not_read() {
        let bound = encode_claim(&ClaimValue::Bound {
            partition: customer(),
            content: ContentHash([7; 32]),
            business_day: 0,
        });
        for len in 0..bound.len() {
            assert_eq!(decode_claim(&bound.slice(..len)), None, "{len} bytes");
        }
        let accounts = Accounts(Some(vec![b"one".as_slice().into(), b"two".as_slice().into()]));
        for accounts in [Accounts::UNKNOWN, accounts] {
            let header = Header {
                accounts,
                ..Header::default()
            };
            let header = header.encode();
            for len in 0..header.len() {
                assert_eq!(Header::decode(&header.slice(..len)), None, "{len} bytes");
            }
            let longer = [&header[..], &[0]].concat();
            assert_eq!(Header::decode(&longer.into()), None);
        }
        let pointer = encode_pointer(&customer(), &RowKey::HEADER);
        for len in 0..pointer.len() {
            assert_eq!(decode_pointer(&pointer.slice(..len)), None, "{len} bytes");
        }
    }

    #[test]
    fn accounts_are_named_once_in_order_and_while_they_are_few() {
        let mut accounts = Header::default().accounts;
        for key in [5, 3, 8, 3, 1, 2, 4, 6, 7, 5_u8] {
            accounts.add(&Bytes::copy_from_slice(&[key]));
        }
        let keys: Vec<u8> = accounts.keys().unwrap().iter().map(|key| key[0]).collect();
        assert_eq!(keys, [1, 2, 3, 4, 5, 6, 7, 8]);
        accounts.add(&Bytes::from_static(&[9]));
        assert_eq!(accounts, Accounts::UNKNOWN);
        accounts.add(&Bytes::from_static(&[9]));
        assert_eq!(accounts, Accounts::UNKNOWN, "those before are not named");
        let mut accounts = Header::default().accounts;
        accounts.add(&vec![1; 256].into());
        assert_eq!(accounts, Accounts::UNKNOWN);
    }
}
