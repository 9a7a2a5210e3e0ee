//! The types of the generated tables.

use serde::{Serialize, de::DeserializeOwned};

/// Who vouches for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The POS network of the listener: nothing in the body.
    Network,
    /// `app` and its signature.
    App,
    /// `app`, and `tsig` over the payload.
    AppTsig,
}

/// How a field is put into the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A string as it is.
    Text,
    /// An integer.
    Number,
    /// A string, 3DES under the app's key.
    TripleDes,
    /// A payment code, encrypted in the caller's form.
    PaymentCode,
    /// A payment code, as MD5.
    PaymentCodeMd5,
}

/// Whether orderMD5 covers a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// Never.
    None,
    /// As documented.
    Documented,
    /// With the extended list.
    Extended,
}

/// A field of a request.
#[derive(Debug)]
pub struct Field {
    /// The documented name.
    pub name: &'static str,
    /// How it is put into the body.
    pub kind: Kind,
    /// Whether the gateway asks for it.
    pub required: bool,
    /// Whether orderMD5 covers it.
    pub digest: Digest,
}

/// A documented endpoint.
#[derive(Debug)]
pub struct Endpoint {
    /// Its name, such as `front_pay`.
    pub name: &'static str,
    /// Where it answers.
    pub path: &'static str,
    /// Who vouches.
    pub credential: Credential,
    /// The key of the object with the fields; none: top level.
    pub payload: Option<&'static str>,
    /// The field with the number that a PIN block is bound to.
    pub consumer: Option<&'static str>,
    /// The request's fields, in the documented order.
    pub fields: &'static [Field],
}

/// A typed request.
pub trait Request: Serialize {
    /// What a success carries.
    type Answer: DeserializeOwned;
    /// Where it is sent.
    const ENDPOINT: &'static Endpoint;
}

impl Endpoint {
    /// Its path with dots: `gw.offline.pay` needs no slashes.
    pub fn dotted(&self) -> String {
        self.path.trim_start_matches('/').replace('/', ".")
    }

    /// Whether this is its name or its path, with slashes or dots.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.path == name || self.dotted() == name
    }
}

/// The endpoint that is called so (the first, where two share a path).
pub fn find(name: &str) -> Option<&'static Endpoint> {
    let mut endpoints = crate::generated::ENDPOINTS.iter().copied();
    endpoints.find(|endpoint| endpoint.is_called(name))
}

/// A `Debug` that prints no value: they are numbers of persons and accounts.
macro_rules! opaque_debug {
    ($name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), " { … }"))
            }
        }
    };
}
pub(crate) use opaque_debug;
