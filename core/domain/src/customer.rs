//! A customer and what of the partition a command looks at.

use crate::{
    Account, AccountNumber, AccountType, CallerId, CustomerId, MobileNumber, Order, OrderKey,
    PaymentCodeState, Timestamp,
};
use std::collections::BTreeMap;

/// A keyed digest of a normalised ID number (15 and 18 digits of one person are equal), so
/// that two can be compared and none is kept in clear.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct IdentityDigest(pub [u8; 32]);

impl std::fmt::Debug for IdentityDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdentityDigest(…)")
    }
}

/// The header of a customer's partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// The customer.
    pub id: CustomerId,
    /// The mobile number; `None` once it was released to somebody else.
    pub mobile: Option<MobileNumber>,
    /// Who it is, once an opening told.
    pub identity: Option<IdentityDigest>,
    /// The payment code and its attempts.
    pub payment_code: PaymentCodeState,
    /// How many entries the journal holds; the next one has this plus one.
    pub entries: u64,
    /// Since when.
    pub created_at: Timestamp,
}

/// What a command looks at: the header, all accounts, and the orders under the keys it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerState {
    /// The header; for a customer that does not exist yet a fresh one ([`Customer::new`]).
    pub customer: Customer,
    /// All accounts, by number.
    pub accounts: Vec<Account>,
    /// The orders that were asked for and exist.
    pub orders: BTreeMap<OrderKey, Order>,
}

impl Customer {
    /// A customer that does not exist yet: nothing on file, an empty journal.
    pub fn new(id: CustomerId, mobile: Option<MobileNumber>, now: Timestamp) -> Self {
        Self {
            id,
            mobile,
            identity: None,
            payment_code: PaymentCodeState::default(),
            entries: 0,
            created_at: now,
        }
    }
}

impl CustomerState {
    /// The account with this number, where it is this customer's.
    pub fn account(&self, number: &AccountNumber) -> Option<&Account> {
        self.accounts.iter().find(|account| account.number == *number)
    }

    /// The cash account, once it was needed.
    pub fn cash(&self) -> Option<&Account> {
        self.accounts
            .iter()
            .find(|account| account.kind == AccountType::Cash)
    }

    /// The cash account, or an empty one with this number, opened now by this caller.
    pub fn cash_or_new(&self, number: &AccountNumber, opened_by: &CallerId, now: Timestamp) -> Account {
        self.cash()
            .cloned()
            .unwrap_or_else(|| Account::cash(number.clone(), opened_by.clone(), now))
    }

    /// The order under this key, where it was asked for and exists.
    pub fn order(&self, key: &OrderKey) -> Option<&Order> {
        self.orders.get(key)
    }

    /// Whether the payment code is locked.
    pub const fn code_locked(&self) -> bool {
        self.customer.payment_code.locked
    }
}
