//! Who pays: a few customers, each with cash and a card.

use crate::harness::Server;
use crate::harness::people::Customer;
use map_client::proto::common::v1::AccountType;

/// What every customer begins with in cash, in fen.
pub(super) const CASH: i64 = 100_000_000;
/// What the product's card is worth, all of it released at once, in fen.
pub(super) const CARD: i64 = 1_000_000;

/// A customer, and the card that transfers come from.
pub(super) struct Member {
    pub(super) customer: Customer,
    pub(super) card: String,
}

/// Money of one customer, in fen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Money {
    pub(super) cash: i64,
    pub(super) card: i64,
}

impl Money {
    pub(super) const FIRST: Self = Self {
        cash: CASH,
        card: CARD,
    };
}

impl std::ops::AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        self.cash += other.cash;
        self.card += other.card;
    }
}

impl Member {
    pub(super) fn new(server: &Server) -> Self {
        let customer = server.customer(CASH);
        let card = server.open_card(&customer.mobile, "1099");
        Self { customer, card }
    }

    /// What the ledger says it has.
    pub(super) fn money(&self, server: &Server) -> Money {
        let accounts = server.accounts(&self.customer.mobile);
        let of = |kind| {
            let account = accounts.iter().find(|account| account.r#type() == kind);
            account.map_or(0, |account| account.available_fen)
        };
        Money {
            cash: of(AccountType::Cash),
            card: of(AccountType::Instalment),
        }
    }
}
