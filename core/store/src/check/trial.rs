//! The trial balance: sums of all postings by ledger account, drawn from entries alone.

use crate::codec::Body;
use crate::{BulkRow, BulkSnapshot, BulkTable, PartitionId, Row, RowKind, StoreResult};
use map_domain::{Account, AccountNumber, AccountType, Entry, EntryKind, LedgerAccount, Posting};
use std::collections::BTreeMap;

/// One line of the trial balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialBalanceLine {
    /// [`AccountType::name`] for the customers' accounts of that type; `seller_payable:<seller>`, `caller_receivable:<caller>`, `discount_granted:<product>`.
    pub ledger_account: String,
    /// The sum of its postings, in fen.
    pub balance_fen: i128,
}

/// The trial balance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrialBalance {
    /// By ledger account.
    pub lines: Vec<TrialBalanceLine>,
    /// The sum over all lines, in fen: 0, or something is wrong.
    pub total_fen: i128,
    /// How many entries were read.
    pub entries: u64,
}

/// The sums so far.
#[derive(Debug, Default)]
pub(super) struct Sums {
    lines: BTreeMap<String, i128>,
    entries: u64,
}

impl Sums {
    /// Adds the journal of one customer.
    pub(super) fn add(&mut self, journal: &Journal) {
        self.entries = self.entries.saturating_add(journal.entries);
        for (ledger, sum) in &journal.sums {
            let line = match ledger {
                LedgerAccount::Account(number) => match journal.kinds.get(number) {
                    Some(kind) => kind.name().to_owned(),
                    None => "unknown_account".to_owned(),
                },
                LedgerAccount::SellerPayable(_)
                | LedgerAccount::CallerReceivable(_)
                | LedgerAccount::DiscountGranted(_) => ledger.to_string(),
            };
            let balance = self.lines.entry(line).or_default();
            *balance = balance.saturating_add(*sum);
        }
    }

    /// The trial balance.
    pub(super) fn finish(self) -> TrialBalance {
        let lines = self.lines.into_iter();
        let lines: Vec<_> = lines
            .map(|(ledger_account, balance_fen)| TrialBalanceLine {
                ledger_account,
                balance_fen,
            })
            .collect();
        TrialBalance {
            total_fen: lines
                .iter()
                .fold(0, |sum, line| line.balance_fen.saturating_add(sum)),
            lines,
            entries: self.entries,
        }
    }
}

/// What the postings of one customer sum to. Every sum of 64-bit amounts fits.
#[derive(Debug, Default)]
pub(super) struct Journal {
    pub(super) kinds: BTreeMap<AccountNumber, AccountType>,
    pub(super) sums: BTreeMap<LedgerAccount, i128>,
    /// What openings alone posted.
    pub(super) opened: BTreeMap<LedgerAccount, i128>,
    pub(super) entries: u64,
}

impl Journal {
    pub(super) fn account(&mut self, account: &Account) {
        self.kinds.insert(account.number.clone(), account.kind);
    }

    pub(super) fn entry(&mut self, entry: &Entry) {
        self.entries = self.entries.saturating_add(1);
        let add = |sums: &mut BTreeMap<LedgerAccount, i128>, posting: &Posting| {
            let sum = sums.entry(posting.ledger.clone()).or_default();
            *sum = sum.saturating_add(posting.amount.get().into());
        };
        for posting in &entry.postings {
            add(&mut self.sums, posting);
            if entry.kind == EntryKind::Opening {
                add(&mut self.opened, posting);
            }
        }
    }

    fn row(&mut self, row: &Row) -> StoreResult<()> {
        match row.key.kind {
            RowKind::Account => self.account(&Account::from_body(&row.body)?),
            RowKind::Entry => self.entry(&Entry::from_body(&row.body)?),
            RowKind::Header
            | RowKind::Order
            | RowKind::Rule
            | RowKind::Voucher
            | RowKind::Outbox
            | RowKind::Item => {}
        }
        Ok(())
    }
}

/// Rows read at once.
const PAGE: usize = 1024;

/// Draws the trial balance. Reads the whole ledger, and holds one customer at a time.
///
/// # Errors
/// As the store's; [`crate::StoreError::Damaged`] where an account or entry can't be read.
pub async fn trial_balance(snapshot: &dyn BulkSnapshot) -> StoreResult<TrialBalance> {
    let mut sums = Sums::default();
    let mut current: Option<(PartitionId, Journal)> = None;
    let mut from = None;
    loop {
        let (rows, next) = snapshot.scan(BulkTable::Partitions, from, PAGE).await?;
        for row in rows {
            let BulkRow::Row { partition, row } = row else {
                continue;
            };
            if !matches!(&current, Some((id, _)) if *id == partition)
                && let Some((_, journal)) = current.replace((partition, Journal::default()))
            {
                sums.add(&journal);
            }
            if let Some((_, journal)) = &mut current {
                journal.row(&row)?;
            }
        }
        if next.is_none() {
            break;
        }
        from = next;
    }
    if let Some((_, journal)) = current {
        sums.add(&journal);
    }
    Ok(sums.finish())
}
