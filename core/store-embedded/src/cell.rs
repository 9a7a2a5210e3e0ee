//! Values of the one keyspace, where they are more than a row's body.
//!
//! Part of the stored format: the golden test below may gain lines, never change them.

use crate::layout::{put_partition, take_partition};
use bytes::Bytes;
use map_store::{ClaimValue, ContentHash, PartitionId, RowKey, RowKind, Version};

const ABSENT: u8 = 0;
const PRESENT: u8 = 1;
const BOUND: u8 = 1;
const CLOSED: u8 = 2;

/// A partition's version and, where it has one, the body of its header: read and written
/// together by every commit, so they share a cell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) body: Option<Bytes>,
}

impl Header {
    /// version (8, big-endian) ‖ 0, or version ‖ 1 ‖ body.
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = self.version.0.to_be_bytes().to_vec();
        match &self.body {
            None => out.push(ABSENT),
            Some(body) => {
                out.push(PRESENT);
                out.extend_from_slice(body);
            }
        }
        out.into()
    }

    pub(crate) fn decode(cell: &Bytes) -> Option<Self> {
        let (version, rest) = cell.split_first_chunk::<8>()?;
        let version = Version(u64::from_be_bytes(*version));
        match rest {
            [ABSENT] => Some(Self { version, body: None }),
            [PRESENT, body @ ..] => Some(Self {
                version,
                body: Some(cell.slice_ref(body)),
            }),
            _ => None,
        }
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
        let header = Header {
            version: Version(1),
            body: None,
        }
        .encode();
        for len in 0..header.len() {
            assert_eq!(Header::decode(&header.slice(..len)), None, "{len} bytes");
        }
        let pointer = encode_pointer(&customer(), &RowKey::HEADER);
        for len in 0..pointer.len() {
            assert_eq!(decode_pointer(&pointer.slice(..len)), None, "{len} bytes");
        }
    }
}
