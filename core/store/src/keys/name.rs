//! How names are made of parts, and taken apart again.

use crate::{ClaimKey, ClaimTable, IndexKey, IndexTable, PartitionId, RowKey, RowKind};
use bytes::Bytes;
use map_domain::Timestamp;

/// Builds the bytes of a name.
#[derive(Default)]
pub(super) struct Name(Vec<u8>);

impl Name {
    /// One byte.
    pub(super) fn byte(mut self, byte: u8) -> Self {
        self.0.push(byte);
        self
    }

    /// A text with its length: seven bits a byte, the lowest first, the last without the high bit.
    pub(super) fn text(mut self, text: &str) -> Self {
        let mut rest = text.len();
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap_or_default();
            rest >>= 7;
            if rest == 0 {
                self.0.push(low);
                break;
            }
            self.0.push(low | 0x80);
        }
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// A number, ordered.
    pub(super) fn u32(mut self, number: u32) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// A number, ordered.
    pub(super) fn u64(mut self, number: u64) -> Self {
        self.0.extend_from_slice(&number.to_be_bytes());
        self
    }

    /// The row that an index points to, last in the name: two pointers are two places.
    pub(super) fn pointer(mut self, partition: &PartitionId, row: &RowKey) -> Self {
        self = self.text(&partition.key()).byte(row.kind.code());
        self.0.extend_from_slice(&row.key);
        self
    }

    /// These bytes alone: what several names begin with.
    pub(super) fn prefix(self) -> Bytes {
        self.0.into()
    }

    /// Bytes of a fixed length.
    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(super) fn row(self, kind: RowKind) -> RowKey {
        RowKey::new(kind, self.0)
    }

    pub(super) fn claim(self, table: ClaimTable) -> ClaimKey {
        ClaimKey {
            table,
            key: self.0.into(),
        }
    }

    pub(super) fn index(self, table: IndexTable) -> IndexKey {
        IndexKey {
            table,
            key: self.0.into(),
        }
    }
}

/// Takes a name apart again; `None`: it is not such a name.
pub(super) struct Parts<'a>(pub(super) &'a [u8]);

impl<'a> Parts<'a> {
    pub(super) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(super) fn text(&mut self) -> Option<&'a str> {
        let mut len: usize = 0;
        // Five groups of seven bits are more than any name holds.
        for shift in [0_u32, 7, 14, 21, 28] {
            let byte = self.byte()?;
            len |= usize::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                // One way to write a length only: no superfluous zero group.
                if byte == 0 && shift > 0 {
                    return None;
                }
                let (text, rest) = self.0.split_at_checked(len)?;
                self.0 = rest;
                return std::str::from_utf8(text).ok();
            }
        }
        None
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*number))
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        let (number, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_be_bytes(*number))
    }

    /// The row that [`Name::pointer`] wrote: all that is left.
    pub(super) fn pointer(mut self) -> Option<(PartitionId, RowKey)> {
        let partition = PartitionId::parse(self.text()?).ok()?;
        let kind = RowKind::from_code(self.byte()?)?;
        Some((partition, RowKey::new(kind, self.0.to_vec())))
    }

    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The times before 1970 first: the sign is turned round.
pub(super) const fn ordered(at: Timestamp) -> u64 {
    at.as_millis().cast_unsigned() ^ (1 << 63)
}
