//! One test for each sentence of decisions 17 to 22 (and of 16, 24 to 27 where they can be seen from
//! outside), named for the rule. `tests/README.md` has the table.

mod callers;
mod cancel;
mod cards;
mod deactivation;
mod declines;
mod doors;
mod identity;
mod keys;
mod signatures;
mod undo;
mod windows;

use crate::harness::{Server, Setup, Shared};
use std::sync::Arc;

/// The server that most tests of this module share; each has customers, keys and terminals of its own.
fn server() -> Arc<Server> {
    static SERVER: Shared<Server> = Shared::new();
    SERVER.get(|| Server::start(Setup::default()))
}
