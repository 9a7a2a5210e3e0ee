//! One partition by itself: bodies, journal, balances, orders against entries.

use super::place;
use super::report::{Counts, ProblemKind as Kind, Problems};
use super::trial::{Journal, Sums};
use crate::codec::Body;
use crate::records::{AuditEntry, CatalogueItem, decode_order};
use crate::{PartitionId, Row, RowKey, RowKind, StoreError, StoreResult, Version, keys};
use map_domain::order::{OpeningDetail, PaymentDetail, TransferDetail};
use map_domain::sms::SmsState;
use map_domain::{
    Account, AccountNumber, Customer, Entry, EntryKind, Event, Fen, LedgerAccount, Order, OrderDetail,
    OrderId, OrderKey, OrderState, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet};

/// How much an order says that its entry moves on a ledger account.
#[derive(Clone, Copy)]
enum Moves {
    Exactly(Fen),
    /// The order does not say how much.
    Something,
    /// Nor whether.
    Perhaps,
}

/// What an order says about its entry.
struct Expected {
    kind: EntryKind,
    at: Timestamp,
    /// What moves, and nothing else does. `None`: nobody has said yet.
    moves: Option<BTreeMap<LedgerAccount, Moves>>,
    /// The row that says so.
    order: RowKey,
}

/// What an entry says.
struct Made {
    kind: EntryKind,
    at: Timestamp,
    moves: BTreeMap<LedgerAccount, Fen>,
    sequence: u64,
}

