//! The contract every store keeps, on the embedded store; also closed and opened again.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    clippy::print_stderr,
    reason = "a test is blunt: what it did not expect stops it"
)]

use map_store::Store;
use map_store::suite::{Reopen, Subject};
use map_store_embedded::{EmbeddedStore, Options};
use std::sync::Arc;
use tempfile::TempDir;

struct Embedded {
    store: Arc<EmbeddedStore>,
    folder: TempDir,
}

impl Embedded {
    fn open(folder: TempDir) -> Self {
        // Small tables and segments, so that the rules also meet flushes and tables on disk.
        let options = Options {
            segment_bytes: 64 * 1024,
            memtable_bytes: 256 * 1024,
            ..Options::new(folder.path()).create([7; 16])
        };
        Self {
            store: Arc::new(EmbeddedStore::open(options).unwrap()),
            folder,
        }
    }
}

impl Subject for Embedded {
    fn store(&self) -> Arc<dyn Store> {
        Arc::<EmbeddedStore>::clone(&self.store)
    }
}

impl Reopen for Embedded {
    async fn reopen(self) -> Self {
        drop(Arc::into_inner(self.store).expect("nobody else holds the store"));
        Self::open(self.folder)
    }
}

async fn make() -> Embedded {
    Embedded::open(tempfile::tempdir().unwrap())
}

map_store::store_contract_suite!(make, reopen);
