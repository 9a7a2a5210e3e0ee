//! One partition by itself: bodies, journal, balances, orders against entries.

use super::place;
use super::report::{Counts, ProblemKind as Kind, Problems};
use super::trial::{Journal, Sums};
use crate::codec::Body;
use crate::records::{AuditEntry, CatalogueItem, decode_order};
use crate::{PartitionId, Row, RowKey, RowKind, StoreError, StoreResult, Version, keys};
use map_domain::order::{PaymentDetail, TransferDetail};
use map_domain::sms::SmsState;
use map_domain::{
    Account, AccountNumber, Customer, Entry, EntryKind, Event, Fen, LedgerAccount, Order, OrderDetail,
    OrderId, OrderState,
};
use std::collections::{BTreeMap, BTreeSet};

/// What an order says about its entry.
struct Expected {
    kind: EntryKind,
    /// What moves on the customer's own accounts; `None` instead of an amount: any.
    /// `None` at all: nobody has said yet.
    moves: Option<BTreeMap<AccountNumber, Option<Fen>>>,
    /// The row that says so.
    order: RowKey,
}

/// What an entry says.
struct Made {
    kind: EntryKind,
    moves: BTreeMap<AccountNumber, Fen>,
    sequence: u64,
}

/// What was seen of a partition so far.
pub(super) struct PartitionCheck {
    id: PartitionId,
    versioned: bool,
    rows: u64,
    customer: Option<Customer>,
    balances: BTreeMap<AccountNumber, Fen>,
    journal: Journal,
    sequences: BTreeSet<u64>,
    expected: BTreeMap<OrderId, Expected>,
    made: BTreeMap<OrderId, Made>,
}

impl PartitionCheck {
    pub(super) fn new(id: PartitionId) -> Self {
        Self {
            id,
            versioned: false,
            rows: 0,
            customer: None,
            balances: BTreeMap::new(),
            journal: Journal::default(),
            sequences: BTreeSet::new(),
            expected: BTreeMap::new(),
            made: BTreeMap::new(),
        }
    }

    pub(super) const fn id(&self) -> &PartitionId {
        &self.id
    }

    /// Takes the version.
    pub(super) fn version(&mut self, version: Version) {
        self.versioned = version > Version::NONE;
    }

    /// Takes a row.
    pub(super) fn row(&mut self, row: &Row, counts: &mut Counts, problems: &mut Problems) {
        self.rows = self.rows.saturating_add(1);
        let taken = match (&self.id, row.key.kind) {
            (PartitionId::Customer(_), RowKind::Header) => self.header(row),
            (PartitionId::Customer(_), RowKind::Account) => self.account(row, counts, problems),
            (PartitionId::Customer(_), RowKind::Order) => self.order(row, counts),
            (PartitionId::Customer(_), RowKind::Entry) => self.entry(row, counts, problems),
            (PartitionId::Customer(_) | PartitionId::Audit(_), RowKind::Outbox) => event(row, counts),
            (PartitionId::Sms(_), RowKind::Header) => other(SmsState::from_body(&row.body), counts),
            (PartitionId::Catalogue, RowKind::Item) => other(CatalogueItem::read(row), counts),
            (PartitionId::Audit(_), RowKind::Item) => other(AuditEntry::from_body(&row.body), counts),
            // An operator's act on the catalogue is an order there.
            (PartitionId::Catalogue, RowKind::Order) => {
                counts.orders = counts.orders.saturating_add(1);
                decode_order(&self.id, row).map(drop)
            }
            (_, kind) => {
                problems.add(
                    Kind::UnexpectedRow,
                    place::of_row(&self.id, &row.key),
                    format!("{kind:?}"),
                );
                Ok(())
            }
        };
        if let Err(error) = taken {
            problems.add(
                Kind::Damaged,
                place::of_row(&self.id, &row.key),
                error.to_string(),
            );
        }
    }

    fn header(&mut self, row: &Row) -> StoreResult<()> {
        let customer = Customer::from_body(&row.body)?;
        if keys::customer(customer.id) != self.id {
            return Err(StoreError::Damaged("the header is another customer's".to_owned()));
        }
        self.customer = Some(customer);
        Ok(())
    }

