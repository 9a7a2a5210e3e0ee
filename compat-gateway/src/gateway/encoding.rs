//! Whether a body is said to be encoded (compressed): such a body is not what stands in the documents.

use http::{HeaderMap, header::CONTENT_ENCODING};

/// What says that nothing is encoded. The charsets are what clients of the time put there, as in Apache's
/// `setContentEncoding("UTF-8")`; what the body is in is seen by reading it.
const NOTHING: [&str; 7] = ["", "identity", "utf-8", "utf8", "gbk", "gb2312", "gb18030"];

/// Whether these headers say that the body is encoded.
pub(super) fn is_encoded(headers: &HeaderMap) -> bool {
    let nothing = |coding: &str| {
        NOTHING
            .iter()
            .any(|word| word.eq_ignore_ascii_case(coding.trim()))
    };
    let mut values = headers.get_all(CONTENT_ENCODING).iter();
    !values.all(|value| value.to_str().is_ok_and(|list| list.split(',').all(nothing)))
}
