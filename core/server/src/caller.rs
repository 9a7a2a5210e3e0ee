//! Who calls: the authenticated identity that every service works for.

use crate::failure::Failure;
use map_domain::{Account, AccountType, CallerId, CustomerState, NetworkId};
use map_store::ProofDigest;

/// What a caller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// An application.
    App,
    /// A sales channel.
    Channel,
    /// A POS network.
    PosNetwork,
    /// A gateway; it acts for the callers behind it.
    Gateway,
    /// An operator.
    Operator,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [
        Self::App,
        Self::Channel,
        Self::PosNetwork,
        Self::Gateway,
        Self::Operator,
    ];

    /// The first part of a caller's identifier, such as `app` in `app/zjhtwallet`.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Channel => "channel",
            Self::PosNetwork => "network",
            Self::Gateway => "gateway",
            Self::Operator => "operator",
        }
    }

    /// Whether a gateway speaks for callers of this role. Never for an operator or another
    /// gateway: a stolen gateway key must not become an operator's.
    pub const fn behind_a_gateway(self) -> bool {
        match self {
            Self::App | Self::Channel | Self::PosNetwork => true,
            Self::Gateway | Self::Operator => false,
        }
    }
}

/// An authenticated caller. Where a gateway acts for somebody, this is that somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `<role prefix>/<identifier>`, such as `app/zjhtwallet`.
    pub id: CallerId,
    /// What it is.
    pub role: Role,
    /// Whether it, and the gateway that acts for it, may call. [`crate::auth::open`] refuses
    /// a deactivated caller everywhere but where a payment is given back (decision 17).
    pub active: bool,
    /// The POS networks it may act for; a network's own identifier for a network.
    pub networks: Vec<NetworkId>,
    /// Whether transfers may omit the payment code although the customer has one.
    pub may_omit_payment_code: bool,
    /// Whether SMS codes in transfers are ignored instead of verified.
    pub ignore_transfer_sms_code: bool,
    /// What it presented to its gateway to authorise this one call, where the gateway says so: good for one
    /// request only. Never provisioned.
    pub proof: Option<ProofDigest>,
}

impl Caller {
    /// Refuses a deactivated caller.
    ///
    /// # Errors
    /// [`Failure::CallerInactive`].
    pub const fn require_active(&self) -> Result<(), Failure> {
        if self.active {
            Ok(())
        } else {
            Err(Failure::CallerInactive)
        }
    }

    /// Whether it may look at a customer: an operator at all, others at those for whom they opened
    /// an account.
    pub fn sees_customer(&self, state: &CustomerState) -> bool {
        self.role == Role::Operator || state.accounts.iter().any(|account| account.opened_by == self.id)
    }

    /// Whether it may look at this account of the customer: who opened one sees that one, and the
    /// cash account, which is the customer's for all.
    pub fn sees_account(&self, state: &CustomerState, account: &Account) -> bool {
        self.role == Role::Operator
            || account.opened_by == self.id
            || (account.kind == AccountType::Cash && self.sees_customer(state))
    }

    /// Whether it may act for this POS network.
    pub fn acts_for(&self, network: &NetworkId) -> bool {
        self.networks.contains(network)
    }
}
