//! The encoding as it was when it was first written: a row of today is read by every later
//! version, so a difference here is a change of the stored format.
//!
//! `MAP_BLESS=1 cargo test -p map-store golden` writes the files of new messages; an existing
//! file is never written over.

use super::{Body, IndexTarget, ProofUse, samples};
use crate::{ClaimValue, ContentHash, PartitionId, StoreError, keys};
use std::fmt::Debug;
use std::path::PathBuf;

fn hex(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines: Vec<String> = digits.chunks(32).map(|line| line.concat()).collect();
    lines.join("\n") + "\n"
}

#[track_caller]
fn check_bytes(name: &str, body: &[u8]) {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(format!("{name}.hex"));
    if std::env::var_os("MAP_BLESS").is_some() && !file.exists() {
        std::fs::write(&file, hex(body)).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(hex(body), golden, "the encoding of {name} changed");
}

#[track_caller]
fn check<T: Body + PartialEq + Debug>(name: &str, value: &T) {
    let body = value.to_body();
    check_bytes(name, &body);
    assert_eq!(
        T::from_body(&body).unwrap(),
        *value,
        "{name} is not read back as it was"
    );
    // Every field is set, so what is cut off is missed, or no field's end.
    for end in 0..body.len() {
        assert!(
            T::from_body(&body[..end]).as_ref() != Ok(value),
            "{name} cut at {end} is read as whole"
        );
    }
}

#[test]
fn the_encoding_of_a_customer_does_not_change() {
    check("customer", &samples::customer());
}

#[test]
fn the_encoding_of_an_account_does_not_change() {
    check("account", &samples::account());
}

#[test]
fn the_encoding_of_orders_does_not_change() {
    for (name, order) in samples::orders() {
        check(name, &order);
    }
}

#[test]
fn the_encoding_of_an_entry_does_not_change() {
    check("entry", &samples::entry());
}

#[test]
fn the_encoding_of_sms_codes_does_not_change() {
    check("sms_state", &samples::sms());
}

#[test]
fn the_encoding_of_claims_and_index_rows_does_not_change() {
    let partition = PartitionId::Customer(samples::customer_id());
    let content = ContentHash([9; 32]);
    let bound = ClaimValue::Bound {
        partition: partition.clone(),
        content,
        business_day: 20_261_121,
    };
    check("claim_bound", &bound);
    let (_, order) = samples::orders().swap_remove(0);
    check("claim_closed", &crate::records::closed_claim(&order).value);
    let used = ProofUse {
        key: order.key.clone(),
        content: order.content,
    };
    check("proof_use", &used);
    let row = keys::order_row(&order.key);
    check("index_target", &IndexTarget { partition, row });
}

#[test]
fn the_encoding_of_the_catalogue_does_not_change() {
    check("product", &samples::product());
    check("fuel_product", &samples::fuel_product());
    check("seller", &samples::seller());
    check("caller", &samples::caller_record());
    check("settings", &samples::settings());
}

#[test]
fn the_encoding_of_audit_entries_and_events_does_not_change() {
    check("audit_entry", &samples::audit_entry());
    check("event", &samples::event());
}

fn log_changes() -> Vec<(&'static str, crate::Change)> {
    use crate::{BulkRow, Change, Claim, ClaimKey, ClaimTable, Commit, IndexKey, IndexRow, IndexTable};
    use crate::{Row, RowKey, RowKind, RowWrite, Version};
    let partition = PartitionId::Customer(samples::customer_id());
    let claim = |table, value| Claim {
        key: ClaimKey {
            table,
            key: bytes::Bytes::from_static(b"claim\0key"),
        },
        value,
    };
    let bound = claim(
        ClaimTable::CallerOrder,
        ClaimValue::Bound {
            partition: partition.clone(),
            content: ContentHash([9; 32]),
            business_day: 20_261_121,
        },
    );
    let closed = claim(
        ClaimTable::Pos,
        ClaimValue::Closed(bytes::Bytes::from_static(b"outcome")),
    );
    let row = |kind, key: &'static [u8], body: &'static [u8]| Row {
        key: RowKey::new(kind, key),
        body: bytes::Bytes::from_static(body),
    };
    let index = IndexRow {
        key: IndexKey {
            table: IndexTable::OrderNumber,
            key: bytes::Bytes::from_static(b"number"),
        },
        partition: partition.clone(),
        row: RowKey::new(RowKind::Order, "order"),
    };
    let commit = Commit {
        partition: partition.clone(),
        expected: Version(258),
        rows: vec![
            RowWrite::Put(row(RowKind::Header, b"", b"header")),
            RowWrite::Insert(row(RowKind::Entry, b"\0\x01", b"entry")),
        ],
        claims: vec![bound.clone()],
        index: vec![index.clone()],
        business_day: Some(20_261_121),
    };
    let import = vec![
        BulkRow::Partition {
            id: PartitionId::Catalogue,
            version: Version(7),
        },
        BulkRow::Row {
            partition: PartitionId::Catalogue,
            row: row(RowKind::Item, b"item", b"body"),
        },
        BulkRow::Claim(bound),
        BulkRow::Index(index),
    ];
    vec![
        ("log_commit", Change::Commit(commit)),
        ("log_claims", Change::Claims(vec![closed])),
        ("log_import", Change::Import(import)),
    ]
}

#[test]
fn the_encoding_of_groups_in_the_log_does_not_change() {
    use super::log::{decode_group, encode_group};
    for (name, change) in log_changes() {
        let group = vec![change];
        let mut body = Vec::new();
        encode_group(&group, &mut body);
        check_bytes(name, &body);
        assert_eq!(decode_group(body.clone().into()).unwrap(), group, "{name}");
        for end in 0..body.len() {
            let cut = decode_group(body[..end].to_vec().into());
            assert!(cut.as_ref() != Ok(&group), "{name} cut at {end} is read as whole");
        }
    }
}

/// The one field of a message replaced by another value.
fn with_field<M: prost::Message + Default>(body: &[u8], change: impl FnOnce(&mut M)) -> Vec<u8> {
    let mut message = M::decode(body).unwrap();
    change(&mut message);
    message.encode_to_vec()
}

#[test]
fn an_unknown_number_of_an_enum_is_damage_and_names_the_field() {
    use super::wire;
    let account = samples::account().to_body();
    let entry = samples::entry().to_body();
    let event = samples::event().to_body();
    let caller = samples::caller_record().to_body();
    let declined = samples::orders().swap_remove(3).1.to_body();
    let unknown_state = wire::order::State::Declined(9);
    let table: [(StoreError, &str); 7] = [
        (
            map_domain::Account::from_body(&with_field(&account, |m: &mut wire::Account| m.kind = 21))
                .unwrap_err(),
            "account: kind",
        ),
        (
            map_domain::Account::from_body(&with_field(&account, |m: &mut wire::Account| m.kind = 0))
                .unwrap_err(),
            "account: kind",
        ),
        (
            map_domain::Entry::from_body(&with_field(&entry, |m: &mut wire::Entry| m.kind = 99)).unwrap_err(),
            "entry: kind",
        ),
        (
            map_domain::Event::from_body(&with_field(&event, |m: &mut wire::Event| m.kind = 99)).unwrap_err(),
            "event: kind",
        ),
        (
            crate::records::CallerRecord::from_body(&with_field(&caller, |m: &mut wire::Caller| m.role = 9))
                .unwrap_err(),
            "caller: role",
        ),
        (
            map_domain::Order::from_body(&with_field(&declined, |m: &mut wire::Order| {
                m.state = Some(unknown_state);
            }))
            .unwrap_err(),
            "order: declined",
        ),
        (
            map_domain::Order::from_body(&with_field(&declined, |m: &mut wire::Order| m.detail = None))
                .unwrap_err(),
            "order: detail",
        ),
    ];
    for (error, told) in table {
        assert_eq!(error, StoreError::Damaged(told.to_owned()));
    }
}
