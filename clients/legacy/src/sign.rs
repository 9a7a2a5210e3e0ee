//! From a payload in clear to the body that the documents describe: encrypted, digested, signed.

use crate::caller::{App, Caller, PaymentCodeForm};
use crate::contract::{Credential, Digest, Endpoint, Field, Kind, Request};
use crate::stamp::{Stamps, SystemStamps};
use map_legacy_crypto::digest::{Blank, app_signature, tsig_text, value_sorted_md5};
use map_legacy_crypto::payment_code::{Pin, payment_code_md5};
use map_legacy_crypto::single_des::Mode;
use serde_json::{Map, Value};

/// Why a payload can't be signed. Holds no value of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The payload is not an object.
    #[error("the payload must be a JSON object")]
    NotAnObject,
    /// The endpoint has no such field.
    #[error("{endpoint} has no field {field:?}; it has {known}")]
    UnknownField {
        /// The endpoint's name.
        endpoint: &'static str,
        /// The field.
        field: String,
        /// The fields that there are.
        known: String,
    },
    /// A value is neither text nor number where one is needed.
    #[error("{0} has a value of the wrong type")]
    WrongType(&'static str),
    /// A key is missing.
    #[error("{0}")]
    NoKey(&'static str),
    /// The account of a PIN block isn't made of digits.
    #[error("{0}: the account of a PIN block has digits only")]
    PinAccount(&'static str),
    /// RSA failed.
    #[error("the RSA key can't sign")]
    Rsa,
}

/// Signs for one caller.
pub struct Signer {
    caller: Caller,
    stamps: Box<dyn Stamps>,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("caller", &self.caller)
            .finish_non_exhaustive()
    }
}

/// A field as it goes into the body.
struct Sealed {
    field: &'static Field,
    /// What digests are over.
    text: String,
}

impl Signer {
    /// A signer with the machine's clock and random numbers.
    pub fn new(caller: Caller) -> Self {
        Self::with_stamps(caller, SystemStamps)
    }

    /// A signer with other time stamps and nonces.
    pub fn with_stamps(caller: Caller, stamps: impl Stamps) -> Self {
        Self {
            caller,
            stamps: Box::new(stamps),
        }
    }

    /// The body of a typed request.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn body<R: Request>(&self, request: &R) -> Result<String, SignError> {
        match serde_json::to_value(request) {
            Ok(Value::Object(payload)) => self.sign_json(R::ENDPOINT, &payload),
            Ok(_) | Err(_) => Err(SignError::NotAnObject),
        }
    }

    /// The body for a payload in clear, of any completeness. A payment code is six digits, or
    /// `{"code", "account"}`; any other text is taken as encrypted already. So is `{"sealed": "…"}` in the
    /// place of a field under 3DES.
    ///
    /// # Errors
    /// See [`SignError`].
    pub fn sign_json(
        &self,
        endpoint: &'static Endpoint,
        payload: &Map<String, Value>,
    ) -> Result<String, SignError> {
        if let Some(unknown) = payload
            .keys()
            .find(|key| endpoint.fields.iter().all(|field| field.name != *key))
        {
            let known: Vec<_> = endpoint.fields.iter().map(|field| field.name).collect();
            return Err(SignError::UnknownField {
                endpoint: endpoint.name,
                field: unknown.clone(),
                known: known.join(", "),
            });
        }
        let consumer = endpoint
            .consumer
            .and_then(|name| payload.get(name))
            .and_then(Value::as_str);
        let mut sealed = Vec::new();
        for field in endpoint.fields {
            if let Some(value) = payload.get(field.name).filter(|value| !value.is_null()) {
                sealed.push(Sealed {
                    field,
                    text: self.seal(field, value, consumer.unwrap_or_default())?,
                });
            }
        }
        self.assemble(endpoint, &sealed)
    }

    fn seal(&self, field: &'static Field, value: &Value, consumer: &str) -> Result<String, SignError> {
        let wrong = || SignError::WrongType(field.name);
        match field.kind {
            Kind::Text => value.as_str().map(str::to_owned).ok_or_else(wrong),
            Kind::Number => match value {
                Value::Number(number) => Ok(number.to_string()),
                Value::Null | Value::Bool(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                    Err(wrong())
                }
            },
            Kind::TripleDes => {
                let app = self.app()?;
                match value.get("sealed").and_then(Value::as_str) {
                    Some(sealed) => Ok(sealed.to_owned()),
                    None => value
                        .as_str()
                        .map(|text| app.triple_des.encrypt(text))
                        .ok_or_else(wrong),
                }
            }
            Kind::PaymentCode | Kind::PaymentCodeMd5 => {
                let (code, account) = match value {
                    Value::Object(parts) => (
                        parts.get("code").and_then(Value::as_str).ok_or_else(wrong)?,
                        parts.get("account").and_then(Value::as_str).ok_or_else(wrong)?,
                    ),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                        (value.as_str().ok_or_else(wrong)?, consumer)
                    }
                };
                self.seal_code(field, code, account)
            }
        }
    }

    fn seal_code(&self, field: &'static Field, code: &str, account: &str) -> Result<String, SignError> {
        let Ok(pin) = Pin::parse(code) else {
            return Ok(code.to_owned());
        };
        if field.kind == Kind::PaymentCodeMd5 {
            return Ok(payment_code_md5(&pin).to_string());
        }
        match &self.caller.payment_code {
            None => Err(SignError::NoKey(
                "the caller has neither a POSP key nor DES for payment codes",
            )),
            Some(PaymentCodeForm::PinBlock(key)) => key
                .encode(&pin, account)
                .map_err(|_| SignError::PinAccount(field.name)),
            Some(PaymentCodeForm::Des) => {
                let key = self.app()?.des.as_ref();
                let key = key.ok_or(SignError::NoKey("DES needs an app key of 8 bytes or more"))?;
                Ok(key.encrypt(Mode::Ecb, pin.expose()))
            }
        }
    }

    fn app(&self) -> Result<&App, SignError> {
        self.caller.app.as_ref().ok_or(SignError::NoKey(
            "this call is made by an app, not by a POS network",
        ))
    }

    fn assemble(&self, endpoint: &Endpoint, sealed: &[Sealed]) -> Result<String, SignError> {
        let fields = sealed
            .iter()
            .map(|one| (one.field.name, one.field.kind, one.text.as_str()));
        let payload = members(fields);
        let mut parts = Vec::new();
        match endpoint.credential {
            Credential::Network => {}
            Credential::App | Credential::AppTsig => parts.push(self.app_part()?),
        }
        match endpoint.payload {
            Some(key) => parts.push(format!("{}:{{{payload}}}", quoted(key))),
            None if payload.is_empty() => {}
            None => parts.push(payload),
        }
        if endpoint.credential == Credential::AppTsig {
            parts.push(self.tsig_part(sealed)?);
        }
        Ok(format!("{{{}}}", parts.join(",")))
    }

    fn app_part(&self) -> Result<String, SignError> {
        let app = self.app()?;
        let (time_stamp, nonce) = self.stamps.next();
        let signature = app_signature(&app.id, &app.key, &nonce, &time_stamp, self.caller.charset).to_hex();
        let values = [
            ("appId", &app.id),
            ("timeStamp", &time_stamp),
            ("nonce", &nonce),
            ("signature", &signature),
        ];
        Ok(format!(
            "\"app\":{{{}}}",
            members(values.map(|(name, text)| (name, Kind::Text, text.as_str())))
        ))
    }

    fn tsig_part(&self, sealed: &[Sealed]) -> Result<String, SignError> {
        let app = self.app()?;
        let key = app
            .rsa
            .as_ref()
            .ok_or(SignError::NoKey("this call needs an RSA private key"))?;
        let extended = self.caller.extended_digest;
        let covered = sealed.iter().filter(|one| match one.field.digest {
            Digest::Documented => true,
            Digest::Extended => extended,
            Digest::None => false,
        });
        let covered = covered.map(|one| Some(one.text.as_str()));
        let order_md5 = value_sorted_md5(covered, Blank::Skip, self.caller.charset).to_hex();
        let (time_stamp, nonce) = self.stamps.next();
        let text = tsig_text(&order_md5, &app.id, &time_stamp, &nonce);
        let signed = key.sign(app.algorithm, &self.caller.charset.encode(&text));
        let signature = signed.map_err(|_| SignError::Rsa)?;
        let values = [
            ("orderMD5", &order_md5),
            ("signature", &signature),
            ("timeStamp", &time_stamp),
            ("nonce", &nonce),
        ];
        Ok(format!(
            "\"tsig\":{{{}}}",
            members(values.map(|(name, text)| (name, Kind::Text, text.as_str())))
        ))
    }
}

/// `"name":value` pairs, in order.
fn members<'a>(values: impl IntoIterator<Item = (&'a str, Kind, &'a str)>) -> String {
    let member = |(name, kind, text): (&str, Kind, &str)| match kind {
        Kind::Number => format!("{}:{text}", quoted(name)),
        Kind::Text | Kind::TripleDes | Kind::PaymentCode | Kind::PaymentCodeMd5 => {
            format!("{}:{}", quoted(name), quoted(text))
        }
    };
    values.into_iter().map(member).collect::<Vec<_>>().join(",")
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
