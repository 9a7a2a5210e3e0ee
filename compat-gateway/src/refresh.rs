//! Keeps the directory current: asks the core for it at start and then at intervals.

use crate::core::{Core, Meta, reason};
use crate::core_health::{self, CoreHealth};
use crate::directory::Directory;
use crate::pages::{MAX_PAGES, PAGE_SIZE};
use crate::telemetry;
use map_proto::provisioning::v1::{GetDirectoryRequest, GetDirectoryResponse};
use map_trace::Outage;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

const RPC: &str = "/map.provisioning.v1.ProvisioningService/GetDirectory";

/// Asks once. `Ok(true)`: there is a new directory. `networks`: what each listener serves; one that can't be
/// served is told with each new directory, not refused: it may be provisioned next.
pub(crate) async fn once(
    core: &Core,
    directory: &watch::Sender<Option<Arc<Directory>>>,
    networks: &[Option<String>],
    deadline: Duration,
) -> Result<bool, tonic::Status> {
    let known_revision = directory
        .borrow()
        .as_ref()
        .map_or(0, |directory| directory.revision());
    let response = whole(core, known_revision, deadline).await?;
    if response.revision == known_revision && directory.borrow().is_some() {
        return Ok(false);
    }
    let parsed = Directory::new(&response);
    // Gauges are floats; a revision is a small counter, so nothing is lost.
    metrics::gauge!(telemetry::DIRECTORY).set(u32::try_from(parsed.revision()).map_or(f64::MAX, f64::from));
    telemetry::register_callers(response.callers.iter().map(|caller| caller.caller_id.as_str()));
    tracing::info!(revision = parsed.revision(), "directory loaded");
    for (at, network) in networks.iter().enumerate() {
        if let Some(network) = network
            && let Some(problem) = parsed.no_network(network)
        {
            tracing::warn!(
                listener = at,
                network,
                "calls at this listener are refused: its POS network {problem}"
            );
        }
    }
    directory.send_replace(Some(Arc::new(parsed)));
    Ok(true)
}

/// All pages of one revision. Where the catalogue changes meanwhile, the pages before belong to
/// another: from the start.
async fn whole(
    core: &Core,
    known_revision: i64,
    deadline: Duration,
) -> Result<GetDirectoryResponse, tonic::Status> {
    let meta = Meta {
        on_behalf_of: None,
        request_id: "directory",
        proof: None,
        deadline,
    };
    let mut whole: Option<GetDirectoryResponse> = None;
    for _ in 0..MAX_PAGES {
        let page_token = whole
            .as_ref()
            .map_or_else(String::new, |before| before.next_page_token.clone());
        let request = GetDirectoryRequest {
            known_revision,
            page_size: PAGE_SIZE,
            page_token,
        };
        let page: GetDirectoryResponse = core.unary(RPC, request, &meta).await?;
        let joined = match whole.take() {
            None => page,
            Some(before) if before.revision != page.revision => continue,
            Some(mut before) => {
                before.callers.extend(page.callers);
                before.next_page_token = page.next_page_token;
                before
            }
        };
        if joined.next_page_token.is_empty() {
            return Ok(joined);
        }
        whole = Some(joined);
    }
    Err(tonic::Status::aborted("the directory never ends"))
}

/// Asks until it is dropped, at intervals and when the core comes back.
pub(crate) async fn keep(
    core: Core,
    directory: watch::Sender<Option<Arc<Directory>>>,
    mut core_health: watch::Receiver<CoreHealth>,
    networks: Vec<Option<String>>,
    every: Duration,
    deadline: Duration,
) -> Infallible {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut outage = Outage::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            Ok(()) = core_health.changed() => {
                if *core_health.borrow_and_update() != CoreHealth::Serving {
                    continue;
                }
            }
        }
        let failed = once(&core, &directory, &networks, deadline).await.err();
        // While the core is away that is what is wrong, and is told as such.
        if failed.is_some() && !serves(&core, &core_health).await {
            continue;
        }
        outage.look(
            failed,
            |status| {
                let kept = if directory.borrow().is_some() {
                    "directory not refreshed; the last one stays in force"
                } else {
                    "directory not loaded yet"
                };
                tracing::warn!(code = ?status.code(), reason = reason(&status), "{kept}");
            },
            || tracing::info!("the core gives the directory again"),
        );
    }
}

/// Whether the core serves, as it said last and says now.
async fn serves(core: &Core, said: &watch::Receiver<CoreHealth>) -> bool {
    *said.borrow() == CoreHealth::Serving && core_health::ask(core).await == Some(CoreHealth::Serving)
}
