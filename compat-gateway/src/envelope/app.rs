//! The `app` object: who calls, and the digest that proves it.

use crate::contract::Credential;
use crate::directory::Caller;
use crate::json::{Members, Scalar};
use crate::refusal::Refusal;
use crate::settings::AppSignature;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use map_legacy_crypto::digest::app_signature;
use map_legacy_crypto::is_blank;
use std::borrow::Cow;

/// The members of `app`. What is absent is empty: the digest skips both alike.
pub(super) struct App<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) time_stamp: Cow<'a, str>,
    nonce: Cow<'a, str>,
    signature: Option<Cow<'a, str>>,
}

impl<'a> App<'a> {
    pub(super) fn read(members: &Members<'a>) -> Result<Self, Refusal> {
        let app = members.object("app").map_err(|()| Refusal::Malformed("app"))?;
        let app = app.ok_or(Refusal::Missing("app"))?;
        let id = text(&app, "appId")?
            .filter(|id| !is_blank(id))
            .ok_or(Refusal::Missing("appId"))?;
        Ok(Self {
            id,
            time_stamp: text(&app, "timeStamp")?.unwrap_or_default(),
            nonce: text(&app, "nonce")?.unwrap_or_default(),
            signature: text(&app, "signature")?.filter(|signature| !is_blank(signature)),
        })
    }

    /// Verifies the signature: always where it is the only credential, else where it is present, unless
    /// the app's setting says that it is junk.
    pub(super) fn verify(&self, caller: &Caller, credential: Credential) -> Result<(), Refusal> {
        let only = credential == Credential::App;
        if !only && caller.settings.app_signature == AppSignature::Ignore {
            return Ok(());
        }
        let received = match (&self.signature, only) {
            (Some(received), _) => received,
            (None, true) => return Err(Refusal::Missing("signature")),
            (None, false) => return Ok(()),
        };
        let key = caller.settings.app_key.as_ref().ok_or(Refusal::CallerUnknown)?;
        let digest = app_signature(
            &self.id,
            key.expose(),
            &self.nonce,
            &self.time_stamp,
            caller.charset(),
        );
        if digest.matches(received) {
            Ok(())
        } else {
            Err(Refusal::AppSignature)
        }
    }
}

/// A text or number member; the digest is over its received text.
pub(super) fn text<'a>(members: &Members<'a>, name: &'static str) -> Result<Option<Cow<'a, str>>, Refusal> {
    match members.scalar(name) {
        Scalar::Absent => Ok(None),
        Scalar::Text(text) => Ok(Some(text)),
        Scalar::Number(lexeme) => Ok(Some(Cow::Borrowed(lexeme))),
        Scalar::Other => Err(Refusal::Malformed(name)),
    }
}

/// A time stamp in one of the forms that occur: epoch seconds or milliseconds, `yyyyMMddHHmmss`,
/// `yyyy-MM-dd HH:mm:ss`; the last two in Asia/Shanghai.
pub(super) fn unix_seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match (digits, text.len()) {
        (true, 10) => text.parse().ok(),
        (true, 13) => text.get(..10)?.parse().ok(),
        (true, 14) => local("%Y%m%d%H%M%S", text),
        (false, 19) => local("%Y-%m-%d %H:%M:%S", text),
        (_, _) => None,
    }
}

fn local(format: &str, text: &str) -> Option<i64> {
    let local = DateTime::strptime(format, text).ok()?;
    Offset::constant(8)
        .to_timestamp(local)
        .ok()
        .map(|time| time.as_second())
}

#[cfg(test)]
mod tests {
    #[test]
    fn time_stamps_are_read_in_four_forms() {
        for (text, seconds) in [
            ("1420171920", Some(1_420_171_920)),
            ("1420171920999", Some(1_420_171_920)),
            ("20150102121200", Some(1_420_171_920)),
            ("2015-01-02 12:12:00", Some(1_420_171_920)),
            ("2015-13-02 12:12:00", None),
            ("TIMESTAMP", None),
            ("", None),
        ] {
            assert_eq!(super::unix_seconds(text), seconds, "{text}");
        }
    }
}
