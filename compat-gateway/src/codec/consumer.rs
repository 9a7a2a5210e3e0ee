//! `consumerId`: a mobile number or an account number.

use super::account_number::is_account;
use super::mobile::is_mobile;
use crate::envelope::Value;
use crate::refusal::Refusal;

/// Reads.
pub(crate) fn read(value: &Value<'_>) -> Result<String, Refusal> {
    let text = value.text();
    if is_mobile(text) || is_account(text) {
        Ok(text.to_owned())
    } else {
        Err(value.malformed())
    }
}
