//! Moving money: the one place where a balance changes. A balance is what it was plus its postings,
//! so it can't be set to anything else.

use crate::{
    Account, AccountNumber, Customer, Entry, EntryKind, Fen, LedgerAccount, OrderId, Posting, Refusal,
    Timestamp,
};

/// What a movement writes.
pub(crate) struct Moved {
    /// The header, with one entry more.
    pub(crate) customer: Customer,
    /// The accounts, in the order they were given.
    pub(crate) accounts: Vec<Account>,
    /// The journal entry.
    pub(crate) entry: Entry,
}

/// Which order moves money, when and as what.
pub(crate) struct Movement<'a> {
    pub(crate) order: &'a OrderId,
    pub(crate) kind: EntryKind,
    pub(crate) at: Timestamp,
}

impl Movement<'_> {
    /// Posts to these accounts of the customer, which must be those the postings name.
    ///
    /// # Errors
    /// [`Refusal::InsufficientBalance`] where a balance would become negative,
    /// [`Refusal::AmountOutOfRange`] where an amount leaves the range of money or moves nothing.
    pub(crate) fn post(
        &self,
        customer: &Customer,
        mut accounts: Vec<Account>,
        postings: Vec<Posting>,
    ) -> Result<Moved, Refusal> {
        let sequence = customer.entries.checked_add(1).ok_or(Refusal::AmountOutOfRange)?;
        // What callers post balances by construction, but for an amount that is zero or too large.
        let entry = Entry::new(sequence, self.order.clone(), self.kind, self.at, postings)
            .map_err(|_| Refusal::AmountOutOfRange)?;
        for account in &mut accounts {
            let moved = entry.moved(&LedgerAccount::Account(account.number.clone()));
            let balance = moved.and_then(|moved| account.balance.checked_add(moved));
            account.balance = balance.ok_or(Refusal::AmountOutOfRange)?;
            if account.balance < Fen::ZERO {
                return Err(Refusal::InsufficientBalance);
            }
        }
        Ok(Moved {
            customer: Customer {
                entries: sequence,
                ..customer.clone()
            },
            accounts,
            entry,
        })
    }
}

/// A posting to a customer's account.
pub(crate) fn to_account(number: &AccountNumber, amount: Fen) -> Posting {
    Posting {
        ledger: LedgerAccount::Account(number.clone()),
        amount,
    }
}

/// The opposite amount.
pub(crate) fn negative(amount: Fen) -> Result<Fen, Refusal> {
    amount.checked_neg().ok_or(Refusal::AmountOutOfRange)
}
