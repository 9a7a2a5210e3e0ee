//! Journal entries.

use super::{Flaw, fen, id, list, time, wire};
use map_domain::{
    AccountNumber, CallerId, Entry, EntryKind, LedgerAccount, OrderId, Posting, ProductId, SellerId,
};
use wire::posting::Ledger;

super::body!(Entry, wire::Entry, "entry");

const fn kind(kind: EntryKind) -> wire::EntryKind {
    match kind {
        EntryKind::Payment => wire::EntryKind::Payment,
        EntryKind::Reversal => wire::EntryKind::Reversal,
        EntryKind::Cancellation => wire::EntryKind::Cancellation,
        EntryKind::Opening => wire::EntryKind::Opening,
        EntryKind::Transfer => wire::EntryKind::Transfer,
        EntryKind::TopUp => wire::EntryKind::TopUp,
    }
}

fn read_kind(number: i32) -> Result<EntryKind, Flaw> {
    match wire::EntryKind::try_from(number) {
        Ok(wire::EntryKind::Payment) => Ok(EntryKind::Payment),
        Ok(wire::EntryKind::Reversal) => Ok(EntryKind::Reversal),
        Ok(wire::EntryKind::Cancellation) => Ok(EntryKind::Cancellation),
        Ok(wire::EntryKind::Opening) => Ok(EntryKind::Opening),
        Ok(wire::EntryKind::Transfer) => Ok(EntryKind::Transfer),
        Ok(wire::EntryKind::TopUp) => Ok(EntryKind::TopUp),
        Ok(wire::EntryKind::Unspecified) | Err(_) => Err(Flaw("kind")),
    }
}

impl From<&Entry> for wire::Entry {
    fn from(entry: &Entry) -> Self {
        Self {
            sequence: entry.sequence,
            order: entry.order.to_string(),
            kind: kind(entry.kind).into(),
            at_ms: entry.at.as_millis(),
            postings: entry.postings.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::Entry> for Entry {
    type Error = Flaw;

    fn try_from(entry: wire::Entry) -> Result<Self, Flaw> {
        Ok(Self {
            sequence: entry.sequence,
            order: id("order", &entry.order, OrderId::parse)?,
            kind: read_kind(entry.kind)?,
            at: time(entry.at_ms),
            postings: list(entry.postings)?,
        })
    }
}

impl From<&Posting> for wire::Posting {
    fn from(posting: &Posting) -> Self {
        Self {
            ledger: Some(match &posting.ledger {
                LedgerAccount::Account(number) => Ledger::Account(number.as_str().to_owned()),
                LedgerAccount::SellerPayable(seller) => Ledger::SellerPayable(seller.to_string()),
                LedgerAccount::CallerReceivable(caller) => Ledger::CallerReceivable(caller.to_string()),
                LedgerAccount::DiscountGranted(product) => Ledger::DiscountGranted(product.to_string()),
            }),
            amount_fen: posting.amount.get(),
        }
    }
}

impl TryFrom<wire::Posting> for Posting {
    type Error = Flaw;

    fn try_from(posting: wire::Posting) -> Result<Self, Flaw> {
        const FIELD: &str = "posting.ledger";
        Ok(Self {
            ledger: match posting.ledger.ok_or(Flaw(FIELD))? {
                Ledger::Account(number) => LedgerAccount::Account(id(FIELD, &number, AccountNumber::parse)?),
                Ledger::SellerPayable(seller) => {
                    LedgerAccount::SellerPayable(id(FIELD, &seller, SellerId::parse)?)
                }
                Ledger::CallerReceivable(caller) => {
                    LedgerAccount::CallerReceivable(id(FIELD, &caller, CallerId::parse)?)
                }
                Ledger::DiscountGranted(product) => {
                    LedgerAccount::DiscountGranted(id(FIELD, &product, ProductId::parse)?)
                }
            },
            amount: fen(posting.amount_fen),
        })
    }
}
