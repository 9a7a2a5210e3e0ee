//! What travels beside the messages: the metadata keys of the contract, which protos can't hold.

/// Under which a gateway names the caller it acts for: `app/<id>`, `channel/<id>` or `network/<id>`.
pub const ON_BEHALF_OF: &str = "map-on-behalf-of";

/// Under which a gateway tells what that caller presented to authorise the call, as 64 lower-case hex digits.
/// It is bound to its first use.
pub const PROOF_DIGEST: &str = "map-proof-digest";

/// Under which a request is named, from the caller's own header to the logs and back in the answer.
pub const REQUEST_ID: &str = "x-request-id";

/// Whether a caller's request id is taken over: 1 to 64 letters, digits, `-`, `_` and `.`, which may go into a log
/// line as they are.
pub fn is_request_id(text: &str) -> bool {
    let harmless = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (1..=64).contains(&text.len()) && text.bytes().all(harmless)
}