    fn account(&mut self, row: &Row, counts: &mut Counts, problems: &mut Problems) -> StoreResult<()> {
        counts.accounts = counts.accounts.saturating_add(1);
        let account = Account::from_body(&row.body)?;
        if keys::account_row(&account.number) != row.key {
            return Err(StoreError::Damaged("the row has another number".to_owned()));
        }
        if account.balance < Fen::ZERO {
            problems.add(
                Kind::BalanceNegative,
                place::of_row(&self.id, &row.key),
                account.balance.to_string(),
            );
        }
        self.journal.account(&account);
        self.balances.insert(account.number, account.balance);
        Ok(())
    }

    fn order(&mut self, row: &Row, counts: &mut Counts) -> StoreResult<()> {
        counts.orders = counts.orders.saturating_add(1);
        let order = decode_order(&self.id, row)?;
        self.expect(&order, &row.key);
        Ok(())
    }

    fn entry(&mut self, row: &Row, counts: &mut Counts, problems: &mut Problems) -> StoreResult<()> {
        counts.entries = counts.entries.saturating_add(1);
        let entry = Entry::from_body(&row.body)?;
        let at = || place::of_row(&self.id, &row.key);
        if keys::entry_row(entry.sequence) != row.key {
            problems.add(
                Kind::EntrySequence,
                at(),
                format!("the body says {}", entry.sequence),
            );
        }
        let sum = entry
            .postings
            .iter()
            .fold(0_i128, |sum, p| sum.saturating_add(p.amount.get().into()));
        if sum != 0 || entry.postings.len() < 2 || entry.postings.iter().any(|p| p.amount == Fen::ZERO) {
            let postings = entry.postings.len();
            problems.add(
                Kind::EntryUnbalanced,
                at(),
                format!("{postings} postings, sum {sum} fen"),
            );
        }
        let mut moves: BTreeMap<AccountNumber, Fen> = BTreeMap::new();
        for posting in &entry.postings {
            if let LedgerAccount::Account(number) = &posting.ledger {
                let moved = moves.entry(number.clone()).or_default();
                *moved = Fen::new(moved.get().saturating_add(posting.amount.get()));
            }
        }
        self.journal.entry(&entry);
        self.sequences.insert(entry.sequence);
        let made = Made {
            kind: entry.kind,
            moves,
            sequence: entry.sequence,
        };
        if let Some(earlier) = self.made.insert(entry.order, made) {
            problems.add(
                Kind::EntryTwice,
                at(),
                format!("entry {} is of the same order", earlier.sequence),
            );
        }
        Ok(())
    }

    /// Notes the entries that an order calls for.
    fn expect(&mut self, order: &Order, row: &RowKey) {
        let step = crate::records::step(order);
        match (&order.detail, &order.state) {
            (
                OrderDetail::Payment(payment),
                OrderState::Done | OrderState::Reversed(_) | OrderState::Cancelled(_),
            ) => {
                self.expect_entry(&order.id, EntryKind::Payment, payment_moves(payment, false), row);
                let back = payment_moves(payment, true);
                match (&order.state, step) {
                    (OrderState::Reversed(_), Some(step)) => {
                        self.expect_entry(&step.id, EntryKind::Reversal, back, row);
                    }
                    (OrderState::Cancelled(_), Some(step)) => {
                        self.expect_entry(&step.id, EntryKind::Cancellation, back, row);
                    }
                    (_, _) => {}
                }
            }
            (OrderDetail::Cancellation(_), OrderState::Done) => {
                let expected = Expected {
                    kind: EntryKind::Cancellation,
                    moves: None,
                    order: row.clone(),
                };
                self.expected.entry(order.id.clone()).or_insert(expected);
            }
            (OrderDetail::Opening(opening), OrderState::Done) => {
                let moves = opening.card.iter().map(|card| (card.clone(), None)).collect();
                self.expect_entry(&order.id, EntryKind::Opening, moves, row);
            }
            (OrderDetail::Transfer(transfer), OrderState::Done) => {
                let kind = if transfer.from.is_some() {
                    EntryKind::Transfer
                } else {
                    EntryKind::TopUp
                };
                self.expect_entry(&order.id, kind, transfer_moves(transfer), row);
            }
            (_, _) => {}
        }
    }

    fn expect_entry(
        &mut self,
        id: &OrderId,
        kind: EntryKind,
        moves: BTreeMap<AccountNumber, Option<Fen>>,
        order: &RowKey,
    ) {
        self.expected.insert(
            id.clone(),
            Expected {
                kind,
                moves: Some(moves),
                order: order.clone(),
            },
        );
    }

