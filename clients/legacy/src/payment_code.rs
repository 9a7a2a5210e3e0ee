//! A payment code in clear, on its way to be encrypted.

use serde::{Serialize, Serializer, ser::SerializeMap};
use std::fmt;
use zeroize::Zeroizing;

/// Six digits, and for a PIN block the number of the account's owner.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PaymentCode {
    digits: Zeroizing<String>,
    account: Option<String>,
}

impl PaymentCode {
    /// The code of the customer that the request names; a PIN block is bound to its `consumerId`.
    pub fn new(digits: impl Into<String>) -> Self {
        Self {
            digits: Zeroizing::new(digits.into()),
            account: None,
        }
    }

    /// The same where `consumerId` is a card: a PIN block is bound to the owner's mobile number.
    pub fn of_owner(digits: impl Into<String>, mobile: impl Into<String>) -> Self {
        Self {
            digits: Zeroizing::new(digits.into()),
            account: Some(mobile.into()),
        }
    }
}

impl fmt::Debug for PaymentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PaymentCode(…)")
    }
}

impl Serialize for PaymentCode {
    /// As [`crate::Signer::body`] reads it: the digits, or `{"code", "account"}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.account {
            None => serializer.serialize_str(&self.digits),
            Some(account) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("code", &*self.digits)?;
                map.serialize_entry("account", account)?;
                map.end()
            }
        }
    }
}
