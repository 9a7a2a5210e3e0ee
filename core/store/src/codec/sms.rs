//! The header of a mobile number's partition of SMS codes.

use super::{Flaw, fixed, id, list, required, time, wire};
use map_domain::sms::{SmsCode, SmsState};
use map_domain::{CallerId, CodeDigest};

super::body!(SmsState, wire::SmsState, "SMS state");

impl From<&SmsState> for wire::SmsState {
    fn from(state: &SmsState) -> Self {
        Self {
            sent_ms: state.sent.iter().map(|at| at.as_millis()).collect(),
            codes: state.codes.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::SmsState> for SmsState {
    type Error = Flaw;

    fn try_from(state: wire::SmsState) -> Result<Self, Flaw> {
        Ok(Self {
            sent: state.sent_ms.into_iter().map(time).collect(),
            codes: list(state.codes)?,
        })
    }
}

impl From<&SmsCode> for wire::SmsCode {
    fn from(code: &SmsCode) -> Self {
        Self {
            digest: code.digest.0.to_vec(),
            caller: code.caller.to_string(),
            request: Some((&code.request).into()),
            sent_at_ms: code.sent_at.as_millis(),
            tries: code.tries,
            used_by: code.used_by.as_ref().map(Into::into),
            handed_over: code.handed_over,
        }
    }
}

impl TryFrom<wire::SmsCode> for SmsCode {
    type Error = Flaw;

    fn try_from(code: wire::SmsCode) -> Result<Self, Flaw> {
        Ok(Self {
            digest: CodeDigest(fixed("code.digest", &code.digest)?),
            caller: id("code.caller", &code.caller, CallerId::parse)?,
            request: required("code.request", code.request)?,
            sent_at: time(code.sent_at_ms),
            tries: code.tries,
            used_by: code.used_by.map(TryInto::try_into).transpose()?,
            handed_over: code.handed_over,
        })
    }
}
