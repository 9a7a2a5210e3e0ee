//! Starts the parts, watches them, and stops them in order.

mod admin;
mod descriptors;
mod ending;
mod exposure;
mod keys;
mod ledger;
mod private;
mod provision;
mod ready;
mod ready_file;
mod serving;
mod signals;
mod start;
mod store_metrics;

pub(crate) use ending::Ending;
pub(crate) use keys::{bearer_key, random_hex, sha256_hex};
pub(crate) use ledger::{blocking, close as close_store, open as open_store, open_existing, wants_space};
pub(crate) use private::{warn_of_configuration, warn_of_key, warn_of_provisioning};
pub(crate) use ready::Ready;
pub(crate) use ready_file::ReadyFile;
pub(crate) use signals::Signals;
pub(crate) use start::{Parts, run};
