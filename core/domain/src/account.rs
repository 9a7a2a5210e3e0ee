//! Accounts: cards and the cash account, what is released and what can be spent
//! (decisions 24–27; 002 分期卡账户, 000 折扣卡).

use crate::{AccountNumber, Fen, ProductId, Timestamp};

/// The type of an account. It comes from the stored account, never from its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccountType {
    /// 20: an instalment card; its face value is released in stages.
    Instalment,
    /// 26: a discount card; bought below its face value, never transferable.
    Discount,
    /// 95: the cash account of a mobile number.
    Cash,
    /// 97: an investment account; no call uses it yet.
    Investment,
}

/// When the face value of a card becomes spendable. Nothing is posted at a release: the
/// whole face value is posted at opening, and what is not yet released is not available.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasePlan {
    /// How many stages there are. 0 or 1: everything at activation.
    pub stages: u32,
    /// Released at activation.
    pub first: Fen,
    /// Released by each further stage; the last one takes the remainder.
    pub stage: Fen,
    /// From which the months are counted; the day is clamped to the month's end.
    pub activated_at: Timestamp,
}

/// From when until when (exclusive) a card pays. `until: None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub until: Option<Timestamp>,
}

/// Where and for what an account pays. An empty list restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Restrictions {
    /// Sellers.
    pub sellers: Vec<crate::SellerId>,
    /// Terminals.
    pub terminals: Vec<crate::TerminalId>,
    /// Fuel products: code and name, either of which a payment may carry.
    pub fuel_products: Vec<(String, String)>,
    /// Hours of the day in Shanghai, `from` inclusive, `to` exclusive, 0–24.
    pub hours: Vec<(u8, u8)>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub number: AccountNumber,
    /// Its type.
    pub kind: AccountType,
    /// The product it was opened from; `None` for a cash account.
    pub product: Option<ProductId>,
    /// What was put on it at opening; zero for a cash account.
    pub face_value: Fen,
    /// What was paid for it; zero for a cash account.
    pub price: Fen,
    /// The sum of its postings, what is not yet released included. Never negative.
    pub balance: Fen,
    /// When its face value is released.
    pub plan: ReleasePlan,
    /// When it pays.
    pub validity: Validity,
    /// Whether an operator froze it.
    pub frozen: bool,
    /// Whether it waits for delivery.
    pub pending: bool,
    /// Where and for what it pays.
    pub restrictions: Restrictions,
    /// When it was opened.
    pub opened_at: Timestamp,
}

/// What an account may do now, most serious first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountStatus {
    /// Not delivered yet.
    Pending,
    /// Frozen by an operator.
    Frozen,
    /// The owner's payment code is locked.
    Locked,
    /// Past its end.
    Expired,
    /// It pays.
    Normal,
}
