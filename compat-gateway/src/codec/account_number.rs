//! An account number: 16 digits. Which type of account it is, only the stored account says.

use crate::envelope::Value;
use crate::refusal::Refusal;

/// Reads.
pub(crate) fn read(value: &Value<'_>) -> Result<String, Refusal> {
    if is_account(value.text()) {
        Ok(value.text().to_owned())
    } else {
        Err(value.malformed())
    }
}

/// Whether a text has the form of an account number.
pub(crate) fn is_account(text: &str) -> bool {
    super::digits(text, 16)
}
