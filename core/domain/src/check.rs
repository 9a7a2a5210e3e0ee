//! Invariants that guard money: whether a decision may be written on the state it was made from.
//!
//! It is the second lock. No command makes a decision that fails here; should a defect ever make one, it
//! is told before the commit, in production, too, and nothing is written.

use crate::{
    Account, AccountType, CustomerState, Decision, Entry, Fen, LedgerAccount, Order, OrderDetail, OrderState,
};
use std::collections::BTreeSet;
use std::fmt;

/// What is wrong with a decision. For the log; it holds no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defect(pub &'static str);

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Defect {}

/// Tells the defect unless the rule holds.
const fn require(holds: bool, otherwise: &'static str) -> Result<(), Defect> {
    if holds { Ok(()) } else { Err(Defect(otherwise)) }
}

impl Decision {
    /// Whether the decision may be written on the state it was made from.
    ///
    /// # Errors
    /// The first rule that does not hold: a balance that is not what it was plus its postings, or is
    /// negative; an entry that does not balance, is out of sequence, or is not what its order says; an
    /// order that was decided before and changes in any way but reversed or cancelled; an answer that is
    /// not what is written.
    pub fn check(&self, state: &CustomerState) -> Result<(), Defect> {
        self.check_header(state)?;
        self.check_accounts(state)?;
        self.check_orders(state)?;
        self.check_answer()
    }

    fn check_header(&self, state: &CustomerState) -> Result<(), Defect> {
        let before = &state.customer;
        let after = self.customer.as_ref().unwrap_or(before);
        require(after.id == before.id, "the header is another customer's")?;
        let Some(entry) = &self.entry else {
            return require(
                after.entries == before.entries,
                "an entry is counted and not written",
            );
        };
        entry
            .validate()
            .map_err(|_| Defect("the entry does not balance"))?;
        require(
            before.entries.checked_add(1) == Some(entry.sequence) && after.entries == entry.sequence,
            "the entry is out of sequence",
        )?;
        let known = |ledger: &LedgerAccount| match ledger {
            LedgerAccount::Account(number) => self.accounts.iter().any(|account| account.number == *number),
            LedgerAccount::SellerPayable(_)
            | LedgerAccount::CallerReceivable(_)
            | LedgerAccount::DiscountGranted(_) => true,
        };
        require(
            entry.postings.iter().all(|posting| known(&posting.ledger)),
            "a posting to an account that is not written",
        )
    }

    fn check_accounts(&self, state: &CustomerState) -> Result<(), Defect> {
        let mut numbers = BTreeSet::new();
        for after in &self.accounts {
            require(numbers.insert(&after.number), "an account is written twice")?;
            let before = state.account(&after.number);
            require(
                before.is_none_or(|before| same_account(before, after)),
                "an account becomes another",
            )?;
            let moved = match &self.entry {
                Some(entry) => entry.moved(&LedgerAccount::Account(after.number.clone())),
                None => Some(Fen::ZERO),
            };
            let balance = before.map_or(Fen::ZERO, |before| before.balance);
            require(
                moved.and_then(|moved| balance.checked_add(moved)) == Some(after.balance),
                "a balance is not the sum of its postings",
            )?;
            require(after.balance >= Fen::ZERO, "a balance becomes negative")?;
        }
        let cash = state
            .accounts
            .iter()
            .chain(&self.accounts)
            .filter(|a| a.kind == AccountType::Cash);
        let cash: BTreeSet<_> = cash.map(|account| &account.number).collect();
        require(cash.len() <= 1, "a second cash account")
    }

    fn check_orders(&self, state: &CustomerState) -> Result<(), Defect> {
        let mut keys = BTreeSet::new();
        let mut moves = false;
        for after in &self.orders {
            require(keys.insert(&after.key), "an order is written twice")?;
            moves |= match state.order(&after.key) {
                Some(before) => self.check_given_back(before, after)?,
                None => self.check_new(after)?,
            };
        }
        require(
            moves == self.entry.is_some(),
            "money moves without an order, or an order without money",
        )
    }

