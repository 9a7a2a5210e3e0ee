//! Double entry: postings that sum to zero, counter-accounts included, so that a trial
//! balance can be drawn from entries alone (`map-store` does, for it reads them all) and every balance is the sum
//! of its postings.

use crate::{AccountNumber, CallerId, Fen, IdError, OrderId, ProductId, SellerId, Timestamp};
use std::fmt;
use std::str::FromStr;

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

/// What is wrong with an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryError {
    /// Fewer than two postings.
    TooFew,
    /// A posting moves nothing.
    Zero,
    /// The postings do not sum to zero.
    Unbalanced,
    /// A sum beyond the range of money.
    OutOfRange,
}

impl fmt::Display for EntryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooFew => "an entry of fewer than two postings",
            Self::Zero => "a posting that moves nothing",
            Self::Unbalanced => "postings that do not sum to zero",
            Self::OutOfRange => "postings beyond the range of money",
        })
    }
}

impl std::error::Error for EntryError {}

impl Entry {
    /// An entry that balances.
    ///
    /// # Errors
    /// Fewer than two postings, one that moves nothing, a sum that is not zero.
    pub fn new(
        sequence: u64,
        order: OrderId,
        kind: EntryKind,
        at: Timestamp,
        postings: Vec<Posting>,
    ) -> Result<Self, EntryError> {
        let entry = Self {
            sequence,
            order,
            kind,
            at,
            postings,
        };
        entry.validate().map(|()| entry)
    }

    /// Whether it balances.
    ///
    /// # Errors
    /// As [`Entry::new`].
    pub fn validate(&self) -> Result<(), EntryError> {
        if self.postings.len() < 2 {
            return Err(EntryError::TooFew);
        }
        if self.postings.iter().any(|posting| posting.amount == Fen::ZERO) {
            return Err(EntryError::Zero);
        }
        match Fen::checked_sum(self.postings.iter().map(|posting| posting.amount)) {
            Some(Fen::ZERO) => Ok(()),
            Some(_) => Err(EntryError::Unbalanced),
            None => Err(EntryError::OutOfRange),
        }
    }

    /// What it moves on one ledger account; `None` beyond the range of money.
    pub fn moved(&self, ledger: &LedgerAccount) -> Option<Fen> {
        let postings = self.postings.iter().filter(|posting| posting.ledger == *ledger);
        Fen::checked_sum(postings.map(|posting| posting.amount))
    }
}

/// Written `account:<number>`, `seller_payable:<seller>`, `caller_receivable:<caller>` or
/// `discount_granted:<product>`. With an account's number in clear: not for logs.
impl fmt::Display for LedgerAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(number) => write!(f, "account:{}", number.as_str()),
            Self::SellerPayable(seller) => write!(f, "seller_payable:{seller}"),
            Self::CallerReceivable(caller) => write!(f, "caller_receivable:{caller}"),
            Self::DiscountGranted(product) => write!(f, "discount_granted:{product}"),
        }
    }
}

impl FromStr for LedgerAccount {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match text.split_once(':') {
            Some(("account", number)) => AccountNumber::parse(number).map(Self::Account),
            Some(("seller_payable", seller)) => SellerId::parse(seller).map(Self::SellerPayable),
            Some(("caller_receivable", caller)) => CallerId::parse(caller).map(Self::CallerReceivable),
            Some(("discount_granted", product)) => ProductId::parse(product).map(Self::DiscountGranted),
            _ => Err(IdError {
                expected: "a ledger account such as account:<number>",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, EntryError, EntryKind, LedgerAccount, Posting};
    use crate::{AccountNumber, CallerId, Fen, OrderId, SellerId, Timestamp};

    fn entry(amounts: &[i64]) -> Result<Entry, EntryError> {
        let ledgers = [
            LedgerAccount::Account(AccountNumber::parse("9501888123456789").unwrap()),
            LedgerAccount::SellerPayable(SellerId::parse("S1").unwrap()),
            LedgerAccount::CallerReceivable(CallerId::parse("app/a").unwrap()),
        ];
        let postings = amounts.iter().zip(ledgers.into_iter().cycle());
        let postings = postings
            .map(|(fen, ledger)| Posting {
                ledger,
                amount: Fen::new(*fen),
            })
            .collect();
        let order = OrderId::parse("ud1").unwrap();
        Entry::new(1, order, EntryKind::Payment, Timestamp::from_millis(0), postings)
    }

    #[test]
    fn an_entry_that_does_not_balance_is_refused() {
        let check = |amounts: &[i64], expect| assert_eq!(entry(amounts).map(|_| ()), expect, "{amounts:?}");
        check(&[-5, 5], Ok(()));
        check(&[-5, 3, 2], Ok(()));
        check(&[], Err(EntryError::TooFew));
        check(&[0], Err(EntryError::TooFew));
        check(&[5], Err(EntryError::TooFew));
        check(&[-5, 5, 0], Err(EntryError::Zero));
        check(&[0, 0], Err(EntryError::Zero));
        check(&[-5, 4], Err(EntryError::Unbalanced));
        check(&[i64::MAX, 1, -1], Err(EntryError::OutOfRange));
        check(&[i64::MIN, -1, 1], Err(EntryError::OutOfRange));
    }

    #[test]
    fn a_ledger_account_is_read_back_as_it_was_written() {
        for text in [
            "account:9501888123456789",
            "seller_payable:S:1",
            "caller_receivable:app/a",
            "discount_granted:P1",
        ] {
            assert_eq!(text.parse::<LedgerAccount>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "account",
            "account:",
            "account:1",
            "cash:9501888123456789",
            "seller_payable:",
        ] {
            assert!(text.parse::<LedgerAccount>().is_err(), "{text}");
        }
    }
}
