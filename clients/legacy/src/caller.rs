//! Who calls: an app with its keys, or a POS network with its PIN-block key.

use map_legacy_crypto::pin_block::PosKey;
use map_legacy_crypto::signature::{Algorithm, KeyStrength, PrivateKey};
use map_legacy_crypto::triple_des::{self, KeyMode};
use map_legacy_crypto::{Charset, single_des};
use zeroize::Zeroizing;

/// Why a POS network takes no key of an app.
const NO_APP: &str = "a POS network has no key of an app";

/// How payment codes are encrypted.
#[derive(Debug, Clone)]
pub enum PaymentCodeForm {
    /// A PIN block under this key.
    PinBlock(Box<PosKey>),
    /// DES/ECB under the app's key.
    Des,
}

/// A key can't be used. The text holds none of it.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct CallerError {
    what: &'static str,
    why: String,
}

/// Who calls, with keys parsed once.
#[derive(Clone)]
pub struct Caller {
    pub(crate) app: Option<App>,
    pub(crate) payment_code: Option<PaymentCodeForm>,
    pub(crate) charset: Charset,
    pub(crate) extended_digest: bool,
}

#[derive(Clone)]
pub(crate) struct App {
    pub id: String,
    pub key: Zeroizing<String>,
    pub triple_des: triple_des::Key,
    pub des: Option<single_des::Key>,
    pub rsa: Option<PrivateKey>,
    pub algorithm: Algorithm,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.app.as_ref().map_or("(network)", |app| app.id.as_str());
        f.debug_struct("Caller").field("id", &id).finish_non_exhaustive()
    }
}

fn refused(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> CallerError {
    move |why| CallerError {
        what,
        why: why.to_string(),
    }
}

impl Caller {
    /// A POS network. `posp_key`: 16 or 32 hex digits.
    ///
    /// # Errors
    /// The key can't be used.
    pub fn network(posp_key: &str) -> Result<Self, CallerError> {
        let form = PaymentCodeForm::PinBlock(Box::new(posp(posp_key)?));
        Ok(Self {
            app: None,
            payment_code: Some(form),
            charset: Charset::Utf8,
            extended_digest: false,
        })
    }

    /// A POS network whose calls carry no payment code in clear: without a key there is none to encrypt it with.
    pub const fn network_without_key() -> Self {
        Self {
            app: None,
            payment_code: None,
            charset: Charset::Utf8,
            extended_digest: false,
        }
    }

    /// An app. It can make calls with `tsig` once it has a private key.
    ///
    /// # Errors
    /// The key is empty.
    pub fn app(id: impl Into<String>, key: impl Into<String>) -> Result<Self, CallerError> {
        let key = Zeroizing::new(key.into());
        let triple_des = triple_des::Key::from_text(&key).map_err(|why| refused("app key")(&why))?;
        let des = single_des::Key::from_text(&key).ok();
        let app = App {
            id: id.into(),
            key,
            triple_des,
            des,
            rsa: None,
            algorithm: Algorithm::default(),
        };
        Ok(Self {
            app: Some(app),
            payment_code: None,
            charset: Charset::Utf8,
            extended_digest: false,
        })
    }

    /// Makes the 3DES key of the app's key in this way, where the app's settings say so.
    ///
    /// # Errors
    /// The key has another length, or this is no app.
    pub fn triple_des_key(mut self, mode: KeyMode) -> Result<Self, CallerError> {
        let what = "app key";
        let app = self.app.as_mut().ok_or_else(|| refused(what)(&NO_APP))?;
        app.triple_des = triple_des::Key::with_mode(&app.key, mode).map_err(|why| refused(what)(&why))?;
        Ok(self)
    }

    /// Signs `tsig` with this key: PKCS#8 or PKCS#1, PEM or bare base64, 1024 bits and more.
    ///
    /// # Errors
    /// The key can't be used, or this is no app.
    pub fn private_key(mut self, text: &str, algorithm: Algorithm) -> Result<Self, CallerError> {
        let what = "private key";
        let app = self.app.as_mut().ok_or_else(|| refused(what)(&NO_APP))?;
        let key = PrivateKey::parse(text, KeyStrength::Legacy1024).map_err(|why| refused(what)(&why))?;
        app.rsa = Some(key);
        app.algorithm = algorithm;
        Ok(self)
    }

    /// Encrypts payment codes as PIN blocks under this key, 16 or 32 hex digits.
    ///
    /// # Errors
    /// The key can't be used.
    pub fn pin_blocks(mut self, posp_key: &str) -> Result<Self, CallerError> {
        self.payment_code = Some(PaymentCodeForm::PinBlock(Box::new(posp(posp_key)?)));
        Ok(self)
    }

    /// Encrypts payment codes with DES under the app's key.
    pub fn des(mut self) -> Self {
        self.payment_code = Some(PaymentCodeForm::Des);
        self
    }

    /// Signs over bytes of this charset.
    pub fn charset(mut self, charset: Charset) -> Self {
        self.charset = charset;
        self
    }

    /// Covers the extended list of fields with orderMD5.
    pub fn extended_digest(mut self) -> Self {
        self.extended_digest = true;
        self
    }
}

fn posp(text: &str) -> Result<PosKey, CallerError> {
    PosKey::from_hex(text).map_err(|why| refused("POSP key")(&why))
}
