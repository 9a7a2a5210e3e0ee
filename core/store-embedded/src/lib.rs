//! The default store of MAP: embedded, durable, in one folder, on fjall.
//!
//! One writer thread takes all commits that wait, checks each against the state and against
//! those before it in the group, writes the group as one batch with one sync, and only then
//! answers. So a sync, which is what a durable commit costs, is shared by all who wait for it.
//!
//! Reads run in the caller's task, from one snapshot each: they come from memory or cache in
//! microseconds, less than a hop to another thread costs. Bulk scans do the same in pages that
//! are bounded here, so that none holds a runtime thread for long.
//!
//! After a failed write the outcome of that group is unknown, commits are refused as not
//! applied, reads go on, and the store reopens itself with back-off until the disk is well.
//!
//! What this crate does not do: know what a row means, read a clock, draw a random number (the
//! store's identifier comes in through [`Options`]), or talk to a network.

mod backend;
mod bulk;
mod cell;
mod engine;
mod error;
mod folder;
mod group;
mod layout;
mod lock;
mod manifest;
mod open;
mod options;
mod read;
mod seam;
mod slot;
mod state;
mod stats;
mod store;
mod weight;
mod writer;

pub use error::OpenError;
pub use options::Options;
pub use stats::Stats;
pub use store::EmbeddedStore;
