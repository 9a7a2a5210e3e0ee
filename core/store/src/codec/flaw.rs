//! What is wrong with a message.

/// The field that can't be what was written, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(
    unreachable_pub,
    reason = "the error type of trait impls on generated, public messages"
)]
pub struct Flaw(pub(super) &'static str);