    /// Says what only the whole partition shows.
    pub(super) fn finish(self, counts: &mut Counts, sums: &mut Sums, problems: &mut Problems) {
        let here = format!("{:?}", self.id);
        counts.partitions = counts.partitions.saturating_add(1);
        if !self.versioned {
            problems.add(Kind::PartitionIncomplete, &here, "rows without a version");
        }
        if matches!(self.id, PartitionId::Customer(_)) {
            counts.customers = counts.customers.saturating_add(1);
            self.finish_journal(&here, problems);
            self.finish_orders(&here, problems);
        }
        sums.add(&self.journal);
    }

    fn finish_journal(&self, here: &str, problems: &mut Problems) {
        match &self.customer {
            None => problems.add(Kind::PartitionIncomplete, here, "no header that can be read"),
            Some(customer) if customer.entries != self.journal.entries => {
                let detail = format!(
                    "the header says {}, there are {}",
                    customer.entries, self.journal.entries
                );
                problems.add(Kind::EntryCount, here, detail);
            }
            Some(_) => {}
        }
        if let Some(gap) = (1_u64..).zip(&self.sequences).find(|(due, found)| due != *found) {
            problems.add(
                Kind::EntrySequence,
                here,
                format!("entry {} comes where {} is due", gap.1, gap.0),
            );
        }
        for (number, balance) in &self.balances {
            let postings = self.journal.sums.get(&LedgerAccount::Account(number.clone()));
            let postings = postings.copied().unwrap_or_default();
            if postings != i128::from(balance.get()) {
                let detail = format!("balance {balance}, postings {postings} fen");
                let at = place::of_row(&self.id, &keys::account_row(number));
                problems.add(Kind::BalanceNotPostings, at, detail);
            }
        }
        for ledger in self.journal.sums.keys() {
            if let LedgerAccount::Account(number) = ledger
                && !self.balances.contains_key(number)
            {
                problems.add(Kind::EntryAccountUnknown, here, format!("account {number:?}"));
            }
        }
    }

    fn finish_orders(&self, here: &str, problems: &mut Problems) {
        for (id, expected) in &self.expected {
            let at = || place::of_row(&self.id, &expected.order);
            let Some(moves) = &expected.moves else {
                problems.add(Kind::CancellationWithoutPayment, at(), id.to_string());
                continue;
            };
            match self.made.get(id) {
                None => problems.add(Kind::EntryMissing, at(), format!("{:?} {id}", expected.kind)),
                Some(made) if made.kind != expected.kind || !as_ordered(moves, &made.moves) => {
                    let detail = format!("entry {} is {:?}", made.sequence, made.kind);
                    problems.add(Kind::EntryNotAsOrdered, at(), detail);
                }
                Some(_) => {}
            }
        }
        for (id, made) in &self.made {
            if !self.expected.contains_key(id) {
                let detail = format!("entry {} is of order {id}", made.sequence);
                problems.add(Kind::OrderMissing, here, detail);
            }
        }
    }
}

/// Whether an entry moves what its order says, and nothing else of the customer's.
fn as_ordered(moves: &BTreeMap<AccountNumber, Option<Fen>>, made: &BTreeMap<AccountNumber, Fen>) -> bool {
    moves.len() == made.len()
        && moves.iter().all(|(number, amount)| {
            made.get(number)
                .is_some_and(|moved| amount.is_none_or(|amount| amount == *moved))
        })
}

/// What a payment takes, or gives back. A payment without an account can't have moved anything:
/// no entry is as it says.
fn payment_moves(payment: &PaymentDetail, back: bool) -> BTreeMap<AccountNumber, Option<Fen>> {
    let amount = if back {
        Some(payment.amount)
    } else {
        payment.amount.checked_neg()
    };
    payment
        .account
        .iter()
        .map(|account| (account.clone(), amount))
        .collect()
}

fn transfer_moves(transfer: &TransferDetail) -> BTreeMap<AccountNumber, Option<Fen>> {
    let from = transfer
        .from
        .iter()
        .map(|account| (account.clone(), transfer.amount.checked_neg()));
    let to = transfer
        .to
        .iter()
        .map(|account| (account.clone(), Some(transfer.amount)));
    from.chain(to).collect()
}

fn event(row: &Row, counts: &mut Counts) -> StoreResult<()> {
    counts.events = counts.events.saturating_add(1);
    Event::from_body(&row.body).map(drop)
}

fn other<T>(read: StoreResult<T>, counts: &mut Counts) -> StoreResult<()> {
    counts.others = counts.others.saturating_add(1);
    read.map(drop)
}
