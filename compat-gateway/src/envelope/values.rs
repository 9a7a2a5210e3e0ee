//! The fields of a payload: as received, and after decryption.

use crate::answer::Printed;
use crate::contract::{Encryption, Endpoint, Field};
use crate::directory::Caller;
use crate::json::{Members, Scalar};
use crate::refusal::Refusal;
use crate::settings::{PaymentCodeMode, PinAccount};
use map_legacy_crypto::is_blank;
use map_legacy_crypto::single_des::Mode;
use std::borrow::Cow;
use std::sync::Arc;
use zeroize::Zeroize;

/// The payload as received; one slot for each declared field.
pub(super) struct Fields<'a> {
    fields: &'static [Field],
    received: Vec<Option<Cow<'a, str>>>,
}

impl<'a> Fields<'a> {
    /// Finds the payload and its fields; refuses missing ones and wrong types.
    pub(super) fn read(endpoint: &'static Endpoint, top: &Members<'a>) -> Result<Self, Refusal> {
        let inner;
        let payload = match endpoint.payload {
            None => top,
            Some(key) => {
                inner = top
                    .object(key)
                    .map_err(|()| Refusal::Malformed(key))?
                    .ok_or(Refusal::Missing(key))?;
                &inner
            }
        };
        let received = endpoint
            .fields
            .iter()
            .map(|field| one(field, payload))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            fields: endpoint.fields,
            received,
        })
    }

    /// What is there, with its declaration.
    pub(super) fn received(&self) -> impl Iterator<Item = (&'static Field, &str)> {
        self.fields
            .iter()
            .zip(&self.received)
            .filter_map(|(field, text)| text.as_deref().map(|text| (field, text)))
    }

    /// Takes the encryption off.
    pub(super) fn decrypt(self, caller: Arc<Caller>) -> Result<Values<'a>, Refusal> {
        let mut values = Vec::with_capacity(self.fields.len());
        for (field, text) in self.fields.iter().zip(self.received) {
            let value = match text {
                // An optional field that is blank is absent: the digest skips both alike.
                Some(text) if is_blank(&text) && !field.required => None,
                Some(text) => Some(open(field, text, &caller)?),
                None => None,
            };
            values.push(value);
        }
        Ok(Values {
            fields: self.fields,
            values,
        })
    }
}

fn one<'a>(field: &'static Field, payload: &Members<'a>) -> Result<Option<Cow<'a, str>>, Refusal> {
    let text = match (payload.scalar(field.name), field.number) {
        (Scalar::Absent, _) => None,
        // Clients that fill in templates send a number they don't have as "".
        (Scalar::Text(text), true) if is_blank(&text) => None,
        (Scalar::Text(text), false) => Some(text),
        (Scalar::Number(lexeme), true) => Some(Cow::Borrowed(lexeme)),
        (Scalar::Text(_) | Scalar::Number(_) | Scalar::Other, _) => {
            return Err(Refusal::Malformed(field.name));
        }
    };
    let blank = text.as_deref().is_some_and(is_blank);
    if field.required && (text.is_none() || (blank && !field.may_be_blank)) {
        return Err(Refusal::Missing(field.name));
    }
    Ok(text)
}

/// What a value is once its encryption is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Opened {
    /// Clear text.
    Clear,
    /// 16 hex digits of a PIN block, still XORed with a number that only the core knows.
    PinBlock,
    /// The same, or XORed with the number of the card that pays.
    CardPinBlock,
}

/// A value of a request. Has no `Debug`: it may be a secret.
pub(crate) struct Value<'a> {
    field: &'static Field,
    text: Cow<'a, str>,
    opened: Opened,
    id_check_digit: bool,
}

impl Drop for Value<'_> {
    fn drop(&mut self) {
        if self.field.encryption != Encryption::None
            && let Cow::Owned(text) = &mut self.text
        {
            text.zeroize();
        }
    }
}