/// What was seen of a partition so far.
pub(super) struct PartitionCheck {
    id: PartitionId,
    versioned: bool,
    rows: u64,
    customer: Option<Customer>,
    /// Balance and face value.
    accounts: BTreeMap<AccountNumber, (Fen, Fen)>,
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
            accounts: BTreeMap::new(),
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
        self.accounts
            .insert(account.number, (account.balance, account.face_value));
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
        let mut moves: BTreeMap<LedgerAccount, Fen> = BTreeMap::new();
        for posting in &entry.postings {
            let moved = moves.entry(posting.ledger.clone()).or_default();
            *moved = Fen::new(moved.get().saturating_add(posting.amount.get()));
        }
        self.journal.entry(&entry);
        self.sequences.insert(entry.sequence);
        let made = Made {
            kind: entry.kind,
            at: entry.at,
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
        let mut expect = |id: &OrderId, kind, at, moves| {
            let order = row.clone();
            let expected = Expected {
                kind,
                at,
                moves: Some(moves),
                order,
            };
            self.expected.insert(id.clone(), expected);
        };
        match (&order.detail, &order.state) {
            (OrderDetail::Payment(payment), OrderState::Done) => {
                let taken = payment_moves(order, payment, false);
                expect(&order.id, EntryKind::Payment, order.at, taken);
            }
            (OrderDetail::Payment(payment), OrderState::Reversed(step)) => {
                let taken = payment_moves(order, payment, false);
                expect(&order.id, EntryKind::Payment, order.at, taken);
                let back = payment_moves(order, payment, true);
                expect(&step.id, EntryKind::Reversal, step.at, back);
            }
            (OrderDetail::Payment(payment), OrderState::Cancelled(step)) => {
                let taken = payment_moves(order, payment, false);
                expect(&order.id, EntryKind::Payment, order.at, taken);
                let back = payment_moves(order, payment, true);
                expect(&step.id, EntryKind::Cancellation, step.at, back);
            }
            // The payment that it names says what moves.
            (OrderDetail::Cancellation(_), OrderState::Done) => {
                let expected = Expected {
                    kind: EntryKind::Cancellation,
                    at: order.at,
                    moves: None,
                    order: row.clone(),
                };
                self.expected.entry(order.id.clone()).or_insert(expected);
            }
            (OrderDetail::Opening(opening), OrderState::Done) => {
                let moves = opening_moves(order, opening);
                expect(&order.id, EntryKind::Opening, order.at, moves);
            }
            (OrderDetail::Transfer(transfer), OrderState::Done) => {
                let kind = if transfer.from.is_some() {
                    EntryKind::Transfer
                } else {
                    EntryKind::TopUp
                };
                expect(&order.id, kind, order.at, transfer_moves(order, transfer));
            }
            (_, _) => {}
        }
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
        for (number, (balance, face_value)) in &self.accounts {
            let ledger = LedgerAccount::Account(number.clone());
            let at = || place::of_row(&self.id, &keys::account_row(number));
            let postings = self.journal.sums.get(&ledger).copied().unwrap_or_default();
            if postings != i128::from(balance.get()) {
                let detail = format!("balance {balance}, postings {postings} fen");
                problems.add(Kind::BalanceNotPostings, at(), detail);
            }
            let opened = self.journal.opened.get(&ledger).copied().unwrap_or_default();
            if opened != i128::from(face_value.get()) {
                let detail = format!("face value {face_value}, opened with {opened} fen");
                problems.add(Kind::FaceValueNotPosted, at(), detail);
            }
        }
        for ledger in self.journal.sums.keys() {
            if let LedgerAccount::Account(number) = ledger
                && !self.accounts.contains_key(number)
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
                Some(made) if !as_ordered(expected, moves, made) => {
                    let detail = format!(
                        "entry {} is {:?} at {} ms",
                        made.sequence,
                        made.kind,
                        made.at.as_millis()
                    );
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

/// Whether an entry is what its order says, and moves that and nothing else.
fn as_ordered(expected: &Expected, moves: &BTreeMap<LedgerAccount, Moves>, made: &Made) -> bool {
    let moved = |ledger: &LedgerAccount, moves: &Moves| match (moves, made.moves.get(ledger)) {
        (Moves::Exactly(amount), Some(moved)) => amount == moved,
        (Moves::Something | Moves::Perhaps, Some(_)) | (Moves::Perhaps, None) => true,
        (Moves::Exactly(_) | Moves::Something, None) => false,
    };
    made.kind == expected.kind
        && made.at == expected.at
        && made.moves.keys().all(|ledger| moves.contains_key(ledger))
        && moves.iter().all(|(ledger, moves)| moved(ledger, moves))
}

/// An amount and its opposite, in this order.
fn both(amount: Fen) -> (Moves, Moves) {
    let opposite = amount.checked_neg().map_or(Moves::Something, Moves::Exactly);
    (Moves::Exactly(amount), opposite)
}

/// What a payment moves between an account and the seller of its terminal. A payment without an account
/// can't have moved anything: no entry is as it says.
fn payment_moves(order: &Order, payment: &PaymentDetail, back: bool) -> BTreeMap<LedgerAccount, Moves> {
    let (amount, opposite) = both(payment.amount);
    let (account, seller) = if back {
        (amount, opposite)
    } else {
        (opposite, amount)
    };
    let accounts = payment.account.iter();
    let mut moves: BTreeMap<_, _> = accounts
        .map(|number| (LedgerAccount::Account(number.clone()), account))
        .collect();
    if let OrderKey::Pos(key, _) = &order.key {
        moves.insert(LedgerAccount::SellerPayable(key.seller.clone()), seller);
    }
    moves
}

/// The card gets its face value, the caller owes the price, the rest is given away.
fn opening_moves(order: &Order, opening: &OpeningDetail) -> BTreeMap<LedgerAccount, Moves> {
    let card = opening.card.iter();
    let card = card.map(|number| (LedgerAccount::Account(number.clone()), Moves::Something));
    let caller = LedgerAccount::CallerReceivable(order.caller.clone());
    let granted = LedgerAccount::DiscountGranted(opening.product.clone());
    card.chain([(caller, Moves::Something), (granted, Moves::Perhaps)])
        .collect()
}

/// From a card, or from outside: then the caller owes it.
fn transfer_moves(order: &Order, transfer: &TransferDetail) -> BTreeMap<LedgerAccount, Moves> {
    let (amount, opposite) = both(transfer.amount);
    let from = match &transfer.from {
        Some(card) => LedgerAccount::Account(card.clone()),
        None => LedgerAccount::CallerReceivable(order.caller.clone()),
    };
    let to = transfer.to.iter();
    let to = to.map(|account| (LedgerAccount::Account(account.clone()), amount));
    to.chain([(from, opposite)]).collect()
}

fn event(row: &Row, counts: &mut Counts) -> StoreResult<()> {
    counts.events = counts.events.saturating_add(1);
    Event::from_body(&row.body).map(drop)
}

fn other<T>(read: StoreResult<T>, counts: &mut Counts) -> StoreResult<()> {
    counts.others = counts.others.saturating_add(1);
    read.map(drop)
}
