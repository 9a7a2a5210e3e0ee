//! A clean ledger is clean, and each kind of corruption is found.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test that overflows or meets something else fails"
)]

mod corruptions;
mod decided;
mod ledger;

use super::ProblemKind as Kind;
use super::*;
use crate::codec::Body;
use crate::codec::samples::{customer_id, mobile, number, order_id, pos};
use crate::keys::{self, NumberRole};
use crate::{Claim, IndexRow, MemoryStore, PartitionId, RowKey, RowKind, Store};
use corruptions::{CORRUPTIONS, remove};
use ledger::{CARD, CASH};
use map_domain::{Customer, CustomerId, Fen, Order, Slot};
use std::collections::BTreeSet;

async fn checked(rows: Vec<BulkRow>, options: &CheckOptions) -> CheckReport {
    let store = MemoryStore::new();
    store.import(rows).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    check(&*snapshot, options, &mut |_| {}).await.unwrap()
}

fn home() -> PartitionId {
    PartitionId::Customer(customer_id())
}

fn paid(serial: &str) -> RowKey {
    keys::order_row(&pos(serial, Slot::Pay))
}

fn seller() -> map_domain::SellerId {
    map_domain::SellerId::parse("SH12345").unwrap()
}

#[tokio::test]
async fn a_ledger_in_which_everything_happened_is_clean() {
    let store = ledger::store().await;
    store.claim(vec![corruptions::proof()]).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    let mut told = Vec::new();
    let report = check(&*snapshot, &CheckOptions::default(), &mut |step| told.push(step))
        .await
        .unwrap();
    assert_eq!(report.problems, []);
    assert!(report.is_clean());
    let counts = Counts {
        partitions: 5,
        customers: 1,
        accounts: 2,
        orders: 8,
        entries: 8,
        events: 3,
        others: 8,
        bound_claims: 11,
        closed_claims: 1,
        proofs: 1,
        index_rows: 8 + 2 + 5 + 3,
    };
    assert_eq!(report.counts, counts);
    assert_eq!(report.danglers, Danglers::default());
    let line = |ledger_account: &str, balance_fen| TrialBalanceLine {
        ledger_account: ledger_account.to_owned(),
        balance_fen,
    };
    let lines = [
        line("caller_receivable:network/n1", -90_300),
        line("cash", 5300),
        line("discount_granted:P100", -10_000),
        line("instalment", 94_300),
        line("seller_payable:SH12345", 700),
    ];
    assert_eq!(report.trial_balance.lines, lines);
    assert_eq!(
        (report.trial_balance.total_fen, report.trial_balance.entries),
        (0, 8)
    );
    assert_eq!(trial_balance(&*snapshot).await.unwrap(), report.trial_balance);
    assert!(
        told.iter()
            .any(|step| step.stage == Stage::Links && step.rows > 0)
    );
}

#[tokio::test]
async fn each_corruption_is_found_and_named_and_nothing_else_is() {
    let clean = ledger::rows(&ledger::store().await).await;
    for (what, corrupt, expected) in CORRUPTIONS {
        let mut rows = clean.clone();
        corrupt(&mut rows);
        let report = checked(rows, &CheckOptions::default()).await;
        let found: BTreeSet<Kind> = report.problems.iter().map(|problem| problem.kind).collect();
        let expected: BTreeSet<Kind> = expected.iter().copied().collect();
        assert_eq!(found, expected, "{what}: {:#?}", report.problems);
        for problem in report.problems {
            let text = problem.to_string();
            let name = format!("{:?}", problem.kind);
            assert!(!text.contains(&name), "{what}: words, not names: {text}");
            for secret in [CARD, CASH, mobile().as_str(), "2610888000000000"] {
                assert!(!text.contains(secret), "{what}: a number in clear: {text}");
            }
        }
    }
}

#[tokio::test]
async fn what_may_dangle_is_counted_and_no_problem() {
    let mut rows = ledger::rows(&ledger::store().await).await;
    let nobody = CustomerId::new([9; 16]);
    let theirs = PartitionId::Customer(nobody);
    let key = pos("77", Slot::Pay);
    let content = map_domain::ContentDigest([0; 32]);
    rows.push(BulkRow::Claim(crate::records::order_claim(
        &key,
        theirs.clone(),
        content,
        0,
    )));
    rows.push(BulkRow::Claim(crate::records::account_claim(
        &number("2610888000000001"),
        nobody,
    )));
    let other = map_domain::MobileNumber::parse("13900000000").unwrap();
    rows.push(BulkRow::Claim(crate::records::mobile_claim(&other, 0, nobody)));
    let row = keys::order_row(&key);
    let event = keys::stream_row(RowKind::Outbox, crate::codec::samples::NOW, 99, 0);
    for (key, row) in [
        (
            keys::order_number(&order_id("gone"), NumberRole::Own, &theirs, &row),
            row.clone(),
        ),
        (
            keys::seller_day(&seller(), 20_261_121, &order_id("gone"), &theirs, &row),
            row,
        ),
        (keys::outbox(crate::codec::samples::NOW, &theirs, &event), event),
    ] {
        rows.push(BulkRow::Index(IndexRow {
            key,
            partition: theirs.clone(),
            row,
        }));
    }
    let report = checked(rows, &CheckOptions::default()).await;
    assert_eq!(report.problems, []);
    let each_once = Danglers {
        order_claims: 1,
        account_claims: 1,
        mobile_claims: 1,
        order_numbers: 1,
        seller_days: 1,
        outbox: 1,
    };
    assert_eq!(report.danglers, each_once);
}

#[tokio::test]
async fn many_small_passes_find_what_one_finds() {
    let clean = ledger::rows(&ledger::store().await).await;
    let small = CheckOptions {
        page: 1,
        names_per_pass: 1,
        problems: 1000,
    };
    let report = checked(clean.clone(), &small).await;
    assert_eq!(report, checked(clean.clone(), &CheckOptions::default()).await);
    for (what, corrupt, _) in CORRUPTIONS {
        let mut rows = clean.clone();
        corrupt(&mut rows);
        let mut reports = [
            checked(rows.clone(), &small).await,
            checked(rows, &CheckOptions::default()).await,
        ];
        for report in &mut reports {
            report.problems.sort_by_key(ToString::to_string);
        }
        assert_eq!(reports[0], reports[1], "{what}");
    }
}

#[tokio::test]
async fn problems_beyond_the_limit_are_counted() {
    let mut rows = ledger::rows(&ledger::store().await).await;
    remove(&mut rows, |row| matches!(row, BulkRow::Claim(_)));
    let options = CheckOptions {
        problems: 2,
        ..CheckOptions::default()
    };
    let report = checked(rows, &options).await;
    assert_eq!((report.problems.len(), report.problem_count), (2, 11));
}
