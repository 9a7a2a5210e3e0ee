//! What a decision says: what to write and what to answer. That it may be written is told by
//! [`Decision::check`], in `check.rs`.

use crate::posting::Moved;
use crate::{
    Account, Customer, CustomerState, Entry, Order, OrderState, PaymentCodeState, Refusal, Timestamp,
};

/// Settings that rules depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// A success is repeated as a success this long (decision 19). In ms.
    pub replay_window_ms: i64,
    /// A payment can be reversed or cancelled this long without an operator (decision 21). In ms.
    pub reversal_window_ms: i64,
    /// An opening can be committed this long after it was asked for (decision 23). In ms.
    pub opening_deadline_ms: i64,
    /// Wrong payment codes in a row that lock it.
    pub max_code_failures: u32,
    /// The least time between two SMS codes to one number (decision 32). In ms.
    pub sms_interval_ms: i64,
}

impl Default for Policy {
    fn default() -> Self {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Self {
            replay_window_ms: 7 * DAY_MS,
            reversal_window_ms: 7 * DAY_MS,
            opening_deadline_ms: 30_000,
            max_code_failures: 5,
            sms_interval_ms: 60_000,
        }
    }
}

/// The moment of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    /// Now.
    pub now: Timestamp,
    /// The settings in force.
    pub policy: Policy,
}

/// What an operator should see. Stable names; no personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EventKind {
    /// A request was repeated after the replay window.
    ReplayAfterWindow,
    /// A reversal or cancellation came after the reversal window.
    ReversalAfterWindow,
    /// A reversal named a key that holds only a cancellation or an opening.
    ReversalOfNonPayment,
    /// A reversal closed a key under which no payment had succeeded.
    KeyClosedBeforePayment,
    /// A terminal sent a PIN block that holds no payment code.
    PinBlockUnreadable,
    /// A payment code was locked.
    PaymentCodeLocked,
    /// An opening, or who sets or resets a payment code, did not name the customer's ID number.
    IdentityMismatch,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// When.
    pub at: Timestamp,
    /// On what: a POS key, an order number, a customer identifier. No personal data.
    pub target: String,
}

/// What to write, all together or not at all, and what to answer once it is written.
///
/// A decision without orders is a repeat of an earlier one, a read, or a refusal that leaves its key unused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The header, where it changes.
    pub customer: Option<Customer>,
    /// Accounts that change or come into being.
    pub accounts: Vec<Account>,
    /// Orders that change or come into being; the one under the command's key first.
    pub orders: Vec<Order>,
    /// The journal entry, where money moves.
    pub entry: Option<Entry>,
    /// What an operator should see.
    pub events: Vec<Event>,
    /// What to answer: done, or declined for this reason (committed under the key).
    pub answer: Result<Order, Refusal>,
}

impl Decision {
    /// Writes nothing and answers this.
    pub const fn answer(answer: Result<Order, Refusal>) -> Self {
        Self {
            customer: None,
            accounts: Vec::new(),
            orders: Vec::new(),
            entry: None,
            events: Vec::new(),
            answer,
        }
    }

    /// Writes a new order and answers what became of it.
    pub fn order(order: Order) -> Self {
        let answer = match &order.state {
            OrderState::Declined(refusal) => Err(*refusal),
            OrderState::Closed => Err(Refusal::KeyClosed),
            OrderState::Done | OrderState::Reversed(_) | OrderState::Cancelled(_) => Ok(order.clone()),
        };
        Self {
            orders: vec![order],
            ..Self::answer(answer)
        }
    }

    /// With an event.
    #[must_use]
    pub fn event(mut self, kind: EventKind, target: impl ToString, at: Timestamp) -> Self {
        self.events.push(Event {
            kind,
            at,
            target: target.to_string(),
        });
        self
    }

    /// With money that moved.
    #[must_use]
    pub(crate) fn moved(self, moved: Moved) -> Self {
        Self {
            customer: Some(moved.customer),
            accounts: moved.accounts,
            entry: Some(moved.entry),
            ..self
        }
    }

    /// With what became of the payment code, where it changed; an operator sees that it was locked.
    #[must_use]
    pub(crate) fn code(self, state: &CustomerState, code: PaymentCodeState, at: Timestamp) -> Self {
        let before = &state.customer;
        if code == before.payment_code {
            return self;
        }
        let locked = code.locked && !before.payment_code.locked;
        let changed = Self {
            customer: Some(Customer {
                payment_code: code,
                ..before.clone()
            }),
            ..self
        };
        if locked {
            changed.event(EventKind::PaymentCodeLocked, before.id, at)
        } else {
            changed
        }
    }

    /// Whether it uses its key up: an order is written. Otherwise it repeats an earlier decision, reads,
    /// or refuses without deciding; a header or events may have to be written even then.
    pub const fn uses_key(&self) -> bool {
        !self.orders.is_empty()
    }
}
