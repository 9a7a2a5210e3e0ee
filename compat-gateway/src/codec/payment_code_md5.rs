//! `paymentCodeMD5`: 32 hex digits of either case.

use crate::envelope::Value;
use crate::refusal::Refusal;
use map_proto::common::v1::{PaymentCode, payment_code::Form};

/// Reads.
pub(crate) fn read(value: &Value<'_>) -> Result<PaymentCode, Refusal> {
    let text = value.text();
    if text.len() != 32 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(value.malformed());
    }
    Ok(PaymentCode {
        form: Some(Form::Md5Hex(text.to_ascii_lowercase())),
    })
}
