//! Opens the ledger's folder, and the key beside it.

use crate::config::MapConfig;
use crate::outcome::Stop;
use map_server::adapters::{OsRandom, SystemClock};
use map_server::ports::{Clock, Random};
use map_server::secret_file::{ledger_is_new, load_or_create};
use map_server::secrets::Secrets;
use map_store_embedded::{Clock as StoreClock, EmbeddedStore, OpenError, Options};
use std::io::ErrorKind;
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
    if new {
        // Where one was expected, the path is wrong.
        tracing::info!(folder = %config.data_dir.display(), "the ledger is new: nothing is in it");
    }
    let secrets = load_or_create(&config.secret_file(), new, &OsRandom).map_err(Stop::failed)?;
    Ok((Arc::new(store), secrets))
}

fn now_ms() -> u64 {
    u64::try_from(SystemClock.now().as_millis()).unwrap_or_default()
}

/// A ledger that is there, for looking at. Nobody else may have it open meanwhile.
pub(crate) async fn open_existing(folder: &Path) -> Result<Arc<EmbeddedStore>, Stop> {
    let options = Options::new(folder);
    let opened = blocking(move || EmbeddedStore::open(options)).await?;
    Ok(Arc::new(opened.map_err(|error| unopened(&error))?))
}

/// A store writes when it is opened, if only a few pages.
fn unopened(error: &OpenError) -> Stop {
    if !wants_space(error) {
        return Stop::failed(error);
    }
    Stop::failed(format!(
        "{error} There is no room to open it: free a few MiB on this disk, or copy the folder to another one \
         (`cp -a`) and look at the copy"
    ))
}

/// Whether the disk, or somebody's part of it, is full.
pub(crate) fn wants_space(error: &OpenError) -> bool {
    let OpenError::Io { source, .. } = error else {
        return false;
    };
    matches!(source.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
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
