//! How values are read from requests and printed in answers: one file for each codec, named as in the
//! facade protos.

pub(crate) mod account_number;
pub(crate) mod account_status;
pub(crate) mod consumer;
pub(crate) mod count;
pub(crate) mod end_time;
pub(crate) mod fen;
pub(crate) mod id_number;
pub(crate) mod mobile;
pub(crate) mod payment_code;
pub(crate) mod payment_code_md5;
pub(crate) mod price;
pub(crate) mod text;
pub(crate) mod time;

/// Whether a text is that many ASCII digits.
fn digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
}
