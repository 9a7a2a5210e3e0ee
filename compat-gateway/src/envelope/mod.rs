//! Opens a request in the documented order: strict JSON, the caller and its `app.signature`, required
//! fields, orderMD5, tsig, decryption. Each step can only refuse; nothing is remembered.
//!
//! What it does not do: read values (codecs do), or anything that waits, but for `Sealed::verify`.

mod app;
mod tsig;
mod values;

pub(crate) use values::{Opened, Value, Values};

use crate::clock::Clock;
use crate::contract::{self, Credential, Effect, Endpoint};
use crate::directory::{Caller, Directory, Found};
use crate::json::Members;
use crate::pool::Pool;
use crate::refusal::Refusal;
use std::net::IpAddr;
use std::sync::Arc;
use values::Fields;

/// What a request comes with besides its body.
pub(crate) struct Context<'a> {
    pub directory: &'a Directory,
    pub clock: &'a dyn Clock,
    /// The POS network of the listener.
    pub network: Option<&'a str>,
    pub peer: IpAddr,
    pub max_depth: usize,
}

/// A refusal, with as much as was known by then.
pub(crate) struct Refused {
    pub refusal: Refusal,
    pub endpoint: Option<&'static Endpoint>,
    pub caller: Option<Arc<Caller>>,
}

/// An envelope that is open but for its RSA signature and the encryption of its fields.
pub(crate) struct Sealed<'a> {
    pub endpoint: &'static Endpoint,
    pub caller: Arc<Caller>,
    fields: Fields<'a>,
    tsig: Option<tsig::Claim>,
}

/// Opens a body for one of the endpoints of its path.
pub(crate) fn open<'a>(
    candidates: &[&'static Endpoint],
    body: &'a [u8],
    context: &Context<'_>,
) -> Result<Sealed<'a>, Refused> {
    let mut known = Refused {
        refusal: Refusal::NotJson,
        endpoint: contract::choose(candidates, |_| false),
        caller: None,
    };
    match opened(candidates, body, context, &mut known) {
        Ok(sealed) => Ok(sealed),
        Err(refusal) => Err(Refused { refusal, ..known }),
    }
}

fn opened<'a>(
    candidates: &[&'static Endpoint],
    body: &'a [u8],
    context: &Context<'_>,
    known: &mut Refused,
) -> Result<Sealed<'a>, Refusal> {
    let text = std::str::from_utf8(body).map_err(|_| Refusal::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let members = Members::parse(text, context.max_depth)?;
    let endpoint = contract::choose(candidates, |key| members.has(key)).ok_or(Refusal::UnknownPath)?;
    known.endpoint = Some(endpoint);

    let app = match endpoint.credential {
        Credential::Network => None,
        Credential::App | Credential::AppTsig => Some(app::App::read(&members)?),
    };
    let caller = caller(app.as_ref(), endpoint.effect, context)?;
    known.caller = Some(Arc::clone(&caller));
    if !caller.allows(context.peer) {
        return Err(Refusal::AddressRefused);
    }
    if let Some(app) = &app {
        app.verify(&caller, endpoint.credential)?;
    }

    let fields = Fields::read(endpoint, &members)?;
    let mut claim = None;
    if let (Credential::AppTsig, Some(app)) = (endpoint.credential, &app) {
        let read = tsig::Tsig::read(&members)?;
        claim = Some(read.claim(&fields, &caller, &app.id)?);
        fresh(endpoint, &read.time_stamp, &caller, context.clock)?;
    } else if let Some(app) = &app {
        fresh(endpoint, &app.time_stamp, &caller, context.clock)?;
    }
    Ok(Sealed {
        endpoint,
        caller,
        fields,
        tsig: claim,
    })
}

/// Who calls. Deactivation never refuses a call that gives money back (decision 17). Others of a deactivated
/// caller are told no as those of an unknown one are (decision 16), the repeat of a payment that was
/// made before included: whoever deactivates an app accepts that.
fn caller(app: Option<&app::App<'_>>, effect: Effect, context: &Context<'_>) -> Result<Arc<Caller>, Refusal> {
    let (found, nobody) = match (app, context.network) {
        (Some(app), _) => (context.directory.app(&app.id), Refusal::CallerUnknown),
        (None, Some(network)) => (context.directory.network(network), Refusal::NoNetwork),
        (None, None) => return Err(Refusal::NoNetwork),
    };
    match found {
        Found::Active(caller) => Ok(caller),
        Found::Inactive(caller) if effect == Effect::GiveBack => Ok(caller),
        Found::Inactive(_) | Found::Nobody => Err(nobody),
        Found::Broken => Err(Refusal::Unavailable),
    }
}

/// The freshness window, which never refuses a call that gives money back.
fn fresh(endpoint: &Endpoint, time_stamp: &str, caller: &Caller, clock: &dyn Clock) -> Result<(), Refusal> {
    let window = i64::from(caller.settings.freshness_window_s);
    if window == 0 || endpoint.effect == Effect::GiveBack {
        return Ok(());
    }
    let age = app::unix_seconds(time_stamp).and_then(|at| clock.unix_seconds().checked_sub(at));
    match age {
        Some(age) if age.checked_abs().is_some_and(|age| age <= window) => Ok(()),
        Some(_) | None => Err(Refusal::NotFresh),
    }
}

impl<'a> Sealed<'a> {
    /// Verifies `tsig.signature`, where there is one. Gives what the call is bound to by it: 64 hex digits.
    pub(crate) async fn verify(&self, pool: &Pool) -> Result<Option<String>, Refusal> {
        match &self.tsig {
            Some(claim) => claim.verify(&self.caller, pool).await,
            None => Ok(None),
        }
    }

    /// Takes the encryption off.
    pub(crate) fn decrypt(self) -> Result<Values<'a>, Refusal> {
        self.fields.decrypt(self.caller)
    }
}
