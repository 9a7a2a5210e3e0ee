//! What must never be printed, not even for debugging: fields with `debug_redact`. The implementations of
//! `Debug` are made by the build from the protos.

use std::fmt;

/// Whether there is something, but not what.
struct Hidden {
    empty: bool,
}

impl Hidden {
    const fn of(empty: bool) -> Self {
        Self { empty }
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.empty { "-" } else { "…" })
    }
}

include!(concat!(env!("OUT_DIR"), "/redact.rs"));
