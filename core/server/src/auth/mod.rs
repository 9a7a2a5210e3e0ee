//! From a bearer key to a caller.
//!
//! A call carries `authorization: Bearer <key>`. Only the SHA-256 of a key is provisioned and
//! looked up, so that neither the catalogue nor the time of the look-up tells anything about a
//! key. A gateway may add `map-on-behalf-of: <role>/<identifier>`, and with it `map-proof-digest`: what
//! that caller presented to authorise the call.
//!
//! It is asked twice: `enter` by the layers, before anything of the message is read; [`open`] by
//! the service, whose word counts.
//!
//! Identity travels in metadata only, never in request extensions: in-process calls would
//! carry those from one caller's request into another's.

mod access;

pub use access::{Access, Rpc};

use crate::caller::{Caller, Role};
use crate::catalogue::{Catalogue, ProvisionedCaller};
use crate::core::Core;
use crate::failure::Failure;
use data_encoding::HEXLOWER;
use http::{HeaderMap, HeaderValue};
use map_domain::CallerId;
use map_proto::metadata::{ON_BEHALF_OF, PROOF_DIGEST, REQUEST_ID};
use map_store::ProofDigest;
use sha2::{Digest, Sha256};
use std::time::Duration;

/// Names one request in logs, on both sides of the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(pub String);

/// What a service knows of a call besides its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// For whom.
    pub caller: Caller,
    /// Its name in the logs.
    pub request_id: RequestId,
    /// How long the caller waits for the answer, counted from when the request came in.
    pub timeout: Duration,
}

/// May whoever sends these headers call this? Names the caller in the call's log line.
///
/// # Errors
/// As [`open`].
pub(crate) fn enter(core: &Core, headers: &HeaderMap, rpc: Rpc) -> Result<(), Failure> {
    let caller = authenticate(core, headers)?;
    tracing::Span::current().record("caller", caller.id.as_str());
    authorize(&caller, rpc)
}

/// How every service begins: who calls, may they, and what do they ask.
///
/// # Errors
/// As [`authenticate`].
pub fn open<T>(core: &Core, request: tonic::Request<T>, rpc: Rpc) -> Result<(Call, T), Failure> {
    let headers = request.metadata().as_ref();
    let caller = authenticate(core, headers)?;
    authorize(&caller, rpc)?;
    let call = Call {
        caller,
        // The layers have made sure that there is one.
        request_id: RequestId(text(headers, REQUEST_ID).unwrap_or_default().to_owned()),
        timeout: crate::layers::timeout_of(headers),
    };
    Ok((call, request.into_inner()))
}

/// Whether a gateway of ours sent these headers, for whomever.
pub(crate) fn is_gateway(core: &Core, headers: &HeaderMap) -> bool {
    let catalogue = core.catalogue();
    own(&catalogue, headers)
        .is_some_and(|own| own.active && own.caller.active && own.caller.role == Role::Gateway)
}

/// Whose key these headers carry.
fn own<'a>(catalogue: &'a Catalogue, headers: &HeaderMap) -> Option<&'a ProvisionedCaller> {
    let id = catalogue.by_key.get(&key_hash(bearer(headers)?))?;
    catalogue.callers.get(id)
}

/// Whether the rpc is for this caller.
fn authorize(caller: &Caller, rpc: Rpc) -> Result<(), Failure> {
    let access = rpc.access();
    if !access.inactive_too {
        caller.require_active()?;
    }
    if access.roles.contains(&caller.role) {
        Ok(())
    } else {
        Err(Failure::PermissionDenied)
    }
}

/// Who calls. A deactivated caller authenticates; see [`Caller::active`].
///
/// # Errors
/// [`Failure::Unauthenticated`] where there is no key or an unknown one,
/// [`Failure::PermissionDenied`] where somebody other than a gateway acts for another or tells of a proof,
/// [`Failure::CallerInactive`] where a gateway acts for somebody unknown, [`Failure::Malformed`] where a
/// proof is none.
pub fn authenticate(core: &Core, headers: &HeaderMap) -> Result<Caller, Failure> {
    let catalogue = core.catalogue();
    let own = own(&catalogue, headers).ok_or(Failure::Unauthenticated)?;
    let own_active = own.active && own.caller.active;
    if headers.get(ON_BEHALF_OF).is_none() {
        if headers.contains_key(PROOF_DIGEST) {
            return Err(Failure::PermissionDenied);
        }
        return Ok(Caller {
            active: own_active,
            ..own.caller.clone()
        });
    }
    if own.caller.role != Role::Gateway {
        return Err(Failure::PermissionDenied);
    }
    // An identifier is any text, and comes as its UTF-8.
    let target = single(headers, ON_BEHALF_OF).and_then(|id| std::str::from_utf8(id.as_bytes()).ok());
    let target = target.and_then(|id| CallerId::parse(id).ok());
    let target = target
        .and_then(|id| catalogue.callers.get(&id))
        .ok_or(Failure::CallerInactive)?;
    if !target.caller.role.behind_a_gateway() {
        return Err(Failure::PermissionDenied);
    }
    Ok(Caller {
        active: own_active && target.active && target.caller.active,
        proof: proof(headers)?,
        ..target.caller.clone()
    })
}

/// What the caller presented to its gateway, where the gateway tells.
fn proof(headers: &HeaderMap) -> Result<Option<ProofDigest>, Failure> {
    if !headers.contains_key(PROOF_DIGEST) {
        return Ok(None);
    }
    let digest = text(headers, PROOF_DIGEST).and_then(digest_of_hex);
    let malformed = || Failure::Malformed(vec![(PROOF_DIGEST, "64 lower-case hex digits".to_owned())]);
    digest
        .map(|digest| Some(ProofDigest(digest)))
        .ok_or_else(malformed)
}

/// A SHA-256 from 64 lower-case hex digits; `None`: it is none.
pub(crate) fn digest_of_hex(text: &str) -> Option<[u8; 32]> {
    HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok()
}

/// What is provisioned instead of a bearer key.
pub fn key_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The key in `authorization: Bearer <key>`; the scheme in any case (RFC 9110).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, key) = text(headers, "authorization")?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// A header that is there once, as text.
fn text<'a>(headers: &'a HeaderMap, key: &str) -> Option<&'a str> {
    single(headers, key)?.to_str().ok()
}

/// A header that is there once.
fn single<'a>(headers: &'a HeaderMap, key: &str) -> Option<&'a HeaderValue> {
    let mut values = headers.get_all(key).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first)
}
