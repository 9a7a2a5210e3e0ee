//! What is done to a ledger, and what a check must then say.

use super::ledger::{self, CARD, CASH};
use super::{Kind, home, paid, seller};
use crate::codec::samples::{caller, mobile, number, order_id, pos};
use crate::codec::{Body, ProofUse};
use crate::keys::{self, NumberRole};
use crate::records;
use crate::{
    BulkRow, Claim, ClaimTable, ClaimValue, ContentHash, IndexKey, IndexRow, IndexTable, PartitionId,
    ProofDigest, Row, RowKey, RowKind, Version,
};
use map_domain::{
    Account, CallerId, ContentDigest, Customer, CustomerId, Entry, EntryKind, Fen, LedgerAccount, Order,
    SellerId, Slot,
};
use std::collections::BTreeSet;

/// The place of an order of the customer in its seller's day.
fn day_of(day: u32, id: &str, row: &RowKey) -> IndexKey {
    keys::seller_day(&seller(), day, &order_id(id), &home(), row)
}

/// Changes the body of one row of the customer.
fn change<T: Body>(rows: &mut [BulkRow], key: &RowKey, change: impl FnOnce(&mut T)) {
    let row = rows.iter_mut().find_map(|row| match row {
        BulkRow::Row { partition, row } if *partition == home() && row.key == *key => Some(row),
        _ => None,
    });
    let row = row.expect("the row is there");
    let mut value = T::from_body(&row.body).unwrap();
    change(&mut value);
    row.body = value.to_body();
}

/// Removes what is meant, and makes sure that something was.
pub(super) fn remove(rows: &mut Vec<BulkRow>, meant: impl Fn(&BulkRow) -> bool) {
    let before = rows.len();
    rows.retain(|row| !meant(row));
    assert!(rows.len() < before, "nothing to remove");
}

fn is_row(row: &BulkRow, key: &RowKey) -> bool {
    matches!(row, BulkRow::Row { partition, row } if *partition == home() && row.key == *key)
}

fn is_index(row: &BulkRow, key: &IndexKey) -> bool {
    matches!(row, BulkRow::Index(row) if row.key == *key)
}

fn is_claim(row: &BulkRow, table: ClaimTable) -> bool {
    matches!(row, BulkRow::Claim(claim) if claim.key.table == table)
}

fn claim(rows: &mut [BulkRow], table: ClaimTable) -> &mut Claim {
    let found = rows.iter_mut().find_map(|row| match row {
        BulkRow::Claim(claim)
            if claim.key.table == table && matches!(claim.value, ClaimValue::Bound { .. }) =>
        {
            Some(claim)
        }
        _ => None,
    });
    found.expect("there is one")
}

/// What somebody presented for a payment.
pub(super) fn proof() -> Claim {
    let used = ProofUse {
        key: pos("1", Slot::Pay),
        content: ContentDigest([2; 32]),
    };
    records::proof_claim(&caller(), &ProofDigest([7; 32]), &used)
}

fn put(rows: &mut Vec<BulkRow>, key: RowKey, body: impl Into<bytes::Bytes>) {
    rows.push(BulkRow::Row {
        partition: home(),
        row: Row {
            key,
            body: body.into(),
        },
    });
}

pub(super) type Corruption = (&'static str, fn(&mut Vec<BulkRow>), &'static [Kind]);