impl Value<'_> {
    /// The text: a string's decoded value, a number as written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What the text is.
    pub(crate) fn opened(&self) -> Opened {
        self.opened
    }

    /// Whether the app wants check digits of ID numbers verified.
    pub(crate) fn checks_id_digit(&self) -> bool {
        self.id_check_digit
    }

    /// The refusal of its form.
    pub(crate) fn malformed(&self) -> Refusal {
        match self.field.encryption {
            Encryption::None => Refusal::Malformed(self.field.name),
            // Nobody learns how far a decryption came.
            Encryption::TripleDes | Encryption::PaymentCode => Refusal::Undecryptable(self.field.name),
        }
    }
}

/// A request's values, by the index of their declaration.
pub(crate) struct Values<'a> {
    fields: &'static [Field],
    values: Vec<Option<Value<'a>>>,
}

impl<'a> Values<'a> {
    /// A value that must be there.
    pub(crate) fn required(&self, index: usize) -> Result<&Value<'a>, Refusal> {
        let name = self.fields.get(index).map_or("", |field| field.name);
        self.optional(index).ok_or(Refusal::Missing(name))
    }

    /// A value that may be there.
    pub(crate) fn optional(&self, index: usize) -> Option<&Value<'a>> {
        self.values.get(index).and_then(Option::as_ref)
    }

    /// A value to be repeated in the answer. Encrypted ones never are.
    pub(crate) fn echo(&self, index: usize) -> Option<Printed<'_>> {
        let value = self
            .optional(index)
            .filter(|value| value.field.encryption == Encryption::None)?;
        match (value.field.number, value.text.parse()) {
            (true, Ok(number)) => Some(Printed::Number(number)),
            (true, Err(_)) => None,
            (false, _) => Some(Printed::text(&value.text)),
        }
    }
}

fn open<'a>(field: &'static Field, text: Cow<'a, str>, caller: &Caller) -> Result<Value<'a>, Refusal> {
    let damaged = Refusal::Undecryptable(field.name);
    let (text, opened) = match field.encryption {
        Encryption::None => (text, Opened::Clear),
        Encryption::TripleDes => {
            let key = caller.keys.triple_des.as_ref().ok_or(NO_KEY)?;
            (
                Cow::Owned(key.decrypt(&text).map_err(|_| damaged)?),
                Opened::Clear,
            )
        }
        Encryption::PaymentCode => payment_code(&text, caller)?.ok_or(damaged)?,
    };
    let blank = is_blank(&text);
    if field.encryption != Encryption::None && blank && !field.may_be_blank {
        return Err(damaged);
    }
    let limit = usize::try_from(field.max_chars).unwrap_or(usize::MAX);
    if limit != 0 && text.chars().count() > limit {
        return Err(Refusal::TooLong(field.name));
    }
    Ok(Value {
        field,
        text,
        opened,
        id_check_digit: caller.settings.id_check_digit,
    })
}

/// A caller that has no key has lost it, or was not given it yet: the same bytes may have succeeded before, or
/// will. An app's key of PIN blocks goes with its network.
const NO_KEY: Refusal = Refusal::Unavailable;

/// `Ok(None)`: damaged.
fn payment_code(text: &str, caller: &Caller) -> Result<Option<(Cow<'static, str>, Opened)>, Refusal> {
    Ok(match caller.settings.payment_code {
        PaymentCodeMode::Des => {
            let key = caller.keys.des.as_ref().ok_or(NO_KEY)?;
            let clear = key.decrypt(Mode::Ecb, text);
            clear.ok().map(|clear| (Cow::Owned(clear), Opened::Clear))
        }
        PaymentCodeMode::PinBlock => {
            let opened = match caller.settings.pin_account {
                PinAccount::Mobile => Opened::PinBlock,
                PinAccount::MobileOrCard => Opened::CardPinBlock,
            };
            let block = caller.posp_key().ok_or(NO_KEY)?.open(text);
            let hex = block.ok().map(|block| block.to_hex().to_string());
            hex.map(|hex| (Cow::Owned(hex), opened))
        }
    })
}
