//! Opens the ledger's folder, and the key beside it.

use crate::config::MapConfig;
use crate::outcome::Stop;
use map_server::adapters::{OsRandom, SystemClock};
use map_server::ports::{Clock, Random};
use map_server::secret_file::{ledger_is_new, load_or_create};
use map_server::secrets::Secrets;
use map_store_embedded::{Clock as StoreClock, EmbeddedStore, Options};
use std::path::Path;
use std::sync::Arc;

/// The ledger of the configuration, made where there is none, and its key.
pub(crate) async fn open(config: &MapConfig) -> Result<(Arc<EmbeddedStore>, Secrets), Stop> {
    let mut id = [0; 16];
    OsRandom.fill(&mut id);
    let settings = &config.store;
    let options = Options {
        cache_bytes: settings.cache_bytes,
        memtable_bytes: settings.memtable_bytes,
        segment_bytes: settings.segment_bytes,
        retention: settings.retention(),
        reserve_bytes: settings.reserve_bytes,
        clock: StoreClock::new(now_ms),
        queue_limit: settings.queue_limit,
        group_limit: settings.group_limit,
        ..Options::new(&config.data_dir).create(id)
    };
    let store = blocking(move || EmbeddedStore::open(options))
        .await?
        .map_err(Stop::failed)?;
    let new = ledger_is_new(&store).await.map_err(Stop::failed)?;
    let secrets = load_or_create(&config.secret_file(), new, &OsRandom).map_err(Stop::failed)?;
    Ok((Arc::new(store), secrets))
}

fn now_ms() -> u64 {
    u64::try_from(SystemClock.now().as_millis()).unwrap_or_default()
}

/// A ledger that is there, for looking at. Nobody else may have it open meanwhile.
pub(crate) async fn open_existing(folder: &Path) -> Result<Arc<EmbeddedStore>, Stop> {
    let options = Options::new(folder);
    Ok(Arc::new(
        blocking(move || EmbeddedStore::open(options))
            .await?
            .map_err(Stop::failed)?,
    ))
}

/// Syncs and lets go of the folder.
pub(crate) async fn close(store: Arc<EmbeddedStore>) -> Result<(), Stop> {
    blocking(move || store.close()).await
}

/// Runs what blocks on a thread for that.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Stop> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Stop::failed(format!("the ledger: {error}")))
}
