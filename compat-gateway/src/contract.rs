//! The types of the generated tables, and the tables.

use crate::answer::{Object, Printed};
use crate::call::{Call, CallError};
use crate::codec;
use crate::envelope::Values;
use crate::pages::PAGE_SIZE;
use crate::refusal::Refusal;
use std::future::Future;
use std::pin::Pin;

/// Who vouches for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The listener's POS network.
    Network,
    /// `app` and its signature.
    App,
    /// `app`, and `tsig` over the payload.
    AppTsig,
}

/// What a call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads.
    Read,
    /// Moves money or takes a key.
    Change,
    /// A change that gives money back: refused by no freshness window and no load limit.
    GiveBack,
    /// Asks what became of a change.
    Inquiry,
}

impl Effect {
    /// Whether a "no" is taken for a decision about money, so that there is no answer until one was made.
    pub const fn is_binding(self) -> bool {
        match self {
            Self::Read => false,
            Self::Change | Self::GiveBack | Self::Inquiry => true,
        }
    }
}

/// When an answer carries the received body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Echo {
    /// Never.
    Never,
    /// On success.
    Success,
    /// On success and failure.
    Always,
}

/// How a field is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// Not.
    None,
    /// 3DES under the app's key.
    TripleDes,
    /// A payment code, by the caller's setting.
    PaymentCode,
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
    /// Whether it is a JSON number; else a string.
    pub number: bool,
    /// Must be there.
    pub required: bool,
    /// May be blank though required.
    pub may_be_blank: bool,
    /// Longest value in characters, after decryption; 0: what the core takes.
    pub max_chars: u32,
    /// How it is encrypted.
    pub encryption: Encryption,
    /// Whether orderMD5 covers it.
    pub digest: Digest,
    /// Its place in the canonical request.
    pub core: Option<&'static str>,
}

/// Prints what is known without the core.
pub(crate) type Fallback = fn(&Values<'_>, &mut Object) -> Result<(), Defect>;

/// Sends an opened request to the core and prints the answer's fields.
pub(crate) type Send =
    for<'a> fn(Call<'a>) -> Pin<Box<dyn Future<Output = Result<Object, CallError>> + std::marker::Send + 'a>>;

/// A documented endpoint.
pub struct Endpoint {
    /// The rpc's name in the facade protos.
    pub name: &'static str,
    /// Where it answers.
    pub paths: &'static [&'static str],
    /// Top-level keys that choose it among those of one path.
    pub shape: &'static [&'static str],
    /// Who vouches.
    pub credential: Credential,
    /// The key of the object with the fields; none: top level.
    pub payload: Option<&'static str>,
    /// The canonical method, `/package.Service/Method`.
    pub rpc: &'static str,
    /// What it does.
    pub effect: Effect,
    /// errmsg on success.
    pub success: &'static str,
    /// Beginning of errmsg on failure.
    pub failure: &'static str,
    /// When the body is repeated.
    pub echo: Echo,
    /// errcode of failures.
    pub errcode: i32,
    /// Reasons with a wording of their own.
    pub texts: &'static [(&'static str, &'static str)],
    /// A reason that a setting turns into a success.
    pub(crate) success_by_setting: Option<(&'static str, Fallback)>,
    /// Document and section.
    pub source: &'static str,
    /// The request's fields.
    pub fields: &'static [Field],
    pub(crate) call: Send,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// The core's answer lacks what the contract promises, or holds a value that nobody knows: a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the core's answer has no usable {place}")]
pub(crate) struct Defect {
    /// The canonical path or the codec.
    pub place: &'static str,
}

impl Defect {
    /// A value is missing or unusable.
    pub(crate) fn absent(place: &'static str) -> Self {
        Self { place }
    }
}

#[allow(clippy::all, unused_imports, unused_variables, reason = "generated code")]
mod generated {
    use super::{
        Call, Credential, Defect, Digest, Echo, Effect, Encryption, Endpoint, Field, Object, PAGE_SIZE,
        Printed, Refusal, Values, codec,
    };
    include!(concat!(env!("OUT_DIR"), "/contract.rs"));
}

pub use generated::ENDPOINTS;

/// Whether it is a POS network's call, served or not: the documents have the body repeated in each answer, by which
/// the network tells answers apart.
pub fn is_pos_call(path: &str) -> bool {
    path.starts_with("/front/offline/")
}

/// The endpoints of a path; several where the shape of the body decides.
pub fn at(path: &str) -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS
        .iter()
        .copied()
        .filter(move |endpoint| endpoint.paths.contains(&path))
}

/// Of the endpoints of one path, the one with the most of its shape's keys present.
pub fn choose(candidates: &[&'static Endpoint], has: impl Fn(&str) -> bool) -> Option<&'static Endpoint> {
    let present = |endpoint: &&&'static Endpoint| endpoint.shape.iter().filter(|key| has(key)).count();
    let fits = |endpoint: &&&'static Endpoint| endpoint.shape.is_empty() || present(endpoint) > 0;
    candidates.iter().filter(fits).max_by_key(present).copied()
}
