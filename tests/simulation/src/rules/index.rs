//! Every order is found by its number, every moved payment in its seller's day, and in one day only, for a
//! payment keeps the day that its key was taken on. What gave it back is found in the day of its own time;
//! an attempt before midnight may have left its place in the day before. And every index row points to
//! what it says, or a fault is known to have left it without its commit.

use super::{Case, happened, step};
use crate::request::SELLER;
use map_domain::{LifeStep, Order, OrderDetail, OrderId};
use map_store::keys::{parse_order, parse_order_number, parse_seller_day};
use map_store::{IndexRow, IndexTable};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn broken(case: &Case<'_>) -> Vec<String> {
    let mut broken = Vec::new();
    let mut numbers: BTreeSet<String> = BTreeSet::new();
    let mut days: BTreeMap<String, BTreeSet<u32>> = BTreeMap::new();
    for row in &case.truth.index {
        let mut in_day = None;
        let number = match row.key.table {
            IndexTable::OrderNumber => parse_order_number(&row.key.key).map(|(id, ..)| id.to_string()),
            IndexTable::SellerDay => parse_seller_day(&row.key.key).map(|(seller, day, id, _)| {
                assert_eq!(seller.as_str(), SELLER, "there is one seller");
                days.entry(id.to_string()).or_default().insert(day);
                in_day = Some(day);
                id.to_string()
            }),
            IndexTable::Outbox => continue,
        };
        let Some(number) = number else {
            broken.push(format!("{row:?} can't be read"));
            continue;
        };
        let order = parse_order(&row.row.key).and_then(|key| {
            let act = case.truth.acts.iter().find(|act| act.key == key);
            case.orders.get(&key).copied().or(act)
        });
        if order.is_some_and(|order| carries(order, &number, in_day)) {
            if row.key.table == IndexTable::OrderNumber {
                numbers.insert(number);
            }
        } else if !case.truth.dangling.contains(&row.key) {
            broken.push(format!("nothing explains {}", shown(row, &number)));
        }
    }
    for order in case.orders.values().copied().chain(&case.truth.acts) {
        let steps = step(order).map(|step| &step.id);
        let lost = std::iter::once(&order.id)
            .chain(steps)
            .filter(|id| !numbers.contains(id.as_str()));
        broken.extend(lost.map(|id| format!("order number {id} is not found")));
        if !happened(order) || !matches!(order.detail, OrderDetail::Payment(_)) {
            continue;
        }
        let days_of = |id: &OrderId| days.get(id.as_str()).cloned().unwrap_or_default();
        let found = days_of(&order.id);
        if found.len() != 1 {
            broken.push(format!(
                "payment {} is in these days of its seller: {found:?}",
                order.id
            ));
        }
        if let Some(step) = step(order)
            && !days_of(&step.id).contains(&step.at.business_day())
        {
            broken.push(format!(
                "{} is not in its seller's day {}",
                step.id,
                step.at.business_day()
            ));
        }
    }
    broken
}

/// Whether this is the order's number, or that of its step, in this day where it is one of a seller's days.
fn carries(order: &Order, number: &str, day: Option<u32>) -> bool {
    let is_step =
        |step: &LifeStep| step.id.as_str() == number && day.is_none_or(|day| day == step.at.business_day());
    order.id.as_str() == number || step(order).is_some_and(is_step)
}

fn shown(row: &IndexRow, number: &str) -> String {
    format!("{:?} of {number}", row.key.table)
}
