//! Every order is found by its number, every moved payment in its seller's day, and in one day only; and
//! every index row points to what it says, or a fault is known to have left it without its commit.

use super::{Case, happened, step};
use crate::request::SELLER;
use map_domain::{Order, OrderDetail};
use map_store::keys::{parse_merchant_day, parse_order, parse_order_number};
use map_store::{IndexRow, IndexTable};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    let mut days: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for row in &case.truth.index {
        let number = match row.key.table {
            IndexTable::OrderNumber => parse_order_number(&row.key.key).map(|(id, ..)| id.to_string()),
            IndexTable::MerchantDay => parse_merchant_day(&row.key.key).map(|(seller, day, id, _)| {
                assert_eq!(seller.as_str(), SELLER, "there is one seller");
                days.entry(id.to_string()).or_default().insert(day);
                id.to_string()
            }),
            IndexTable::Outbox => continue,
        };
        let Some(number) = number else {
            broken.push(format!("{row:?} can't be read"));
            continue;
        };
        let order = parse_order(&row.row.key).and_then(|key| case.orders.get(&key).copied());
        if order.is_some_and(|order| carries(order, &number)) {
            if row.key.table == IndexTable::OrderNumber {
                numbers.insert(number);
            }
        } else if !case.truth.dangling.contains(&row.key) {
            broken.push(format!("nothing explains {}", shown(row, &number)));
        }
    }
    for order in case.orders.values() {
        let moved = happened(order) && matches!(order.detail, OrderDetail::Payment(_));
        for id in std::iter::once(&order.id).chain(step(order).map(|step| &step.id)) {
            if !numbers.contains(id.as_str()) {
                broken.push(format!("order number {id} is not found"));
            }
            let found = days.get(id.as_str()).map_or(0, BTreeSet::len);
            if moved && found != 1 {
                broken.push(format!("{id} is in {found} days of its seller"));
            }
        }
    }
    broken
}

fn carries(order: &Order, number: &str) -> bool {
    order.id.as_str() == number || step(order).is_some_and(|step| step.id.as_str() == number)
}

fn shown(row: &IndexRow, number: &str) -> String {
    format!("{:?} of {number}", row.key.table)
}
