//! From a decision to the commit that writes it.

use super::index::index_rows;
use crate::codec::Body;
use crate::{Claim, Commit, IndexRow, PartitionId, Row, RowKey, RowKind, RowWrite, Version, keys};
use map_domain::{CustomerId, CustomerState, Decision, Event, Order};

/// Builds the commit of a decision about one customer.
///
/// The state is the one that was decided on, loaded with the keys of every order that the
/// decision writes: an order that is in it is replaced, one that is not is created, and the
/// commit fails where it exists after all. The same goes for accounts.
#[derive(Debug)]
pub struct CommitBuilder<'a> {
    customer: CustomerId,
    expected: Version,
    state: &'a CustomerState,
    decision: &'a Decision,
    claims: Vec<Claim>,
    day: Option<u32>,
}

impl<'a> CommitBuilder<'a> {
    /// Of a decision on this state of the customer at this version.
    pub const fn new(expected: Version, state: &'a CustomerState, decision: &'a Decision) -> Self {
        Self {
            customer: state.customer.id,
            expected,
            state,
            decision,
            claims: Vec::new(),
            day: None,
        }
    }

    /// Takes these claims, too.
    #[must_use]
    pub fn claims(mut self, claims: impl IntoIterator<Item = Claim>) -> Self {
        self.claims.extend(claims);
        self
    }

    /// The business day (`yyyyMMdd`) that the claim fixed for the payment; 0: the day of its time.
    #[must_use]
    pub const fn business_day(mut self, day: u32) -> Self {
        self.day = if day == 0 { None } else { Some(day) };
        self
    }

    /// The commit; `None`: the decision writes nothing.
    pub fn build(self) -> Option<Commit> {
        let partition = PartitionId::Customer(self.customer);
        let mut rows = Vec::new();
        let mut index = Vec::new();
        let decided = &self.decision.customer;
        // A partition never has rows without a header: the first commit writes it in any case.
        let first = || (self.expected == Version::NONE && self.writes()).then_some(&self.state.customer);
        if let Some(customer) = decided.as_ref().or_else(first) {
            rows.push(RowWrite::Put(Row {
                key: RowKey::HEADER,
                body: customer.to_body(),
            }));
        }
        for account in &self.decision.accounts {
            let row = Row {
                key: keys::account_row(&account.number),
                body: account.to_body(),
            };
            let exists = self
                .state
                .accounts
                .iter()
                .any(|known| known.number == account.number);
            rows.push(write(row, exists));
        }
        for order in &self.decision.orders {
            let known = self.state.orders.get(&order.key);
            let row = Row {
                key: keys::order_row(&order.key),
                body: order.to_body(),
            };
            rows.push(write(row, known.is_some()));
            index.extend(self.new_index_rows(&partition, order, known));
        }
        if let Some(entry) = &self.decision.entry {
            let row = Row {
                key: keys::entry_row(entry.sequence),
                body: entry.to_body(),
            };
            rows.push(RowWrite::Insert(row));
        }
        for (row, place) in event_rows(&partition, self.expected, &self.decision.events) {
            rows.push(row);
            index.push(place);
        }
        let (expected, claims) = (self.expected, self.claims);
        (!rows.is_empty()).then_some(Commit {
            partition,
            expected,
            rows,
            claims,
            index,
            business_day: None,
        })
    }

    /// Whether the decision writes anything besides the header.
    fn writes(&self) -> bool {
        let Decision {
            customer: _,
            accounts,
            orders,
            entry,
            events,
            answer: _,
        } = self.decision;
        !accounts.is_empty() || !orders.is_empty() || entry.is_some() || !events.is_empty()
    }

    /// What the order calls for and did not call for before.
    fn new_index_rows(&self, partition: &PartitionId, order: &Order, known: Option<&Order>) -> Vec<IndexRow> {
        let Some(known) = known else {
            return index_rows(partition, order, self.day);
        };
        let before = index_rows(partition, known, None);
        let mut rows = index_rows(partition, order, None);
        rows.retain(|row| !before.contains(row));
        rows
    }
}

fn write(row: Row, exists: bool) -> RowWrite {
    if exists {
        RowWrite::Put(row)
    } else {
        RowWrite::Insert(row)
    }
}

/// The rows of events in a partition whose version is `expected`, each with its place in the index.
pub(super) fn event_rows(
    partition: &PartitionId,
    expected: Version,
    events: &[Event],
) -> Vec<(RowWrite, IndexRow)> {
    let version = expected.next().0;
    (0_u32..)
        .zip(events)
        .map(|(place, event)| {
            let key = keys::stream_row(RowKind::Outbox, event.at, version, place);
            let index = IndexRow {
                key: keys::outbox(event.at, partition, &key),
                partition: partition.clone(),
                row: key.clone(),
            };
            (
                RowWrite::Insert(Row {
                    key,
                    body: event.to_body(),
                }),
                index,
            )
        })
        .collect()
}
