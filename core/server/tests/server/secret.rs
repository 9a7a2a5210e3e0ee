//! The key of all digests is made for a new ledger only, and no other ledger's is taken for it.

use crate::harness::{Fixture, document};
use map_domain::{CustomerId, MobileNumber};
use map_server::adapters::OsRandom;
use map_server::secret_file::{SecretFileError, ledger_is_new, load_or_create};
use map_server::secrets::{Secrets, SecretsError};
use map_server::{CoreConfig, StartError};
use map_store::{MemoryStore, Store, records};
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

async fn start(store: &Arc<MemoryStore>, key: u8) -> Result<(), StartError> {
    let secrets = Secrets::new([key; 32]);
    Fixture::try_start(CoreConfig::default(), Arc::clone(store) as _, secrets)
        .await
        .map(drop)
}

#[tokio::test]
async fn a_core_does_not_start_with_the_key_of_another_ledger() {
    let store = Arc::new(MemoryStore::default());
    start(&store, 1).await.unwrap();
    let refused = start(&store, 2).await.unwrap_err();
    assert!(
        matches!(refused, StartError::Secrets(SecretsError::Foreign)),
        "{refused}"
    );
    assert!(refused.to_string().contains("restore"), "{refused}");
    start(&store, 1).await.unwrap();
}

#[tokio::test]
async fn a_ledger_from_before_keys_were_told_apart_takes_the_first_for_its_own() {
    let store = Arc::new(MemoryStore::default());
    let mobile = MobileNumber::parse("13912345678").unwrap();
    let claim = records::mobile_claim(&mobile, 0, CustomerId::new([1; 16]));
    store.claim(vec![claim]).await.unwrap();
    start(&store, 1).await.unwrap();
    assert!(start(&store, 2).await.is_err());
    start(&store, 1).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_cores_that_start_a_new_ledger_at_once_with_different_keys_one_starts() {
    let store = Arc::new(MemoryStore::default());
    let starts = (1..=8).map(|key| {
        let store = Arc::clone(&store);
        tokio::spawn(async move { start(&store, key).await.is_ok() })
    });
    let mut started = 0;
    for start in starts.collect::<Vec<_>>() {
        started += usize::from(start.await.unwrap());
    }
    assert_eq!(started, 1);
}
