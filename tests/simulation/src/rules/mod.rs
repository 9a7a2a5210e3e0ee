//! The rules, one file each. A rule looks at what clients were told and at the rows that are there at the
//! end, and says every place where the two do not go together.

mod acknowledged;
mod asked_for;
mod attempts;
mod balances;
mod check;
mod exclusive;
mod index;
mod last_word;
mod no_is_no;
mod one_effect;
mod one_use;
mod other_content;
mod shown;
mod trial_balance;
mod undone;

use crate::history::{Call, History};
use crate::truth::Truth;
use map_domain::{Entry, LifeStep, Order, OrderId, OrderKey, OrderState};
use std::collections::BTreeMap;

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: &'static str,
    /// Where and how.
    pub what: String,
}

/// What a rule looks at.
pub(crate) struct Case<'a> {
    history: &'a History,
    truth: &'a Truth,
    /// The calls under each key, in the order in which they were asked.
    calls: BTreeMap<OrderKey, Vec<&'a Call>>,
    orders: BTreeMap<&'a OrderKey, &'a Order>,
    /// The entries that each order number made.
    entries: BTreeMap<&'a str, Vec<&'a Entry>>,
}

type Rule = (&'static str, fn(&Case<'_>) -> Vec<String>);

/// Every rule by its name.
const RULES: [Rule; 15] = [
    ("the trial balance is zero", trial_balance::broken),
    ("a balance is the sum of its postings", balances::broken),
    ("one effect for each key, for ever", one_effect::broken),
    (
        "the same key with other content moves nothing",
        other_content::broken,
    ),
    ("what was acknowledged is there", acknowledged::broken),
    ("nothing is there that nobody asked for", asked_for::broken),
    (
        "what was undone is not charged, and restored once",
        undone::broken,
    ),
    ("cancelled and undone exclude each other", exclusive::broken),
    ("no no for something that happened", no_is_no::broken),
    ("index rows are explained and none is missing", index::broken),
    ("attempts are counted and the lock holds", attempts::broken),
    ("what was shown stays", shown::broken),
    ("a signature moves money for one request", one_use::broken),
    ("who asks a last time is told", last_word::broken),
    ("the ledger checks clean", check::broken),
];

/// The names of all rules.
pub fn names() -> impl Iterator<Item = &'static str> {
    RULES.into_iter().map(|(name, _)| name)
}

/// Every place where a rule is broken.
pub fn judge(history: &History, truth: &Truth) -> Vec<Violation> {
    let case = Case::new(history, truth);
    let each = RULES.into_iter().flat_map(|(rule, broken)| {
        let places = broken(&case).into_iter();
        places.map(move |what| Violation { rule, what })
    });
    each.collect()
}

impl<'a> Case<'a> {
    fn new(history: &'a History, truth: &'a Truth) -> Self {
        let mut calls: BTreeMap<OrderKey, Vec<&Call>> = BTreeMap::new();
        for call in &history.calls {
            calls.entry(call.key()).or_default().push(call);
        }
        let mut entries: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
        for entry in truth.entries() {
            entries.entry(entry.order.as_str()).or_default().push(entry);
        }
        Self {
            history,
            truth,
            calls,
            orders: truth.orders().map(|order| (&order.key, order)).collect(),
            entries,
        }
    }

    /// The order under a key, where it was done, whatever became of it.
    fn done(&self, key: &OrderKey) -> Option<&'a Order> {
        let order = self.orders.get(key).copied();
        order.filter(|order| happened(order))
    }

    /// How many entries an order number made.
    fn entries_of(&self, id: &OrderId) -> usize {
        self.entries.get(id.as_str()).map_or(0, Vec::len)
    }
}

/// Whether what was asked for was done, whatever became of it.
const fn happened(order: &Order) -> bool {
    match order.state {
        OrderState::Done | OrderState::Reversed(_) | OrderState::Cancelled(_) => true,
        OrderState::Declined(_) | OrderState::Closed => false,
    }
}

/// The later step of an order: how it was given back, where it was.
const fn step(order: &Order) -> Option<&LifeStep> {
    match &order.state {
        OrderState::Reversed(step) | OrderState::Cancelled(step) => Some(step),
        OrderState::Done | OrderState::Declined(_) | OrderState::Closed => None,
    }
}