/// What is done to the ledger, and exactly what is then wrong.
pub(super) const CORRUPTIONS: &[Corruption] = &[
    (
        "a body is cut short",
        |rows| {
            for row in rows {
                if let BulkRow::Row { row, .. } = row
                    && row.key == paid("4")
                {
                    row.body = row.body.slice(..10);
                }
            }
        },
        &[Kind::Damaged],
    ),
    (
        "an order is in another order's row",
        |rows| change::<Order>(rows, &paid("4"), |order| order.key = pos("5", Slot::Pay)),
        &[Kind::Damaged],
    ),
    (
        "the header is another customer's",
        |rows| change::<Customer>(rows, &RowKey::HEADER, |c| c.id = CustomerId::new([9; 16])),
        &[Kind::Damaged, Kind::PartitionIncomplete],
    ),
    (
        "the header is gone",
        |rows| remove(rows, |row| is_row(row, &RowKey::HEADER)),
        &[Kind::PartitionIncomplete],
    ),
    (
        "the version is gone",
        |rows| {
            remove(
                rows,
                |row| matches!(row, BulkRow::Partition { id, .. } if *id == home()),
            )
        },
        &[Kind::PartitionIncomplete],
    ),
    (
        "a row of a kind that customers do not have",
        |rows| put(rows, RowKey::new(RowKind::Item, "x"), "x"),
        &[Kind::UnexpectedRow],
    ),
    (
        "the header counts one entry more",
        |rows| change::<Customer>(rows, &RowKey::HEADER, |customer| customer.entries += 1),
        &[Kind::EntryCount],
    ),
    (
        "the last entry is gone",
        |rows| remove(rows, |row| is_row(row, &keys::entry_row(8))),
        &[Kind::EntryCount, Kind::BalanceNotPostings, Kind::EntryMissing],
    ),
    (
        "an entry in the middle is gone",
        |rows| remove(rows, |row| is_row(row, &keys::entry_row(3))),
        &[
            Kind::EntryCount,
            Kind::EntrySequence,
            Kind::BalanceNotPostings,
            Kind::EntryMissing,
        ],
    ),
    (
        "an entry is in another entry's row",
        |rows| change::<Entry>(rows, &keys::entry_row(8), |entry| entry.sequence = 9),
        &[Kind::EntrySequence],
    ),
    (
        "one side of an entry is changed",
        |rows| {
            change::<Entry>(rows, &keys::entry_row(2), |entry| {
                entry.postings[1].amount = Fen::new(701)
            })
        },
        &[Kind::EntryUnbalanced, Kind::EntryNotAsOrdered, Kind::TrialBalance],
    ),
    (
        "a posting of zero",
        |rows| {
            change::<Entry>(rows, &keys::entry_row(2), |entry| {
                let mut nothing = entry.postings[1].clone();
                nothing.amount = Fen::ZERO;
                entry.postings.push(nothing);
            });
        },
        &[Kind::EntryUnbalanced],
    ),
    (
        "an entry posts to another account of the customer",
        |rows| {
            change::<Entry>(rows, &keys::entry_row(2), |entry| {
                entry.postings[0].ledger = ledger::on(CASH)
            });
        },
        &[Kind::BalanceNotPostings, Kind::EntryNotAsOrdered],
    ),
    (
        "an entry posts to an account that is not there",
        |rows| {
            change::<Entry>(rows, &keys::entry_row(2), |entry| {
                entry.postings[0].ledger = LedgerAccount::Account(number("2610888000000000"));
            });
        },
        &[
            Kind::BalanceNotPostings,
            Kind::EntryAccountUnknown,
            Kind::EntryNotAsOrdered,
        ],
    ),
    (
        "an entry is of another kind",
        |rows| change::<Entry>(rows, &keys::entry_row(2), |entry| entry.kind = EntryKind::TopUp),
        &[Kind::EntryNotAsOrdered],
    ),
    (
        "an entry is of another time",
        |rows| {
            change::<Entry>(rows, &keys::entry_row(2), |entry| {
                entry.at = entry.at.saturating_add_millis(1)
            });
        },
        &[Kind::EntryNotAsOrdered],
    ),
    (
        "a payment is posted to another seller",
        |rows| {
            change::<Entry>(rows, &keys::entry_row(2), |entry| {
                let other = SellerId::parse("another").unwrap();
                entry.postings[1].ledger = LedgerAccount::SellerPayable(other);
            });
        },
        &[Kind::EntryNotAsOrdered],
    ),
    (
        "a card's price is owed by another caller",
        |rows| {
            change::<Entry>(rows, &keys::entry_row(1), |entry| {
                let other = CallerId::parse("app/another").unwrap();
                entry.postings[1].ledger = LedgerAccount::CallerReceivable(other);
            });
        },
        &[Kind::EntryNotAsOrdered],
    ),
    (
        "a card's face value is changed",
        |rows| {
            let row = keys::account_row(&number(CARD));
            change::<Account>(rows, &row, |account| account.face_value = Fen::new(1));
        },
        &[Kind::FaceValueNotPosted],
    ),
    (
        "an entry is of an order that is not there",
        |rows| change::<Entry>(rows, &keys::entry_row(2), |entry| entry.order = order_id("zz")),
        &[Kind::EntryMissing, Kind::OrderMissing],
    ),
    (
        "an order has two entries",
        |rows| change::<Entry>(rows, &keys::entry_row(3), |entry| entry.order = order_id("p1")),
        &[Kind::EntryTwice, Kind::EntryMissing, Kind::EntryNotAsOrdered],
    ),
    (
        "a balance is changed",
        |rows| {
            let row = keys::account_row(&number(CARD));
            change::<Account>(rows, &row, |account| account.balance = Fen::new(1));
        },
        &[Kind::BalanceNotPostings],
    ),
    (
        "a balance is negative",
        |rows| {
            let row = keys::account_row(&number(CARD));
            change::<Account>(rows, &row, |account| account.balance = Fen::new(-1));
        },
        &[Kind::BalanceNegative, Kind::BalanceNotPostings],
    ),
    (
        "an account is gone: its claim dangles",
        |rows| remove(rows, |row| is_row(row, &keys::account_row(&number(CASH)))),
        &[Kind::EntryAccountUnknown],
    ),
    (
        "a payment's amount is changed",
        |rows| {
            change::<Order>(rows, &paid("1"), |order| {
                if let map_domain::OrderDetail::Payment(payment) = &mut order.detail {
                    payment.amount = Fen::new(699);
                }
            });
        },
        &[Kind::EntryNotAsOrdered],
    ),
    (
        "a reversal is forgotten",
        |rows| {
            change::<Order>(rows, &paid("2"), |order| {
                order.state = map_domain::OrderState::Done
            })
        },
        &[Kind::OrderMissing],
    ),
    (
        "an order row is gone: its claim and places dangle",
        |rows| remove(rows, |row| is_row(row, &paid("1"))),
        &[Kind::OrderMissing],
    ),
    (
        "a cancelled payment is gone",
        |rows| remove(rows, |row| is_row(row, &paid("3"))),
        &[Kind::CancellationWithoutPayment, Kind::OrderMissing],
    ),
    (
        "a payment's claim is gone",
        |rows| {
            let key = keys::order_claim(&ledger::order_key("1", Slot::Pay));
            remove(
                rows,
                |row| matches!(row, BulkRow::Claim(claim) if claim.key == key),
            );
        },
        &[Kind::ClaimMissing],
    ),
    (
        "all accounts' claims are gone",
        |rows| remove(rows, |row| is_claim(row, ClaimTable::Account)),
        &[Kind::ClaimMissing],
    ),
    (
        "the mobile claim is gone",
        |rows| remove(rows, |row| is_claim(row, ClaimTable::Mobile)),
        &[Kind::ClaimMissing],
    ),
    (
        "a newer generation of the mobile number is somebody else's",
        |rows| {
            let other = CustomerId::new([9; 16]);
            rows.push(BulkRow::Claim(crate::records::mobile_claim(&mobile(), 1, other)));
        },
        &[Kind::ClaimMissing],
    ),
    (
        "a claim says another partition",
        |rows| {
            claim(rows, ClaimTable::Pos).value = ClaimValue::Bound {
                partition: PartitionId::Customer(CustomerId::new([9; 16])),
                content: ContentHash([9; 32]),
                business_day: 0,
            };
        },
        &[Kind::ClaimMissing],
    ),
    (
        "a claim says other content",
        |rows| {
            claim(rows, ClaimTable::CallerOrder).value = ClaimValue::Bound {
                partition: home(),
                content: ContentHash([1; 32]),
                business_day: 0,
            };
        },
        &[Kind::ClaimContent],
    ),
    (
        "a claim's key can't be read",
        |rows| claim(rows, ClaimTable::CallerOrder).key.key = bytes::Bytes::from_static(b"\x02"),
        &[Kind::Damaged, Kind::ClaimMissing],
    ),
    (
        "a closed claim holds no order",
        |rows| {
            for row in rows {
                if let BulkRow::Claim(Claim {
                    value: ClaimValue::Closed(outcome),
                    ..
                }) = row
                {
                    *outcome = bytes::Bytes::from_static(b"\xff");
                }
            }
        },
        &[Kind::Damaged],
    ),
    (
        "a closed claim holds another key's order",
        |rows| {
            for row in rows {
                if let BulkRow::Claim(Claim {
                    value: ClaimValue::Closed(outcome),
                    ..
                }) = row
                {
                    let mut order = Order::from_body(outcome).unwrap();
                    order.key = pos("8", Slot::Pay);
                    *outcome = order.to_body();
                }
            }
        },
        &[Kind::ClaimMisplaced],
    ),
    (
        "an account number is closed",
        |rows| claim(rows, ClaimTable::Account).value = ClaimValue::Closed(bytes::Bytes::new()),
        &[Kind::ClaimMisplaced, Kind::ClaimMissing],
    ),
    (
        "a proof is bound to a partition",
        |rows| {
            let mut claim = proof();
            claim.value = ClaimValue::Bound {
                partition: home(),
                content: ContentHash([7; 32]),
                business_day: 0,
            };
            rows.push(BulkRow::Claim(claim));
        },
        &[Kind::ClaimMisplaced],
    ),
    (
        "a proof says something else than its use",
        |rows| {
            let mut claim = proof();
            claim.value = ClaimValue::Closed(bytes::Bytes::from_static(b"\x0a\x01x"));
            rows.push(BulkRow::Claim(claim));
        },
        &[Kind::Damaged],
    ),
    (
        "a proof is too short",
        |rows| {
            let mut claim = proof();
            claim.key.key = claim.key.key.slice(1..);
            rows.push(BulkRow::Claim(claim));
        },
        &[Kind::Damaged],
    ),
    (
        "the claim of the secret is closed",
        |rows| {
            rows.push(BulkRow::Claim(Claim {
                value: ClaimValue::Closed(bytes::Bytes::new()),
                ..records::secret_claim([7; 32])
            }));
        },
        &[Kind::ClaimMisplaced],
    ),
    (
        "the claim of the secret is a customer's",
        |rows| {
            let mut claim = records::secret_claim([7; 32]);
            claim.value = ClaimValue::Bound {
                partition: home(),
                content: ContentHash([7; 32]),
                business_day: 0,
            };
            rows.push(BulkRow::Claim(claim));
        },
        &[Kind::ClaimMisplaced],
    ),
    (
        "the claim of the secret has a name",
        |rows| {
            let mut claim = records::secret_claim([7; 32]);
            claim.key.key = bytes::Bytes::from_static(b"other");
            rows.push(BulkRow::Claim(claim));
        },
        &[Kind::Damaged],
    ),
    (
        "one order key in two partitions",
        |rows| {
            let theirs = PartitionId::Customer(CustomerId::new([9; 16]));
            let copies: Vec<BulkRow> = rows
                .iter()
                .filter_map(|row| match row {
                    BulkRow::Row { partition, row } if *partition == home() && row.key == paid("4") => {
                        Some(BulkRow::Row {
                            partition: theirs.clone(),
                            row: row.clone(),
                        })
                    }
                    BulkRow::Row { partition, row } if *partition == home() && row.key == RowKey::HEADER => {
                        let mut customer = Customer::from_body(&row.body).unwrap();
                        (customer.id, customer.mobile, customer.entries) =
                            (CustomerId::new([9; 16]), None, 0);
                        let row = Row {
                            key: RowKey::HEADER,
                            body: customer.to_body(),
                        };
                        Some(BulkRow::Row {
                            partition: theirs.clone(),
                            row,
                        })
                    }
                    _ => None,
                })
                .collect();
            rows.extend(copies);
            rows.push(BulkRow::Partition {
                id: theirs,
                version: Version(1),
            });
        },
        &[Kind::NameTwice],
    ),
    (
        "one mobile number of two customers",
        |rows| {
            let id = CustomerId::new([9; 16]);
            let theirs = PartitionId::Customer(id);
            let customer = Customer {
                id,
                entries: 0,
                ..crate::codec::samples::customer()
            };
            let row = Row {
                key: RowKey::HEADER,
                body: customer.to_body(),
            };
            rows.push(BulkRow::Partition {
                id: theirs.clone(),
                version: Version(1),
            });
            rows.push(BulkRow::Row {
                partition: theirs,
                row,
            });
        },
        &[Kind::NameTwice],
    ),
    (
        "an order's number is not in the index",
        |rows| {
            remove(rows, |row| {
                is_index(
                    row,
                    &keys::order_number(&order_id("p1"), NumberRole::Own, &home(), &paid("1")),
                )
            })
        },
        &[Kind::OrderNumberMissing],
    ),
    (
        "a reversal's number is not in the index",
        |rows| {
            remove(rows, |row| {
                is_index(
                    row,
                    &keys::order_number(&order_id("r2"), NumberRole::Step, &home(), &paid("2")),
                )
            })
        },
        &[Kind::OrderNumberMissing],
    ),
    (
        "a payment is not in its seller's day",
        |rows| remove(rows, |row| is_index(row, &day_of(20_261_121, "p1", &paid("1")))),
        &[Kind::SellerDayMissing],
    ),
    (
        "a reversal is not in its seller's day",
        |rows| remove(rows, |row| is_index(row, &day_of(20_261_122, "r2", &paid("2")))),
        &[Kind::SellerDayMissing],
    ),
    (
        "a payment is in another day",
        |rows| {
            for row in rows {
                if let BulkRow::Index(row) = row
                    && row.key == day_of(20_261_121, "p1", &paid("1"))
                {
                    row.key = day_of(20_261_120, "p1", &paid("1"));
                }
            }
        },
        &[Kind::SellerDayMissing],
    ),
    (
        "a payment is in another seller's day, too",
        |rows| {
            let other = map_domain::SellerId::parse("SH9").unwrap();
            let key = keys::seller_day(&other, 20_261_121, &order_id("p1"), &home(), &paid("1"));
            rows.push(BulkRow::Index(IndexRow {
                key,
                partition: home(),
                row: paid("1"),
            }));
        },
        &[Kind::IndexMisplaced],
    ),
    (
        "an event is not in the outbox index",
        |rows| {
            remove(
                rows,
                |row| matches!(row, BulkRow::Index(row) if row.key.table == IndexTable::Outbox),
            )
        },
        &[Kind::OutboxMissing],
    ),
    (
        "an index row can't be read",
        |rows| {
            let key = IndexKey {
                table: IndexTable::OrderNumber,
                key: bytes::Bytes::from_static(b"\x09x"),
            };
            rows.push(BulkRow::Index(IndexRow {
                key,
                partition: home(),
                row: paid("1"),
            }));
        },
        &[Kind::IndexMisplaced],
    ),
    (
        "an order's number stands at the place of another order's",
        |rows| {
            rows.push(BulkRow::Index(IndexRow {
                key: keys::order_number(&order_id("p1"), NumberRole::Own, &home(), &paid("9")),
                partition: home(),
                row: paid("1"),
            }));
        },
        &[Kind::IndexMisplaced],
    ),
    (
        "a payment stands at the place of another in the seller's day",
        |rows| {
            rows.push(BulkRow::Index(IndexRow {
                key: day_of(20_261_121, "p1", &paid("9")),
                partition: home(),
                row: paid("1"),
            }));
        },
        &[Kind::IndexMisplaced],
    ),
];

#[test]
fn every_kind_of_problem_has_a_corruption() {
    let tried: BTreeSet<Kind> = CORRUPTIONS
        .iter()
        .flat_map(|(_, _, kinds)| kinds.iter().copied())
        .collect();
    let all = [
        Kind::Damaged,
        Kind::UnexpectedRow,
        Kind::PartitionIncomplete,
        Kind::EntryCount,
        Kind::EntrySequence,
        Kind::EntryUnbalanced,
        Kind::EntryAccountUnknown,
        Kind::BalanceNotPostings,
        Kind::FaceValueNotPosted,
        Kind::BalanceNegative,
        Kind::EntryMissing,
        Kind::OrderMissing,
        Kind::EntryNotAsOrdered,
        Kind::EntryTwice,
        Kind::CancellationWithoutPayment,
        Kind::TrialBalance,
        Kind::NameTwice,
        Kind::ClaimMissing,
        Kind::ClaimContent,
        Kind::ClaimMisplaced,
        Kind::OrderNumberMissing,
        Kind::SellerDayMissing,
        Kind::OutboxMissing,
        Kind::IndexMisplaced,
    ];
    assert_eq!(tried, all.into_iter().collect());
}
