//! What a check found.

use super::trial::TrialBalance;

/// What there is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Partitions of any sort.
    pub partitions: u64,
    /// Customers.
    pub customers: u64,
    /// Accounts.
    pub accounts: u64,
    /// Orders.
    pub orders: u64,
    /// Journal entries.
    pub entries: u64,
    /// Events.
    pub events: u64,
    /// Other rows: catalogue items, audit entries, SMS codes.
    pub others: u64,
    /// Claims that are bound to a partition.
    pub bound_claims: u64,
    /// Order keys that are closed.
    pub closed_claims: u64,
    /// Claims of what callers presented, each with its first use.
    pub proofs: u64,
    /// Index rows.
    pub index_rows: u64,
}

/// What points to nothing and may: claims and index rows are facts about intent, and outlive a
/// commit that was not applied. Each is harmless; many of them deserve a look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Danglers {
    /// Order keys bound to a partition that holds no such order.
    pub order_claims: u64,
    /// Account numbers bound to a customer that has no such account.
    pub account_claims: u64,
    /// Mobile numbers bound to a customer that does not have them (any more).
    pub mobile_claims: u64,
    /// Order numbers that no order carries.
    pub order_numbers: u64,
    /// Places in a seller's day without a payment of that number and day.
    pub seller_days: u64,
    /// Places in the outbox without an event.
    pub outbox: u64,
}

/// What is wrong. The name says it; [`Problem`] says where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A body, a key or a claim can't be what was written.
    Damaged,
    /// A row of a kind that its partition does not have.
    UnexpectedRow,
    /// A partition has rows and no version, or a version and no header.
    PartitionIncomplete,
    /// The header counts another number of entries than there are.
    EntryCount,
    /// Entries are numbered with a gap or twice.
    EntrySequence,
    /// An entry does not sum to zero, or has fewer than two postings, or a posting of zero.
    EntryUnbalanced,
    /// An entry posts to an account that the customer does not have.
    EntryAccountUnknown,
    /// An account's balance is not the sum of its postings.
    BalanceNotPostings,
    /// A card's face value is not what was posted when it was opened.
    FaceValueNotPosted,
    /// An account's balance is negative.
    BalanceNegative,
    /// Money moved, says an order, and no entry says so.
    EntryMissing,
    /// An entry that no order explains.
    OrderMissing,
    /// An entry is of another kind or time, or moves other money, than its order says.
    EntryNotAsOrdered,
    /// One order has two entries.
    EntryTwice,
    /// A cancellation was done, and no payment was cancelled by it.
    CancellationWithoutPayment,
    /// The trial balance is not zero.
    TrialBalance,
    /// An order key or a mobile number is in two partitions.
    NameTwice,
    /// An order, account or mobile number without the claim that makes it the only one.
    ClaimMissing,
    /// An order was asked for with other content than its claim says.
    ClaimContent,
    /// A claim is closed where only a binding makes sense, or its outcome is another key's.
    ClaimMisplaced,
    /// An order without its number in the index.
    OrderNumberMissing,
    /// A payment, reversal or cancellation that is not in its seller's day.
    SellerDayMissing,
    /// An event that is not in the outbox index.
    OutboxMissing,
    /// An index row at a place where its target does not belong.
    IndexMisplaced,
}

impl std::fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Damaged => "what is written there can not be read",
            Self::UnexpectedRow => "a row of a kind that its partition does not have",
            Self::PartitionIncomplete => "rows without a version, or a version without a header",
            Self::EntryCount => "the header counts another number of entries than there are",
            Self::EntrySequence => "entries are numbered with a gap or twice",
            Self::EntryUnbalanced => {
                "an entry does not sum to zero, or has fewer than two postings, or one of zero"
            }
            Self::EntryAccountUnknown => "an entry posts to an account that the customer does not have",
            Self::BalanceNotPostings => "the balance is not the sum of its postings",
            Self::FaceValueNotPosted => "the face value is not what was posted at the opening",
            Self::BalanceNegative => "the balance is negative",
            Self::EntryMissing => "the order says that money moved, and no entry does",
            Self::OrderMissing => "no order explains the entry",
            Self::EntryNotAsOrdered => {
                "the entry is of another kind or time, or moves other money, than its order says"
            }
            Self::EntryTwice => "one order has two entries",
            Self::CancellationWithoutPayment => "a cancellation was done, and no payment was cancelled by it",
            Self::TrialBalance => "the trial balance is not zero",
            Self::NameTwice => "an order key or a mobile number is in two partitions",
            Self::ClaimMissing => {
                "an order, account or mobile number lacks the claim that makes it the only one"
            }
            Self::ClaimContent => "an order was asked for with other content than its claim says",
            Self::ClaimMisplaced => {
                "a claim is closed where only a binding makes sense, or its outcome is another key's"
            }
            Self::OrderNumberMissing => "the order's number is not in the index",
            Self::SellerDayMissing => "a payment, reversal or cancellation is not in its seller's day",
            Self::OutboxMissing => "the event is not in the outbox index",
            Self::IndexMisplaced => "an index row at a place where its target does not belong",
        })
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What.
    pub kind: ProblemKind,
    /// Where, without personal data: partition and row, claim, or index row.
    pub place: String,
    /// More, where there is more to say; no personal data.
    pub detail: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.kind)?;
        if self.detail.is_empty() {
            Ok(())
        } else {
            write!(f, " ({})", self.detail)
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What there is.
    pub counts: Counts,
    /// Drawn from the entries alone.
    pub trial_balance: TrialBalance,
    /// What points to nothing and may.
    pub danglers: Danglers,
    /// What is wrong, the first ones of them.
    pub problems: Vec<Problem>,
    /// How many problems there are, those that are not listed included.
    pub problem_count: u64,
}

impl CheckReport {
    /// Whether nothing is wrong.
    pub const fn is_clean(&self) -> bool {
        self.problem_count == 0
    }
}

/// Collects problems, up to a number of them.
#[derive(Debug, Default)]
pub(super) struct Problems {
    pub(super) listed: Vec<Problem>,
    pub(super) count: u64,
    pub(super) limit: usize,
}

impl Problems {
    pub(super) fn add(&mut self, kind: ProblemKind, place: impl Into<String>, detail: impl Into<String>) {
        self.count = self.count.saturating_add(1);
        if self.listed.len() < self.limit {
            self.listed.push(Problem {
                kind,
                place: place.into(),
                detail: detail.into(),
            });
        }
    }
}
