//! Double entry: postings that sum to zero, counter-accounts included, so that a trial
//! balance can be drawn from entries alone and every balance is the sum of its postings.

use crate::{AccountNumber, CallerId, Fen, OrderId, ProductId, SellerId, Timestamp};

/// What a posting changes. Only customers' accounts have a stored balance; the others are
/// sums over entries, so that no hot row exists.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LedgerAccount {
    /// A customer's account: what MAP owes the customer.
    Account(AccountNumber),
    /// What MAP owes a seller.
    SellerPayable(SellerId),
    /// What a caller (app, channel) took from customers and owes MAP (negative: it owes).
    CallerReceivable(CallerId),
    /// What MAP gave away when it sold a product below its face value (negative: given).
    DiscountGranted(ProductId),
}

/// One side of an entry. Positive: the ledger account has more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// What changes.
    pub ledger: LedgerAccount,
    /// By how much; never zero.
    pub amount: Fen,
}

/// What made an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// A payment.
    Payment,
    /// A reversal (undo, or an operator's).
    Reversal,
    /// A cancellation.
    Cancellation,
    /// A card was opened.
    Opening,
    /// Card to cash account.
    Transfer,
    /// From outside to the cash account.
    TopUp,
}

/// A journal entry. Once written it never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the customer's journal, from 1, without gaps.
    pub sequence: u64,
    /// The order that made it.
    pub order: OrderId,
    /// What kind.
    pub kind: EntryKind,
    /// When.
    pub at: Timestamp,
    /// Two or more; they sum to zero.
    pub postings: Vec<Posting>,
}
