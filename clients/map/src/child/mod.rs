//! `map serve` as a process of its own, over a folder and keys made for it: what the demo and the
//! benchmark run, so that it can be killed and measured from outside.

mod keys;
mod place;
mod server;

pub(crate) use keys::Keys;
pub(crate) use place::{Place, quoted};
pub(crate) use server::{Server, http_get};
