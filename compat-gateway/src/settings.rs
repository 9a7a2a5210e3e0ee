//! What callers set for the gateway: the JSON in a caller's `edge_settings_json`, which the core stores
//! without reading it.

mod check;

pub use check::{EdgeError, validate_edge_settings};

use crate::secret::Secret;
use check::expected;
use ipnet::IpNet;
use map_legacy_crypto::pin_block::PosKey;
use map_legacy_crypto::signature::{Algorithm, KeyStrength, PublicKey};
use map_legacy_crypto::{Charset, single_des, triple_des};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Settings of one app, channel or POS network. Every key may be left out; unknown ones are refused.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EdgeSettings {
    /// Apps and channels: the shared key of `app.signature` and 3DES. Without it an app can't use the
    /// legacy calls.
    #[schemars(with = "Option<String>")]
    pub app_key: Option<Secret>,
    /// Apps: the RSA public key of `tsig`, as SPKI, PKCS#1 or X.509 certificate,
    /// each as PEM or bare base64.
    pub rsa_public_key: Option<String>,
    /// Apps: the algorithm of `tsig`. Default `sha1`.
    pub tsig_algorithm: TsigAlgorithm,
    /// Apps: accept an RSA key of 1024 bits and more instead of 2048. Default false.
    pub legacy_key: bool,
    /// Apps: charset of the bytes that digests and signatures are over. Default `utf8`.
    pub charset: CharsetName,
    /// Apps: which fields orderMD5 covers. Default `documented`.
    pub digest: DigestList,
    /// Apps: whether a present `app.signature` is verified on calls that carry `tsig`. Default `verify`.
    /// Where it is the only credential it is always verified.
    pub app_signature: AppSignature,
    /// Apps: whether a `tsig` is good for one request only. Default `first_use`: what was signed is bound to
    /// what it was first used for; repeats of that pass, whatever else it is sent for is refused. With `off`,
    /// who reads along can send a signed call again with values exchanged between fields.
    pub bind_signatures: BindSignatures,
    /// Apps: how far a time stamp may be from now, in seconds; 0, the default: any. Outside of it a read is
    /// refused, and a call that changes something, or asks what became of a change, gets no answer: the
    /// same bytes may have succeeded before, or may later. Never applies to `pay_undo` and `pay_cancel`.
    pub freshness_window_s: u32,
    /// Apps and channels: how the 3DES key is made of `app_key`. Default `zero_padded`.
    pub triple_des_key: TripleDesKey,
    /// How payment codes are encrypted. Default `pin_block` under `posp_key`; `des` is DES/ECB under the
    /// app's key.
    pub payment_code: PaymentCodeMode,
    /// The key of PIN blocks, 16 or 32 hex digits. An app without one uses that of the only POS network it
    /// acts for.
    #[schemars(with = "Option<String>")]
    pub posp_key: Option<Secret>,
    /// Whose number is in a PIN block: the owner's mobile number, or also the card number of `consumerId`
    /// where a card pays. Default `mobile`.
    pub pin_account: PinAccount,
    /// Source addresses that may call for it, as CIDR ranges; empty, the default: any.
    #[schemars(with = "Vec<String>")]
    pub addresses: Vec<IpNet>,
    /// Whether failures carry the documented errcode or one for each reason. Default `plain`.
    pub errcodes: Errcodes,
    /// What a call with an unknown outcome gets. Default `close`: the connection closes without an answer.
    pub unknown_answer: UnknownAnswer,
    /// What an undo gets that found no payment and closed the key. Default `failure`, the documented one;
    /// `success` is for networks that resend a failure for ever.
    pub undo_unknown: UndoUnknown,
    /// Whether the check digit of 18-character ID numbers is verified. Default false.
    pub id_check_digit: bool,
}

macro_rules! choices {
    ($($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident),* $(,)? })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant),* }
    )*};
}

choices! {
    /// The algorithm of `tsig`.
    TsigAlgorithm {
        /// SHA1withRSA.
        #[default]
        Sha1,
        /// SHA256withRSA.
        Sha256,
        /// MD5withRSA.
        Md5,
    }
    /// The charset of signed text.
    CharsetName {
        /// UTF-8.
        #[default]
        Utf8,
        /// GBK.
        Gbk,
    }
    /// Which fields orderMD5 covers.
    DigestList {
        /// The documented list.
        #[default]
        Documented,
        /// Also what the documented list leaves unprotected.
        Extended,
    }
    /// What becomes of an `app.signature` beside a `tsig`.
    AppSignature {
        /// Verified where present.
        #[default]
        Verify,
        /// Not looked at.
        Ignore,
    }
    /// How a 3DES key is made of an `app_key` that has not just 24 bytes.
    TripleDesKey {
        /// Padded with zero bytes, or cut: what the documents' apps do.
        #[default]
        ZeroPadded,
        /// 16 bytes as `K1 K2 K1`, 8 as `K1 K1 K1`, as .NET and PHP make it; more than 24 are cut, other
        /// lengths refused.
        TwoKey,
        /// Java's `DESedeKeySpec`: the first 24 bytes; fewer are refused.
        KeySpec,
    }
    /// Whether a `tsig` is good for one request only.
    BindSignatures {
        /// For what it was first used for.
        #[default]
        FirstUse,
        /// For whatever has its digest.
        Off,
    }
    /// How payment codes are encrypted.
    PaymentCodeMode {
        /// A PIN block under the POSP key.
        #[default]
        PinBlock,
        /// DES under the app's key.
        Des,
    }
    /// Whose number is in a PIN block.
    PinAccount {
        /// The owner's mobile number.
        #[default]
        Mobile,
        /// That, or the number of the card that pays; both tries are one attempt.
        MobileOrCard,
    }
    /// Which errcodes failures carry.
    Errcodes {
        /// The documented one.
        #[default]
        Plain,
        /// 20000 + the canonical reason's number; 21000 and more for the gateway's own.
        Detailed,
    }
    /// What a call with an unknown outcome gets.
    UnknownAnswer {
        /// The connection closes without an answer.
        #[default]
        Close,
        /// HTTP 503 without a body.
        #[serde(rename = "http_503")]
        Http503,
    }
    /// What an undo of an unknown payment gets.
    UndoUnknown {
        /// The documented failure.
        #[default]
        Failure,
        /// The documented success, with what is known.
        Success,
    }
}

