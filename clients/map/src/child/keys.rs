//! Keys of callers that exist for one folder only.

use crate::runtime::{bearer_key, random_hex};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// Keys of an app and an operator, made for one folder.
#[derive(Serialize, Deserialize)]
pub(crate) struct Keys {
    pub(crate) app_bearer: String,
    pub(crate) operator_bearer: String,
    pub(crate) app_key: String,
    pub(crate) posp_key: String,
    /// PKCS#8 PEM.
    pub(crate) rsa_private: String,
    /// SPKI PEM.
    pub(crate) rsa_public: String,
}

impl Keys {
    pub(crate) fn make() -> Result<Self, aws_lc_rs::error::Unspecified> {
        let rsa = KeyPair::generate(KeySize::Rsa2048)?;
        let private: Pkcs8V1Der<'_> = rsa.as_der()?;
        let public: PublicKeyX509Der<'_> = rsa.public_key().as_der()?;
        Ok(Self {
            app_bearer: bearer_key(),
            operator_bearer: bearer_key(),
            app_key: random_hex(12),
            posp_key: random_hex(16).to_uppercase(),
            rsa_private: pem("PRIVATE KEY", private.as_ref()),
            rsa_public: pem("PUBLIC KEY", public.as_ref()),
        })
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at_checked(64).unwrap_or((rest, ""));
        lines.push(line.to_owned());
        rest = after;
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}
