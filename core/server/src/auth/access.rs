//! Which role may call what: one line for each rpc of the canonical protos, and nowhere else.
//!
//! A rule that needs more than the role (a network's payments, a caller's own orders) is the
//! service's own affair.

use crate::caller::Role;

/// What an rpc asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The roles that may call it.
    pub roles: &'static [Role],
    /// Whether a deactivated caller may still call it: money must find its way back
    /// whatever became of the caller (decision 17).
    pub inactive_too: bool,
}

/// Makes the enum, its paths and its access rules from one list.
macro_rules! rpcs {
    ($($package:literal { $($(#[$doc:meta])* $name:ident = $method:literal, [$($role:ident),*] $(, $inactive:ident)?;)* })*) => {
        /// An rpc of the canonical protos.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Rpc { $($(
            #[doc = concat!("`", $package, "/", $method, "`")]
            $name,
        )*)* }

        impl Rpc {
            /// Every rpc.
            pub const ALL: &[Self] = &[$($(Self::$name),*),*];

            /// Its HTTP/2 path.
            pub const fn path(self) -> &'static str {
                match self { $($(Self::$name => concat!("/", $package, "/", $method),)*)* }
            }

            /// The service it belongs to, with its package.
            pub const fn service(self) -> &'static str {
                match self { $($(Self::$name => $package,)*)* }
            }

            /// The rpc with this path.
            pub fn from_path(path: &str) -> Option<Self> {
                match path { $($(concat!("/", $package, "/", $method) => Some(Self::$name),)*)* _ => None }
            }

            /// What it asks of its caller.
            pub const fn access(self) -> Access {
                match self { $($(Self::$name => Access {
                    roles: &[$(Role::$role),*],
                    inactive_too: false $(|| rpcs!(@ $inactive))?,
                },)*)* }
            }
        }
    };
    (@ inactive_too) => { true };
}

rpcs! {
    "map.payment.v1.PaymentService" {
        Pay = "Pay", [App, PosNetwork];
        CancelPayment = "CancelPayment", [App, PosNetwork], inactive_too;
        ReversePayment = "ReversePayment", [App, PosNetwork], inactive_too;
        GetPayment = "GetPayment", [App, PosNetwork, Operator];
        FindPayment = "FindPayment", [App, PosNetwork, Operator];
    }
    "map.account.v1.AccountService" {
        GetAccount = "GetAccount", [App, Operator];
        ListAccounts = "ListAccounts", [App, Operator];
        GetBalance = "GetBalance", [App, PosNetwork];
        ListEntries = "ListEntries", [App, Operator];
    }
    "map.customer.v1.CustomerService" {
        GetCustomer = "GetCustomer", [App, Operator];
        SendSmsCode = "SendSmsCode", [App, Channel];
        SetPaymentCode = "SetPaymentCode", [App];
        ResetPaymentCode = "ResetPaymentCode", [App];
    }
    "map.opening.v1.OpeningService" {
        OpenCard = "OpenCard", [App, Channel];
        FindOpening = "FindOpening", [App, Channel];
    }
    "map.transfer.v1.TransferService" {
        TransferToCash = "TransferToCash", [App];
        TopUp = "TopUp", [App, Channel];
    }
    "map.catalog.v1.CatalogService" {
        ListProducts = "ListProducts", [App, Channel, PosNetwork, Operator];
        GetProduct = "GetProduct", [App, Channel, PosNetwork, Operator];
        ListFuelProducts = "ListFuelProducts", [App, Channel, PosNetwork, Operator];
        ListSellers = "ListSellers", [App, PosNetwork, Operator];
        GetTerminal = "GetTerminal", [App, PosNetwork, Operator];
    }
    "map.operator.v1.OperatorService" {
        OperatorReversePayment = "ReversePayment", [Operator];
        UnlockPaymentCode = "UnlockPaymentCode", [Operator];
        FreezeAccount = "FreezeAccount", [Operator];
        UnfreezeAccount = "UnfreezeAccount", [Operator];
        RaiseTerminalGeneration = "RaiseTerminalGeneration", [Operator];
        ListAuditEntries = "ListAuditEntries", [Operator];
        ListEvents = "ListEvents", [Operator];
        ListSentSmsCodes = "ListSentSmsCodes", [Operator];
        GetTrialBalance = "GetTrialBalance", [Operator];
    }
    "map.provisioning.v1.ProvisioningService" {
        Apply = "Apply", [Operator];
        GetDirectory = "GetDirectory", [Gateway];
    }
}

impl Rpc {
    /// Whether it gives a payment back: such calls have some concurrency of their own
    /// (decision 17).
    pub fn gives_back(self) -> bool {
        self == Self::ReversePayment || self == Self::CancelPayment
    }
}
