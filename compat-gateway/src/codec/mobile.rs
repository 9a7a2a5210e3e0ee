//! A mobile number: 11 digits beginning with 1 (the documents' "12" is a typing error).

use crate::envelope::Value;
use crate::refusal::Refusal;

/// Reads.
pub(crate) fn read(value: &Value<'_>) -> Result<String, Refusal> {
    if is_mobile(value.text()) {
        Ok(value.text().to_owned())
    } else {
        Err(value.malformed())
    }
}

/// Whether a text is a mobile number.
pub(super) fn is_mobile(text: &str) -> bool {
    super::digits(text, 11) && text.starts_with('1')
}
