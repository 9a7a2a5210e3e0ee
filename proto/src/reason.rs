//! Reasons as `google.rpc.ErrorInfo` carries them.

use crate::common::v1::ErrorReason;

/// The domain of every `ErrorInfo` of the contract.
pub const ERROR_DOMAIN: &str = "map";

/// What the proto's style puts before each value, and `ErrorInfo` leaves out.
const PREFIX: &str = "ERROR_REASON_";

impl ErrorReason {
    /// Its name in `ErrorInfo`, such as `INSUFFICIENT_BALANCE`.
    pub fn name(self) -> &'static str {
        let name = self.as_str_name();
        name.strip_prefix(PREFIX).unwrap_or(name)
    }

    /// The reason of this name; `None`: a later version's, or nobody's.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::from_str_name(&format!("{PREFIX}{name}"))
    }
}
