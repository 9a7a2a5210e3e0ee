//! The bodies of rows: domain values to protobuf messages of `map.storage.v1`, and back.
//!
//! One encoding for all stores, so that a ledger is copied from one engine to another row by
//! row. A body that can't be what was written is [`StoreError::Damaged`] and says which
//! message and which field, never which value: rows hold mobile and account numbers.
//!
//! What this module does not do: name rows (`keys` does) or gather them (`records` does).

mod account;
mod audit;
mod catalogue;
mod claim;
mod customer;
mod entry;
mod flaw;
pub mod log;
mod order;
mod sms;
mod wire;

pub(crate) use audit::event_code;
pub use claim::{IndexTarget, ProofUse};
pub(crate) use order::{operation_code, operation_from_code, slot_code, slot_from_code};

use crate::{StoreError, StoreResult};
use bytes::Bytes;
use flaw::Flaw;
use map_domain::{Fen, IdError, Timestamp};
use prost::Message;

/// A value that is the body of a row.
pub trait Body: Sized {
    /// What it is called in errors.
    const NAME: &'static str;

    /// The encoded body. Equal values have equal bodies.
    fn to_body(&self) -> Bytes;

    /// The value of a body.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the bytes can't be what [`Body::to_body`] wrote.
    fn from_body(body: &[u8]) -> StoreResult<Self>;
}

/// Implements [`Body`] by way of a message: `From<&Value>` one way, `TryFrom<Message>` back.
macro_rules! body {
    ($value:ty, $message:ty, $name:literal) => {
        impl crate::codec::Body for $value {
            const NAME: &'static str = $name;

            fn to_body(&self) -> bytes::Bytes {
                prost::Message::encode_to_vec(&<$message>::from(self)).into()
            }

            fn from_body(body: &[u8]) -> crate::StoreResult<Self> {
                crate::codec::read::<$message, Self>($name, body)
            }
        }
    };
}
use body;

/// Decodes a message and turns it into its value.
fn read<M, V>(name: &'static str, body: &[u8]) -> StoreResult<V>
where
    M: Message + Default,
    V: TryFrom<M, Error = Flaw>,
{
    let message = M::decode(body).map_err(|_| StoreError::Damaged(format!("{name}: not such a message")))?;
    V::try_from(message).map_err(|Flaw(field)| StoreError::Damaged(format!("{name}: {field}")))
}

/// Reads an identifier.
fn id<T>(field: &'static str, text: &str, parse: fn(&str) -> Result<T, IdError>) -> Result<T, Flaw> {
    parse(text).map_err(|_| Flaw(field))
}

/// Reads an identifier that may be absent.
fn optional_id<T>(
    field: &'static str,
    text: Option<&str>,
    parse: fn(&str) -> Result<T, IdError>,
) -> Result<Option<T>, Flaw> {
    text.map(|text| id(field, text, parse)).transpose()
}

/// Reads a digest or another value of fixed length.
fn fixed<const N: usize>(field: &'static str, bytes: &[u8]) -> Result<[u8; N], Flaw> {
    bytes.try_into().map_err(|_| Flaw(field))
}

/// Reads a message that must be there.
fn required<M, V>(field: &'static str, message: Option<M>) -> Result<V, Flaw>
where
    V: TryFrom<M, Error = Flaw>,
{
    V::try_from(message.ok_or(Flaw(field))?)
}

/// Reads a list.
fn list<M, V>(messages: Vec<M>) -> Result<Vec<V>, Flaw>
where
    V: TryFrom<M, Error = Flaw>,
{
    messages.into_iter().map(V::try_from).collect()
}

/// An amount.
const fn fen(fen: i64) -> Fen {
    Fen::new(fen)
}

/// A time.
const fn time(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

#[cfg(test)]
mod golden;
#[cfg(test)]
pub(crate) mod properties;
#[cfg(test)]
pub(crate) mod samples;
