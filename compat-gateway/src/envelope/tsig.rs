//! The `tsig` object: orderMD5 over the payload, and an RSA signature over it.

use super::app::text;
use super::values::Fields;
use crate::contract::Digest;
use crate::directory::Caller;
use crate::json::Members;
use crate::pool::Pool;
use crate::refusal::Refusal;
use crate::settings::{BindSignatures, DigestList, TsigAlgorithm};
use map_legacy_crypto::digest::{Blank, sha256, tsig_text, value_sorted_md5};
use map_legacy_crypto::is_blank;
use std::borrow::Cow;

/// The members of `tsig`, all of them required.
pub(super) struct Tsig<'a> {
    order_md5: Cow<'a, str>,
    signature: Cow<'a, str>,
    pub(super) time_stamp: Cow<'a, str>,
    nonce: Cow<'a, str>,
}

/// A signature and the text that it should be over.
pub(super) struct Claim {
    text: String,
    signature: String,
}

impl<'a> Tsig<'a> {
    pub(super) fn read(members: &Members<'a>) -> Result<Self, Refusal> {
        let tsig = members.object("tsig").map_err(|()| Refusal::Malformed("tsig"))?;
        let tsig = tsig.ok_or(Refusal::Missing("tsig"))?;
        let required = |name: &'static str, shown: &'static str| {
            text(&tsig, name)?
                .filter(|text| !is_blank(text))
                .ok_or(Refusal::Missing(shown))
        };
        Ok(Self {
            order_md5: required("orderMD5", "tsig.orderMD5")?,
            signature: required("signature", "tsig.signature")?,
            time_stamp: required("timeStamp", "tsig.timeStamp")?,
            nonce: required("nonce", "tsig.nonce")?,
        })
    }

    /// Checks orderMD5 against the received payload.
    pub(super) fn claim(&self, fields: &Fields<'_>, caller: &Caller, app_id: &str) -> Result<Claim, Refusal> {
        let extended = caller.settings.digest == DigestList::Extended;
        let covered = fields.received().filter_map(|(field, text)| match field.digest {
            Digest::Documented => Some(Some(text)),
            Digest::Extended if extended => Some(Some(text)),
            Digest::Extended | Digest::None => None,
        });
        let digest = value_sorted_md5(covered, Blank::Skip, caller.charset());
        if !digest.matches(&self.order_md5) {
            return Err(Refusal::OrderDigest);
        }
        // Signed is the digest as the caller wrote it, of either case.
        let text = tsig_text(&self.order_md5, app_id, &self.time_stamp, &self.nonce);
        Ok(Claim {
            text,
            signature: self.signature.clone().into_owned(),
        })
    }
}

impl Claim {
    /// Verifies the signature. An app without an RSA key can't make such calls: an unkeyed digest never
    /// stands in for a signature.
    ///
    /// Gives the proof that the call comes with: a digest of the signed bytes, for there is no second way to
    /// write them; a signature has many, in base64.
    pub(super) async fn verify(
        &self,
        caller: &std::sync::Arc<Caller>,
        pool: &Pool,
    ) -> Result<Option<String>, Refusal> {
        let Some(key) = &caller.keys.rsa else {
            return Err(Refusal::Tsig);
        };
        let algorithm = caller.settings.tsig_algorithm;
        let message = caller.charset().encode(&self.text);
        let proof = match caller.settings.bind_signatures {
            BindSignatures::FirstUse => Some(sha256(&message)),
            BindSignatures::Off => None,
        };
        let verified = match algorithm {
            TsigAlgorithm::Sha1 | TsigAlgorithm::Sha256 => {
                key.verify(algorithm.into(), &message, &self.signature).is_ok()
            }
            TsigAlgorithm::Md5 => {
                let (caller, message) = (std::sync::Arc::clone(caller), message.into_owned());
                let signature = self.signature.clone();
                let verify = move || {
                    let key = caller.keys.rsa.as_ref();
                    key.is_some_and(|key| key.verify(algorithm.into(), &message, &signature).is_ok())
                };
                pool.run(verify).await.ok_or(Refusal::Unavailable)?
            }
        };
        if verified { Ok(proof) } else { Err(Refusal::Tsig) }
    }
}