impl From<CharsetName> for Charset {
    fn from(name: CharsetName) -> Self {
        match name {
            CharsetName::Utf8 => Self::Utf8,
            CharsetName::Gbk => Self::Gbk,
        }
    }
}

impl From<TripleDesKey> for triple_des::KeyMode {
    fn from(name: TripleDesKey) -> Self {
        match name {
            TripleDesKey::ZeroPadded => Self::ZeroPadded,
            TripleDesKey::TwoKey => Self::TwoKey,
            TripleDesKey::KeySpec => Self::KeySpec,
        }
    }
}

impl From<TsigAlgorithm> for Algorithm {
    fn from(name: TsigAlgorithm) -> Self {
        match name {
            TsigAlgorithm::Sha1 => Self::Sha1WithRsa,
            TsigAlgorithm::Sha256 => Self::Sha256WithRsa,
            TsigAlgorithm::Md5 => Self::Md5WithRsa,
        }
    }
}

/// The keys of a caller, parsed once.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    pub triple_des: Option<triple_des::Key>,
    pub des: Option<single_des::Key>,
    pub rsa: Option<PublicKey>,
    pub posp: Option<PosKey>,
}

impl EdgeSettings {
    /// Reads the JSON; empty text is all defaults.
    ///
    /// # Errors
    /// Every setting that can't be read.
    pub fn parse(json: &str) -> Result<Self, Vec<EdgeError>> {
        match Self::read(json) {
            (settings, errors) if errors.is_empty() => Ok(settings),
            (_, errors) => Err(errors),
        }
    }

    /// Whether there is a key in them that vouches for somebody: who reads it can call in that one's name, or read
    /// payment codes.
    pub const fn hold_secrets(&self) -> bool {
        self.app_key.is_some() || self.posp_key.is_some()
    }

    /// What can be read, and what can't.
    fn read(json: &str) -> (Self, Vec<EdgeError>) {
        let whole = |problem: &str| (Self::default(), vec![EdgeError::of("", problem)]);
        if json.trim().is_empty() {
            return (Self::default(), Vec::new());
        }
        // serde would also take an array for a struct.
        if !json.trim_start().starts_with('{') {
            return whole("must be a JSON object");
        }
        if let Ok(settings) = serde_json::from_str(json) {
            return (settings, Vec::new());
        }
        // serde stops at the first error: each setting by itself.
        let Ok(all) = serde_json::from_str::<Map<String, Value>>(json) else {
            return whole("must be a JSON object");
        };
        let (mut good, mut errors) = (Map::new(), Vec::new());
        for (setting, value) in all {
            let alone = Map::from_iter([(setting.clone(), value.clone())]);
            match Self::deserialize(Value::Object(alone)) {
                Ok(_) => drop(good.insert(setting, value)),
                Err(error) => errors.push(EdgeError::of(&setting, expected(&error))),
            }
        }
        if errors.is_empty() {
            return whole("a setting stands there twice");
        }
        (Self::deserialize(Value::Object(good)).unwrap_or_default(), errors)
    }

    /// Parses the keys.
    pub(crate) fn keys(&self) -> Result<Keys, Vec<EdgeError>> {
        let (mut keys, mut errors) = (Keys::default(), Vec::new());
        let mut refused = |setting: &str, problem: &dyn std::fmt::Display| {
            errors.push(EdgeError::of(setting, problem));
        };
        if let Some(app_key) = &self.app_key {
            let text = app_key.expose();
            keys.des = single_des::Key::from_text(text).ok();
            match triple_des::Key::with_mode(text, self.triple_des_key.into()) {
                Ok(key) => keys.triple_des = Some(key),
                Err(error) => refused("app_key", &error),
            }
            if keys.des.is_none() && self.payment_code == PaymentCodeMode::Des {
                refused("app_key", &"payment_code = \"des\" needs 8 bytes or more");
            }
        }
        if let Some(text) = &self.rsa_public_key {
            let strength = if self.legacy_key {
                KeyStrength::Legacy1024
            } else {
                KeyStrength::Standard
            };
            match PublicKey::parse(text, strength) {
                Ok(key) => keys.rsa = Some(key),
                Err(error) => refused("rsa_public_key", &error),
            }
        }
        if let Some(posp_key) = &self.posp_key {
            match PosKey::from_hex(posp_key.expose()) {
                Ok(key) => keys.posp = Some(key),
                Err(error) => refused("posp_key", &error),
            }
        }
        if errors.is_empty() { Ok(keys) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let settings =
            EdgeSettings::parse(r#"{"app_key":"topsecret","posp_key":"0123456789abcdef"}"#).unwrap();
        let printed = format!("{settings:?} {}", serde_json::to_string(&settings).unwrap());
        assert!(
            !printed.contains("topsecret") && !printed.contains("0123456789abcdef"),
            "{printed}"
        );
    }
}
