//! `paymentCodeDES`, after the caller's encryption is taken off: a PIN block, which only the core can read
//! further, or the digits.

use crate::envelope::{Opened, Value};
use crate::refusal::Refusal;
use map_legacy_crypto::payment_code::Pin;
use map_proto::common::v1::{PaymentCode, payment_code::Form};

/// Reads.
pub(crate) fn read(value: &Value<'_>) -> Result<PaymentCode, Refusal> {
    let text = value.text().to_owned();
    let form = match value.opened() {
        Opened::PinBlock => Form::PinBlockHex(text),
        Opened::CardPinBlock => Form::CardPinBlockHex(text),
        Opened::Clear => Form::Digits(
            Pin::parse(&text)
                .map_err(|_| value.malformed())?
                .expose()
                .to_owned(),
        ),
    };
    Ok(PaymentCode { form: Some(form) })
}
