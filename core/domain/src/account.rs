//! Accounts: cards and the cash account, what is released and what can be spent
//! (decisions 24–27; 002 分期卡账户, 000 折扣卡).
//!
//! Releases are computed from the clock when an account is read or written; nothing is posted at one.

use crate::catalogue::Product;
use crate::{AccountNumber, CallerId, Fen, ProductId, Refusal, ReleasePlan, Restrictions, Timestamp};

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

impl AccountType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Instalment, Self::Discount, Self::Cash, Self::Investment];

    /// AA of the account numbers of this type, also its stored number (002 消费号码编码规则).
    pub const fn code(self) -> u8 {
        match self {
            Self::Instalment => 20,
            Self::Discount => 26,
            Self::Cash => 95,
            Self::Investment => 97,
        }
    }

    /// The type with this code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether it pays at a terminal.
    pub const fn pays(self) -> bool {
        match self {
            Self::Instalment | Self::Discount | Self::Cash => true,
            Self::Investment => false,
        }
    }

    /// Whether its money can be transferred to the cash account (decision 26).
    pub const fn is_transferable(self) -> bool {
        match self {
            Self::Instalment => true,
            Self::Discount | Self::Cash | Self::Investment => false,
        }
    }

    /// Whether products are cards of this type.
    pub const fn is_sold(self) -> bool {
        match self {
            Self::Instalment | Self::Discount => true,
            Self::Cash | Self::Investment => false,
        }
    }

    /// The type as the trial balance names it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Instalment => "instalment",
            Self::Discount => "discount",
            Self::Cash => "cash",
            Self::Investment => "investment",
        }
    }
}

/// From when until when (exclusive) a card pays. `until: None`: for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// Inclusive.
    pub from: Timestamp,
    /// Exclusive.
    pub until: Option<Timestamp>,
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
    /// The caller that opened it; for a cash account, the one whose request first needed it. An
    /// application may look at the accounts that it opened.
    pub opened_by: CallerId,
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

impl Account {
    /// An empty cash account, opened now.
    pub fn cash(number: AccountNumber, opened_by: CallerId, now: Timestamp) -> Self {
        Self {
            number,
            kind: AccountType::Cash,
            product: None,
            face_value: Fen::ZERO,
            price: Fen::ZERO,
            balance: Fen::ZERO,
            plan: ReleasePlan::at_once(Fen::ZERO, now),
            validity: Validity {
                from: now,
                until: None,
            },
            frozen: false,
            pending: false,
            restrictions: Restrictions::default(),
            opened_at: now,
            opened_by,
        }
    }

    /// A card of this product, activated now and still empty: the face value is posted by its opening.
    ///
    /// It is valid from 00:00 of the activation day, before 00:00 of the day the product's months later.
    pub fn card(number: AccountNumber, product: &Product, opened_by: CallerId, now: Timestamp) -> Self {
        Self {
            number,
            kind: product.kind,
            product: Some(product.id.clone()),
            face_value: product.face_value,
            price: product.price,
            balance: Fen::ZERO,
            plan: product.plan(now),
            validity: Validity {
                from: now.start_of_day(),
                until: Some(now.add_months(product.validity_months)),
            },
            frozen: false,
            pending: false,
            restrictions: product.restrictions.clone(),
            opened_at: now,
            opened_by,
        }
    }

    /// How much of the face value is released by now.
    pub fn released(&self, now: Timestamp) -> Fen {
        self.plan.released(self.face_value, now)
    }

    /// How much of the face value is not yet released (`restAmount`).
    pub fn unreleased(&self, now: Timestamp) -> Fen {
        // Both lie between nothing and the face value: the difference exists.
        self.face_value
            .checked_sub(self.released(now))
            .unwrap_or(self.face_value)
    }

    /// What can be spent now: the balance without what is not yet released.
    ///
    /// Never less than nothing, so that a clock that was set back after a release was spent shows an
    /// empty account and not a debt.
    pub fn available(&self, now: Timestamp) -> Fen {
        self.balance
            .checked_sub(self.unreleased(now))
            .map_or(Fen::ZERO, |available| available.max(Fen::ZERO))
    }

    /// How many stages are not yet released.
    pub fn remaining_stages(&self, now: Timestamp) -> u32 {
        self.plan.remaining_stages(self.face_value, now)
    }

    /// What one stage releases (`returnSum`); nothing where there are no stages.
    pub fn stage_fen(&self) -> Fen {
        self.plan.stage
    }

    /// Its status, where `code_locked` tells whether the owner's payment code is locked.
    pub fn status(&self, now: Timestamp, code_locked: bool) -> AccountStatus {
        if self.pending {
            AccountStatus::Pending
        } else if self.frozen {
            AccountStatus::Frozen
        } else if code_locked {
            AccountStatus::Locked
        } else if self.validity.has_ended(now) {
            AccountStatus::Expired
        } else {
            AccountStatus::Normal
        }
    }

    /// Whether money may leave it now, whatever for and wherever.
    ///
    /// # Errors
    /// Frozen, pending, not yet valid or expired: the first that applies, in order of precedence.
    pub fn may_spend(&self, now: Timestamp) -> Result<(), Refusal> {
        if self.frozen {
            Err(Refusal::AccountFrozen)
        } else if self.pending {
            Err(Refusal::AccountPending)
        } else if now < self.validity.from {
            Err(Refusal::AccountNotYetValid)
        } else if self.validity.has_ended(now) {
            Err(Refusal::AccountExpired)
        } else {
            Ok(())
        }
    }
}

impl Validity {
    /// Whether its end has come.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now >= until)
    }
}
