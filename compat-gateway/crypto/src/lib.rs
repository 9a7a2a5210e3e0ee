//! The cryptography of the legacy contract, as pure functions over text and bytes.
//!
//! What it does:
//! - [`charset`]: the bytes of a signed text, UTF-8 or GBK.
//! - [`digest`]: the MD5 over sorted values (`orderMD5`, `app.signature`) and the text that `tsig` signs.
//! - [`triple_des`] and [`single_des`]: the encrypted fields (ID number, name, mobile number, payment code).
//! - [`pin_block`] and [`payment_code`]: the payment code as a POS terminal or an app sends it.
//! - [`signature`]: RSA keys, signing and verifying.
//!
//! What it deliberately does not do: read JSON, know endpoints or field lists, look at a clock (a
//! certificate's validity period is therefore not checked), draw random numbers of its own, or log. No value
//! of a secret, of a decrypted field or of a digest that grants access appears in `Debug` output or in an
//! error text.
//!
//! MD5, SHA-1, single DES and ECB are here because the interface documents of 2015 demand them, and for no
//! other use.

mod base64_text;
pub mod charset;
pub mod digest;
mod hex;
mod java_text;
mod padded_blocks;
pub mod payment_code;
pub mod pin_block;
pub mod signature;
pub mod single_des;
pub mod triple_des;

pub use charset::Charset;
pub use java_text::is_blank;
pub use padded_blocks::DecryptError;
