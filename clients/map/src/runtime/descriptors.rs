//! File descriptors: a connection takes one. The system starts a process with few, for programs that can't bear more,
//! and lets it have many.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Takes as many as the system lets this process have.
pub(super) fn take_all() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit {
        current: limit.maximum,
        ..limit
    };
    if let Err(error) = setrlimit(Resource::Nofile, all) {
        tracing::warn!(%error, most = limit.current, "no more file descriptors are to be had");
    }
}
