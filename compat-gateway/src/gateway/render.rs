//! Puts an outcome into bytes: the documented success or failure, or no answer at all.

use super::Outcome;
use crate::answer::{Object, Printed};
use crate::call::CallError;
use crate::contract::{Echo, Endpoint};
use crate::directory::Caller;
use crate::listener::NoAnswer;
use crate::refusal::Refusal;
use crate::settings::{Errcodes, UnknownAnswer};
use crate::texts;
use http::{HeaderValue, Response, StatusCode, header};
use map_proto::common::v1::ErrorReason;

/// Where a request without an endpoint gets the beginning of its errmsg.
const GENERAL_FAILURE: &str = "请求失败";
const GENERAL_ERRCODE: i32 = 10_000;

/// A response, and what is told about it.
pub(super) struct Rendered {
    pub response: Response<String>,
    /// None: no answer.
    pub errcode: Option<i32>,
    pub result: String,
}

/// A failure that may be told.
struct Failure {
    text: String,
    detailed: i32,
    name: String,
}

/// Renders an outcome; `body` is what was received, where it was read and kept.
pub(super) fn outcome(outcome: &Outcome, body: Option<&[u8]>, unknown: UnknownAnswer) -> Rendered {
    let Outcome {
        endpoint,
        caller,
        result,
    } = outcome;
    let caller = caller.as_deref();
    let binding = endpoint.is_some_and(|endpoint| endpoint.effect.is_binding());
    match (result, endpoint) {
        (Ok(object), Some(endpoint)) => success(endpoint, object, body),
        (Ok(_), None) => no_answer(caller, unknown, "no endpoint"),
        (Err(error), _) => match told(error, *endpoint, binding) {
            Ok(failure) => failed(*endpoint, caller, &failure, body),
            Err(why) => no_answer(caller, unknown, &why),
        },
    }
}

/// The failure to be told, or why nothing may be.
fn told(error: &CallError, endpoint: Option<&Endpoint>, binding: bool) -> Result<Failure, String> {
    let busy = |name: String| Failure {
        text: Refusal::Busy.text(),
        detailed: Refusal::Busy.code(),
        name,
    };
    match error {
        CallError::Refused(refusal) if binding && refusal.is_passing() => Err(refusal.name().to_owned()),
        CallError::Refused(refusal) => Ok(Failure {
            text: refusal.text(),
            detailed: refusal.code(),
            name: refusal.name().to_owned(),
        }),
        CallError::Declined { reason, field } => Ok(Failure {
            text: endpoint.map_or_else(String::new, |endpoint| {
                texts::text(endpoint, *reason, field.as_deref())
            }),
            detailed: texts::code(*reason),
            name: name(*reason),
        }),
        CallError::Unknown { code, reason } => {
            let name = reason.map_or_else(|| format!("{code:?}"), name);
            if binding { Err(name) } else { Ok(busy(name)) }
        }
        CallError::Defect(defect) => {
            tracing::error!(%defect, "an answer of the core can't be printed");
            if binding {
                Err(defect.to_string())
            } else {
                Ok(busy(defect.to_string()))
            }
        }
    }
}

fn name(reason: ErrorReason) -> String {
    reason.name().to_ascii_lowercase()
}

fn success(endpoint: &Endpoint, object: &Object, body: Option<&[u8]>) -> Rendered {
    let mut out = Object::new();
    out.put("errcode", Printed::Number(0));
    out.put("errmsg", Printed::text(endpoint.success));
    out.append(object);
    if endpoint.echo != Echo::Never {
        echo(&mut out, body);
    }
    Rendered {
        response: json(out),
        errcode: Some(0),
        result: "ok".to_owned(),
    }
}

fn failed(
    endpoint: Option<&Endpoint>,
    caller: Option<&Caller>,
    failure: &Failure,
    body: Option<&[u8]>,
) -> Rendered {
    let detailed = caller.is_some_and(|caller| caller.settings.errcodes == Errcodes::Detailed);
    let plain = endpoint.map_or(GENERAL_ERRCODE, |endpoint| endpoint.errcode);
    let errcode = if detailed { failure.detailed } else { plain };
    let prefix = endpoint.map_or(GENERAL_FAILURE, |endpoint| endpoint.failure);
    let mut out = Object::new();
    out.put("errcode", Printed::Number(i64::from(errcode)));
    out.put("errmsg", Printed::text(&format!("{prefix}，{}", failure.text)));
    // Without an endpoint a body was kept only to be repeated.
    if endpoint.is_none_or(|endpoint| endpoint.echo == Echo::Always) {
        echo(&mut out, body);
    }
    Rendered {
        response: json(out),
        errcode: Some(errcode),
        result: failure.name.clone(),
    }
}

/// The received body as a string; a body that is not text, or was not kept, has no echo.
fn echo(out: &mut Object, body: Option<&[u8]>) {
    if let Some(Ok(text)) = body.map(std::str::from_utf8) {
        out.put("request", Printed::text(text));
    }
}

fn no_answer(caller: Option<&Caller>, unknown: UnknownAnswer, why: &str) -> Rendered {
    let mut response = Response::new(String::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    match caller.map_or(unknown, |caller| caller.settings.unknown_answer) {
        UnknownAnswer::Close => {
            response.extensions_mut().insert(NoAnswer);
        }
        UnknownAnswer::Http503 => {}
    }
    Rendered {
        response,
        errcode: None,
        result: why.to_owned(),
    }
}

fn json(out: Object) -> Response<String> {
    let mut response = Response::new(out.close());
    let json = HeaderValue::from_static("application/json; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
