//! A text that is never printed.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;
use zeroize::Zeroizing;

/// A key or other secret text: wiped when dropped, hidden from `Debug`, written as `…` when serialised.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Wraps a text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text, to be used and not kept.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("…")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde's own complaint about a wrong type would quote the value.
        let text =
            String::deserialize(deserializer).map_err(|_| D::Error::custom("a secret must be text"))?;
        Ok(Self::new(text))
    }
}
