//! The key of all digests is made for a new ledger only.

use crate::harness::{Fixture, document};
use map_server::CoreConfig;
use map_server::adapters::OsRandom;
use map_server::secret_file::{SecretFileError, ledger_is_new, load_or_create};
use map_store::MemoryStore;
use std::sync::Arc;

#[tokio::test]
async fn a_ledger_that_was_written_gets_no_fresh_key() {
    let store = Arc::new(MemoryStore::default());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    assert!(ledger_is_new(&*store).await.unwrap());
    load_or_create(&path, ledger_is_new(&*store).await.unwrap(), &OsRandom).unwrap();
    Fixture::start(CoreConfig::default(), Arc::clone(&store) as _)
        .await
        .apply(document())
        .await
        .unwrap();
    assert!(!ledger_is_new(&*store).await.unwrap());
    load_or_create(&path, false, &OsRandom).unwrap();
    std::fs::remove_file(&path).unwrap();
    let refused = load_or_create(&path, ledger_is_new(&*store).await.unwrap(), &OsRandom).unwrap_err();
    assert!(matches!(refused, SecretFileError::Missing(_)), "{refused}");
}
