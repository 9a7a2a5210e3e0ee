//! From a bearer key to a caller.
//!
//! A call carries `authorization: Bearer <key>`. Only the SHA-256 of a key is provisioned and
//! looked up, so that neither the catalogue nor the time of the look-up tells anything about a
//! key. A gateway may add `map-on-behalf-of: <role>/<identifier>`.
//!
//! Identity travels in metadata only, never in request extensions: in-process calls would
//! carry those from one caller's request into another's.

mod access;

pub use access::{Access, Rpc};

use crate::caller::{Caller, Role};
use crate::core::Core;
use crate::failure::Failure;
use map_domain::CallerId;
use sha2::{Digest, Sha256};
use std::time::Duration;
use tonic::metadata::MetadataMap;

/// The metadata key under which a gateway names the caller it acts for.
pub const ON_BEHALF_OF: &str = "map-on-behalf-of";

/// The metadata key of the request id; [`crate::layers`] makes sure that there is one.
pub const REQUEST_ID: &str = "x-request-id";

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

/// How every service begins: who calls, may they, and what do they ask.
///
/// # Errors
/// [`Failure::Unauthenticated`], [`Failure::CallerInactive`], [`Failure::PermissionDenied`].
pub fn open<T>(core: &Core, request: tonic::Request<T>, rpc: Rpc) -> Result<(Call, T), Failure> {
    let caller = authenticate(core, request.metadata())?;
    tracing::Span::current().record("caller", caller.id.as_str());
    let access = rpc.access();
    if !access.inactive_too {
        caller.require_active()?;
    }
    if !access.roles.contains(&caller.role) {
        return Err(Failure::PermissionDenied);
    }
    let metadata = request.metadata();
    let call = Call {
        caller,
        request_id: RequestId(text(metadata, REQUEST_ID).unwrap_or_default().to_owned()),
        timeout: crate::layers::timeout_of(metadata.as_ref()),
    };
    Ok((call, request.into_inner()))
}

/// Who calls. A deactivated caller authenticates; see [`Caller::active`].
///
/// # Errors
/// [`Failure::Unauthenticated`] where there is no key or an unknown one,
/// [`Failure::PermissionDenied`] where somebody other than a gateway acts for another,
/// [`Failure::CallerInactive`] where a gateway acts for somebody unknown.
pub fn authenticate(core: &Core, metadata: &MetadataMap) -> Result<Caller, Failure> {
    let catalogue = core.catalogue();
    let key = bearer(metadata).ok_or(Failure::Unauthenticated)?;
    let own = catalogue
        .by_key
        .get(&key_hash(key))
        .and_then(|id| catalogue.callers.get(id));
    let own = own.ok_or(Failure::Unauthenticated)?;
    let own_active = own.active && own.caller.active;
    if metadata.get(ON_BEHALF_OF).is_none() {
        return Ok(Caller {
            active: own_active,
            ..own.caller.clone()
        });
    }
    if own.caller.role != Role::Gateway {
        return Err(Failure::PermissionDenied);
    }
    let target = text(metadata, ON_BEHALF_OF).and_then(|id| CallerId::parse(id).ok());
    let target = target
        .and_then(|id| catalogue.callers.get(&id))
        .ok_or(Failure::CallerInactive)?;
    if !target.caller.role.behind_a_gateway() {
        return Err(Failure::PermissionDenied);
    }
    Ok(Caller {
        active: own_active && target.active && target.caller.active,
        ..target.caller.clone()
    })
}

/// What is provisioned instead of a bearer key.
pub fn key_hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The key in `authorization: Bearer <key>`; the scheme in any case (RFC 9110).
fn bearer(metadata: &MetadataMap) -> Option<&str> {
    let (scheme, key) = text(metadata, "authorization")?.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !key.is_empty()).then_some(key)
}

/// A header that is there once, as text.
fn text<'a>(metadata: &'a MetadataMap, key: &str) -> Option<&'a str> {
    let mut values = metadata.get_all(key).iter();
    let first = values.next()?;
    if values.next().is_some() {
        None
    } else {
        first.to_str().ok()
    }
}
