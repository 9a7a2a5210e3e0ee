//! Keys of the one keyspace: how partitions, rows, claims and index rows become bytes.
//!
//! `table byte ‖ …`, ordered as the logical keys are, and so that no two logical keys share
//! bytes. Part of the stored format: the golden test below may gain lines, never change them.
//!
//! | table | key |
//! |---|---|
//! | `00` meta | name |
//! | `10` rows | partition ‖ kind ‖ row key; the header's cell (kind 0) holds the version and names the accounts, too |
//! | `20` claims | claim table ‖ claim key |
//! | `30` index | index table ‖ index key |
//!
//! A partition is `c` and the 16 bytes of a customer, or `t`, the partition's stable key with
//! `00` written as `00 01`, and `00 00` as its end.

use map_domain::CustomerId;
use map_store::{ClaimKey, ClaimTable, IndexKey, IndexTable, PartitionId, RowKey, RowKind};

/// Keys longer than this are refused (bytes); the engine allows 65,535.
pub(crate) const LONGEST_KEY: usize = 8 * 1024;

const META: u8 = 0x00;
pub(crate) const ROWS: u8 = 0x10;
pub(crate) const CLAIMS: u8 = 0x20;
pub(crate) const INDEX: u8 = 0x30;

const CUSTOMER: u8 = b'c';
const TEXT: u8 = b't';

/// The identifier of the store.
pub(crate) fn store_id() -> Vec<u8> {
    [&[META], b"store-id".as_slice()].concat()
}

/// The last record of the log that the tables hold.
pub(crate) fn applied() -> Vec<u8> {
    [&[META], b"applied".as_slice()].concat()
}

/// Where the rows came from: absent, imported, or committed.
pub(crate) fn origin() -> Vec<u8> {
    [&[META], b"origin".as_slice()].concat()
}

/// Appends a partition; the inverse of [`take_partition`].
pub(crate) fn put_partition(out: &mut Vec<u8>, partition: &PartitionId) {
    if let PartitionId::Customer(id) = partition {
        out.push(CUSTOMER);
        out.extend_from_slice(id.as_bytes());
        return;
    }
    out.push(TEXT);
    for byte in partition.key().bytes() {
        out.push(byte);
        if byte == 0 {
            out.push(1);
        }
    }
    out.extend_from_slice(&[0, 0]);
}

/// Reads a partition off the front; what follows it is the second value.
pub(crate) fn take_partition(bytes: &[u8]) -> Option<(PartitionId, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    match *tag {
        CUSTOMER => {
            let (id, rest) = rest.split_first_chunk::<16>()?;
            Some((PartitionId::Customer(CustomerId::new(*id)), rest))
        }
        TEXT => {
            let (text, rest) = take_text(rest)?;
            match PartitionId::parse(&text).ok()? {
                // A customer has its own form: two forms would be two partitions.
                PartitionId::Customer(_) => None,
                other @ (PartitionId::Sms(_)
                | PartitionId::Catalogue
                | PartitionId::Audit(_)
                | PartitionId::Run { .. }
                | PartitionId::Exceptions { .. }) => Some((other, rest)),
            }
        }
        _ => None,
    }
}

fn take_text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let mut text = Vec::new();
    let mut rest = bytes;
    loop {
        match rest {
            [0, 0, tail @ ..] => return Some((String::from_utf8(text).ok()?, tail)),
            [0, 1, tail @ ..] => {
                text.push(0);
                rest = tail;
            }
            [0, ..] | [] => return None,
            [byte, tail @ ..] => {
                text.push(*byte);
                rest = tail;
            }
        }
    }
}

/// What all rows of one kind in a partition begin with.
pub(crate) fn kind_prefix(partition: &PartitionId, kind: RowKind) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.push(ROWS);
    put_partition(&mut out, partition);
    out.push(kind.code());
    out
}

/// The cell of a row. A header has an empty key.
pub(crate) fn row(partition: &PartitionId, key: &RowKey) -> Vec<u8> {
    let mut out = kind_prefix(partition, key.kind);
    out.extend_from_slice(&key.key);
    out
}

/// The cell of a partition's version and header.
pub(crate) fn header(partition: &PartitionId) -> Vec<u8> {
    kind_prefix(partition, RowKind::Header)
}

/// The cell of a claim.
pub(crate) fn claim(key: &ClaimKey) -> Vec<u8> {
    [&[CLAIMS, key.table.code()], &key.key[..]].concat()
}

/// The cell of an index row; with part of a key, what all that begin with it begin with.
pub(crate) fn index(table: IndexTable, key: &[u8]) -> Vec<u8> {
    [&[INDEX, table.code()], key].concat()
}

/// Reads the name of a cell that is no row.
pub(crate) fn read_meta(cell: &[u8]) -> Option<&str> {
    str::from_utf8(cell.strip_prefix(&[META])?).ok()
}

/// Whether this is the cell of a partition's version and header.
pub(crate) fn is_header(cell: &[u8]) -> bool {
    let behind_table = cell.strip_prefix(&[ROWS]);
    let rest = behind_table.and_then(take_partition).map(|(_, rest)| rest);
    rest.is_some_and(|rest| *rest == [RowKind::Header.code()])
}

/// Reads the key of a cell in the table of rows.
pub(crate) fn read_row(cell: &[u8]) -> Option<(PartitionId, RowKey)> {
    let (partition, rest) = take_partition(cell.strip_prefix(&[ROWS])?)?;
    let (kind, key) = rest.split_first()?;
    let kind = RowKind::from_code(*kind)?;
    (kind != RowKind::Header || key.is_empty()).then(|| (partition, RowKey::new(kind, key.to_vec())))
}

