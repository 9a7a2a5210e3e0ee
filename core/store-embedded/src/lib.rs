//! The default store of MAP: embedded, durable, in one folder.
//!
//! **The log is the truth.** One writer thread takes all commits that wait, checks each against the
//! state and against those before it in the group, appends the group to the commit log as one record
//! with one sync, and only then applies it to the tables and answers. So a sync, which is what a durable
//! commit costs, is shared by all who wait for it. Records are chained by hashes; damage is found, named
//! and never passed over.
//!
//! **The tables are the state**, in an LSM tree: what the log says, ready to be read. They are written to
//! disk now and then; opening replays what they lack, and builds them anew where they are damaged.
//!
//! Reads run in the caller's task, from one snapshot each: they come from memory or cache in
//! microseconds, less than a hop to another thread costs. Bulk scans do the same in pages that
//! are bounded here, so that none holds a runtime thread for long.
//!
//! After a failed write the outcome of that group is unknown, commits are refused as not applied, reads
//! go on, and the store tries again with back-off until the disk is well.
//!
//! What this crate does not do: know what a row means, read a clock, draw a random number (both come in
//! through [`Options`]), or talk to a network.

mod backend;
mod bulk;
mod cell;
mod error;
mod folder;
mod group;
mod inspect;
mod keeper;
mod layout;
mod lock;
mod log;
mod manifest;
mod open;
mod options;
mod pace;
mod points;
mod read;
mod recent;
mod replay;
mod scratch;
mod seam;
mod slot;
mod state;
mod stats;
mod store;
mod tables;
mod tidier;
mod weight;
mod writer;

pub use error::OpenError;
pub use inspect::{Comparison, Difference, DifferenceKind, FolderCopy};
pub use log::{Damage, LogReport, Retention, dump, verify};
pub use manifest::FORMAT;
pub use options::{Clock, Options};
pub use points::{Point, Points};
pub use scratch::Scratch;
pub use stats::{Opening, Rebuilt, Stats};
pub use store::EmbeddedStore;