    /// Whether a new order moves money, and then as it says.
    fn check_new(&self, order: &Order) -> Result<bool, Defect> {
        let done = match &order.state {
            OrderState::Done => true,
            OrderState::Declined(_) | OrderState::Closed => false,
            OrderState::Reversed(_) | OrderState::Cancelled(_) => {
                return Err(Defect("an order begins its life reversed or cancelled"));
            }
        };
        let moves_nothing = matches!(
            order.detail,
            OrderDetail::Act | OrderDetail::GenerationRaised(_) | OrderDetail::Provisioned(_)
        );
        if !done || moves_nothing {
            return Ok(false);
        }
        let entry = self
            .entry
            .as_ref()
            .ok_or(Defect("an order is done without an entry"))?;
        require(entry.order == order.id, "the entry is another order's")?;
        require(
            is_as_ordered(entry, &order.detail),
            "the entry is not what its order says",
        )?;
        Ok(true)
    }

    /// Whether a payment that was done is given back, once and in full. Nothing else about an order that
    /// was decided ever changes.
    fn check_given_back(&self, before: &Order, after: &Order) -> Result<bool, Defect> {
        let (OrderState::Done, OrderState::Reversed(step) | OrderState::Cancelled(step)) =
            (&before.state, &after.state)
        else {
            return Err(Defect("an order that was decided changes"));
        };
        let as_before = Order {
            state: OrderState::Done,
            ..after.clone()
        };
        require(as_before == *before, "an order that was decided changes")?;
        let entry = self
            .entry
            .as_ref()
            .ok_or(Defect("a payment is given back without an entry"))?;
        require(entry.order == step.id, "the entry is another step's")?;
        let back = after.payment().is_some_and(|payment| {
            payment.account.as_ref().is_some_and(|account| {
                entry.moved(&LedgerAccount::Account(account.clone())) == Some(payment.amount)
            })
        });
        require(
            back,
            "a payment is not given back in full to the account that paid",
        )?;
        Ok(true)
    }

    fn check_answer(&self) -> Result<(), Defect> {
        if !self.uses_key() {
            return require(self.accounts.is_empty(), "accounts are written without an order");
        }
        match &self.answer {
            Ok(order) => require(self.orders.contains(order), "the answer is not what is written"),
            Err(_) => require(self.entry.is_none(), "money moves and the answer is no"),
        }
    }
}

/// Whether what never changes of an account is the same.
fn same_account(before: &Account, after: &Account) -> bool {
    let changed = Account {
        balance: before.balance,
        frozen: before.frozen,
        pending: before.pending,
        ..after.clone()
    };
    // Delivery fixes a pending card's validity and plan; an operator may extend a card.
    let changed = Account {
        validity: before.validity,
        plan: before.plan,
        ..changed
    };
    Account {
        restrictions: before.restrictions.clone(),
        ..changed
    } == *before
}

/// Whether an entry moves on the customer's accounts what its order says.
fn is_as_ordered(entry: &Entry, detail: &OrderDetail) -> bool {
    let moved = |number: &crate::AccountNumber| entry.moved(&LedgerAccount::Account(number.clone()));
    match detail {
        OrderDetail::Payment(payment) => payment
            .account
            .as_ref()
            .is_some_and(|number| moved(number) == payment.amount.checked_neg()),
        OrderDetail::Opening(opening) => opening
            .card
            .as_ref()
            .is_some_and(|number| moved(number).is_some_and(Fen::is_positive)),
        OrderDetail::Transfer(transfer) => {
            transfer
                .from
                .as_ref()
                .is_none_or(|number| moved(number) == transfer.amount.checked_neg())
                && transfer
                    .to
                    .as_ref()
                    .is_some_and(|number| moved(number) == Some(transfer.amount))
        }
        // The payment it gives back tells the amount.
        OrderDetail::Cancellation(_) => true,
        OrderDetail::Closure
        | OrderDetail::Act
        | OrderDetail::GenerationRaised(_)
        | OrderDetail::Provisioned(_) => false,
    }
}