/// Reads the key of a cell in the table of claims.
pub(crate) fn read_claim(cell: &[u8]) -> Option<ClaimKey> {
    let (table, key) = cell.strip_prefix(&[CLAIMS])?.split_first()?;
    Some(ClaimKey {
        table: ClaimTable::from_code(*table)?,
        key: key.to_vec().into(),
    })
}

/// Reads the key of a cell in the table of index rows.
pub(crate) fn read_index(cell: &[u8]) -> Option<IndexKey> {
    let (table, key) = cell.strip_prefix(&[INDEX])?.split_first()?;
    Some(IndexKey {
        table: IndexTable::from_code(*table)?,
        key: key.to_vec().into(),
    })
}

/// The smallest key behind all that begin with `prefix`, which never is all `ff` here.
pub(crate) fn behind(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use map_domain::MobileNumber;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn partitions() -> Vec<PartitionId> {
        let audit = |name: &str| PartitionId::Audit(name.to_owned());
        vec![
            PartitionId::Customer(CustomerId::new([0; 16])),
            PartitionId::Customer(CustomerId::new([0xff; 16])),
            PartitionId::Sms(MobileNumber::parse("13800000001").unwrap()),
            PartitionId::Catalogue,
            audit(""),
            audit("\0"),
            audit("\0\0"),
            audit("\0\u{1}"),
            audit("a"),
            audit("a\0"),
            audit("a\u{1}"),
            PartitionId::Run {
                network: "n:1".to_owned(),
                day: 20261121,
            },
            PartitionId::Exceptions { day: 20261121 },
        ]
    }

    #[test]
    fn stored_keys_never_change() {
        let customer = PartitionId::Customer(CustomerId::new([0xab; 16]));
        let golden = [
            (store_id(), "0073746f72652d6964"),
            (origin(), "006f726967696e"),
            (applied(), "006170706c696564"),
            (header(&customer), "1063abababababababababababababababab00"),
            (
                row(&customer, &RowKey::new(RowKind::Entry, vec![0, 1, 0xff])),
                "1063abababababababababababababababab030001ff",
            ),
            (header(&PartitionId::Catalogue), "10746b3a000000"),
            (
                header(&PartitionId::Audit("a\0b".to_owned())),
                "1074613a61000162000000",
            ),
            (
                claim(&ClaimKey {
                    table: ClaimTable::CallerOrder,
                    key: "k".into(),
                }),
                "20026b",
            ),
            (index(IndexTable::Outbox, b"\xff"), "3003ff"),
        ];
        for (key, expected) in golden {
            assert_eq!(hex(&key), expected);
        }
    }

    #[test]
    fn every_key_is_read_back() {
        for partition in partitions() {
            for kind in RowKind::ALL {
                let key = if kind == RowKind::Header {
                    vec![]
                } else {
                    vec![0, 0, 0xff, 1]
                };
                let key = RowKey::new(kind, key);
                assert_eq!(read_row(&row(&partition, &key)), Some((partition.clone(), key)));
            }
        }
        for table in ClaimTable::ALL {
            let key = ClaimKey {
                table,
                key: vec![0, 0xff].into(),
            };
            assert_eq!(read_claim(&claim(&key)), Some(key));
        }
        for table in IndexTable::ALL {
            let key = IndexKey {
                table,
                key: vec![0, 0xff].into(),
            };
            assert_eq!(read_index(&index(table, &key.key)), Some(key));
        }
    }

    #[test]
    fn no_partition_is_the_beginning_of_another() {
        let encoded: Vec<Vec<u8>> = partitions()
            .iter()
            .map(|partition| {
                let mut out = Vec::new();
                put_partition(&mut out, partition);
                out
            })
            .collect();
        for (at, one) in encoded.iter().enumerate() {
            for (other_at, other) in encoded.iter().enumerate() {
                assert!(
                    at == other_at || !other.starts_with(one),
                    "{one:?} begins {other:?}"
                );
            }
        }
    }

    #[test]
    fn texts_keep_their_order() {
        let mut names: Vec<String> = [
            "", "\0", "\0\0", "\0\u{1}", "\u{1}", "a", "a\0", "a\0a", "a\u{1}", "b",
        ]
        .map(str::to_owned)
        .into();
        names.sort();
        let keys: Vec<_> = names
            .into_iter()
            .map(|name| header(&PartitionId::Audit(name)))
            .collect();
        assert!(keys.is_sorted());
    }

    #[test]
    fn bytes_that_are_no_key_are_not_read() {
        let customer_as_text = [
            &[ROWS, b't'],
            b"c:00000000000000000000000000000000\0\0\0".as_slice(),
        ]
        .concat();
        let header_with_key = [header(&PartitionId::Catalogue), vec![1]].concat();
        for bytes in [
            &b""[..],
            &[ROWS],
            &[ROWS, b'c', 1],
            b"\x10tk:",
            b"\x10tk:\0",
            b"\x10tk:\0\0\x63",
            b"\x10z",
        ] {
            assert_eq!(read_row(bytes), None, "{bytes:?}");
        }
        assert_eq!(read_row(&customer_as_text), None);
        assert_eq!(read_row(&header_with_key), None);
        assert_eq!(read_claim(&[CLAIMS, 99, 1]), None);
        assert_eq!(read_index(&[CLAIMS, 1, 1]), None);
    }

    #[test]
    fn behind_a_prefix_is_after_all_that_begin_with_it() {
        assert_eq!(behind(&[1, 2]), [1, 3]);
        assert_eq!(behind(&[1, 0xff, 0xff]), [2]);
        assert_eq!(behind(&[0xff]), [0; 0]);
    }
}
