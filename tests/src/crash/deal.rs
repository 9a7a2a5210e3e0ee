//! What callers do, and what they know of it.

use crate::harness::Pos;

/// What a caller knows of a call it made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Known {
    NotSent,
    /// Sent, and no answer came: nobody knows.
    Open,
    /// Acknowledged with this order number.
    Done(String),
    /// Acknowledged: there was no payment, and there never will be.
    Fenced,
    /// Refused for another reason, which it should not have been.
    Refused(String),
}

/// How a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// JSON at the network's own door.
    Front,
    /// Signed JSON of an app.
    Signed,
    Grpc,
}

impl Way {
    pub(super) const ALL: [Self; 3] = [Self::Front, Self::Signed, Self::Grpc];
}

/// What is to become of a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Plan {
    Keep,
    /// Undone after it was answered.
    Undo,
    /// Undone before it is sent, so that it must never happen.
    Fence,
    /// Cancelled after it was answered, under this key.
    Cancel(Pos),
}

/// A payment, and its undo or cancellation.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    /// Its place in the cast.
    pub(super) customer: usize,
    pub(super) pos: Pos,
    pub(super) fen: i64,
    pub(super) plan: Plan,
    pub(super) way: Way,
    pub(super) paid: Known,
    /// Of the undo or cancellation.
    pub(super) given_back: Known,
}

/// Money moved from a customer's card to the cash account.
#[derive(Clone, Debug)]
pub(super) struct Transfer {
    /// Its place in the cast.
    pub(super) customer: usize,
    pub(super) key: String,
    pub(super) fen: i64,
    pub(super) way: Way,
    pub(super) moved: Known,
}

/// What one caller did at a time.
#[derive(Clone, Debug)]
pub(super) enum Deal {
    Payment(Box<Payment>),
    Transfer(Transfer),
}

impl Deal {
    /// What is known of its calls.
    pub(super) fn known(&self) -> impl Iterator<Item = &Known> {
        let (first, second) = match self {
            Self::Payment(payment) => (&payment.paid, Some(&payment.given_back)),
            Self::Transfer(transfer) => (&transfer.moved, None),
        };
        std::iter::once(first).chain(second)
    }

    /// Whether one of its calls was not answered.
    pub(super) fn is_open(&self) -> bool {
        self.known().any(|known| *known == Known::Open)
    }

    /// How many of its calls were acknowledged.
    pub(super) fn acknowledged(&self) -> usize {
        let told = |known: &&Known| matches!(known, Known::Done(_) | Known::Fenced);
        self.known().filter(told).count()
    }
}
