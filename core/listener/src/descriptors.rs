//! The last file descriptors that the process may have are not for connections: its files, a ledger's among them, need
//! some, whoever connects.

use rustix::process::{Resource, getrlimit};
use std::os::fd::AsRawFd;

/// So many at most are not for connections, and at most a quarter of all: a ledger has some dozens of files open.
const KEPT: u64 = 256;

/// Whether this connection has one of the last. The system gives the lowest that is free: all below are in use.
pub(super) fn is_one_of_the_last(connection: &impl AsRawFd) -> bool {
    let Some(most) = getrlimit(Resource::Nofile).current else {
        return false;
    };
    let for_connections = most.saturating_sub(KEPT.min(most / 4));
    u64::try_from(connection.as_raw_fd()).is_ok_and(|number| number >= for_connections)
}
