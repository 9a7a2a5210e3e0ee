//! Why a command is refused. Ordered by precedence: where several apply, the first is told.
//!
//! The names are those of `map.common.v1.ErrorReason`; names and order numbers are stored
//! and never reused.

/// Makes the enum, its stable codes and the way back, from one list.
macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reason:literal;)*) => {
        /// A refusal. The number is the stored code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum Refusal { $($(#[$doc])* $name = $code,)* }

        impl Refusal {
            /// Every refusal, in order of precedence.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The stored number.
            pub const fn code(self) -> u16 { match self { $(Self::$name => $code),* } }

            /// The reason as callers see it.
            pub const fn reason(self) -> &'static str { match self { $(Self::$name => $reason),* } }

            /// The refusal with this stored number.
            pub const fn from_code(code: u16) -> Option<Self> {
                match code { $($code => Some(Self::$name),)* _ => None }
            }
        }
    };
}

refusals! {
    /// The key was used with other content.
    IdempotencyKeyReused = 10, "IDEMPOTENCY_KEY_REUSED";
    /// The same again, but after the replay window.
    ReplayWindowPassed = 11, "REPLAY_WINDOW_PASSED";
    /// The payment was reversed.
    PaymentReversed = 12, "PAYMENT_REVERSED";
    /// The payment was cancelled.
    PaymentCancelled = 13, "PAYMENT_CANCELLED";
    /// A reversal came first and closed the key.
    KeyClosed = 14, "KEY_CLOSED";
    /// A reversal found no successful payment; the key is closed now.
    PaymentUnknownKeyClosed = 15, "PAYMENT_UNKNOWN_KEY_CLOSED";
    /// A reversal of a key that holds only a cancellation or an opening; it takes no payment any more.
    KeyHoldsNoPayment = 16, "KEY_HOLDS_NO_PAYMENT";
    /// There is no such payment.
    PaymentNotFound = 17, "PAYMENT_NOT_FOUND";
    /// The payment was declined or closed.
    PaymentNotPaid = 18, "PAYMENT_NOT_PAID";
    /// The payment is too old to be given back without an operator.
    ReversalWindowPassed = 19, "REVERSAL_WINDOW_PASSED";
    /// An operator's reversal found the payment given back before.
    AlreadyReversed = 20, "ALREADY_REVERSED";
    /// An opening came after its deadline.
    OpeningExpired = 21, "OPENING_EXPIRED";
    /// More than one payment carries the order number.
    OrderNumberAmbiguous = 22, "ORDER_NUMBER_AMBIGUOUS";
    /// The seller accepts no payments.
    SellerInactive = 30, "SELLER_INACTIVE";
    /// The terminal accepts no payments.
    TerminalInactive = 31, "TERMINAL_INACTIVE";
    /// No such product on sale.
    ProductUnknown = 32, "PRODUCT_UNKNOWN";
    /// No customer or account has this number.
    ConsumerUnknown = 40, "CONSUMER_UNKNOWN";
    /// No customer has this mobile number.
    CustomerNotFound = 41, "CUSTOMER_NOT_FOUND";
    /// No account has this number.
    AccountNotFound = 42, "ACCOUNT_NOT_FOUND";
    /// The account does not belong to the mobile number.
    AccountNotOwned = 43, "ACCOUNT_NOT_OWNED";
    /// The ID number is not the customer's.
    IdentityMismatch = 44, "IDENTITY_MISMATCH";
    /// The PIN block holds no payment code; no attempt is counted.
    PinBlockUnreadable = 50, "PIN_BLOCK_UNREADABLE";
    /// Too many wrong payment codes in a row.
    PaymentCodeLocked = 51, "PAYMENT_CODE_LOCKED";
    /// The customer has set no payment code.
    PaymentCodeNotSet = 52, "PAYMENT_CODE_NOT_SET";
    /// The payment code is missing.
    PaymentCodeRequired = 53, "PAYMENT_CODE_REQUIRED";
    /// The payment code is wrong; the attempt is counted.
    PaymentCodeWrong = 54, "PAYMENT_CODE_WRONG";
    /// The SMS code is wrong, expired, used up, or somebody else's.
    SmsCodeWrong = 55, "SMS_CODE_WRONG";
    /// Too many SMS codes for this number.
    SmsRateLimited = 56, "SMS_RATE_LIMITED";
    /// The account is frozen.
    AccountFrozen = 60, "ACCOUNT_FROZEN";
    /// The card is not delivered yet.
    AccountPending = 61, "ACCOUNT_PENDING";
    /// The card's validity has not begun.
    AccountNotYetValid = 62, "ACCOUNT_NOT_YET_VALID";
    /// The card's validity has ended.
    AccountExpired = 63, "ACCOUNT_EXPIRED";
    /// The card can't be spent here, now, or for this.
    RuleMismatch = 64, "RULE_MISMATCH";
    /// Money of this type of account can't be transferred.
    NotTransferable = 65, "NOT_TRANSFERABLE";
    /// Not enough.
    InsufficientBalance = 70, "INSUFFICIENT_BALANCE";
    /// The amount would leave the range of money.
    AmountOutOfRange = 71, "AMOUNT_OUT_OF_RANGE";
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn refusals_are_listed_by_precedence_and_read_back_from_their_code() {
        assert!(Refusal::ALL.is_sorted_by(|first, second| first.code() < second.code() && first < second));
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::from_code(refusal.code()), Some(*refusal));
        }
        assert_eq!(Refusal::from_code(0), None);
    }
}
