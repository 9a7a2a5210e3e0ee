//! The admin listener: `/metrics` for Prometheus, `/healthz` (the process lives) and `/readyz`
//! (calls can be answered); everywhere else a page that names these. No credential: it listens on loopback by
//! default.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use http::{HeaderName, StatusCode};
use hyper_util::service::TowerToHyperService;
use map_listener::{Bounds, Listener};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Upper bounds of latency histograms, in seconds.
const SECONDS: [f64; 12] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0,
];

/// Prometheus' text format: a scraper goes by its version.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is there, for who looks in by hand.
const PAGE: &str = "\
MAP's admin port

/metrics   counters and latencies, as Prometheus reads them
/healthz   ok, as long as the process runs
/readyz    ready, while calls can be answered; else 503 and why
";

/// How often old samples are folded together.
const UPKEEP: Duration = Duration::from_secs(5);

/// Anybody of this machine may connect: neither a connection nor a descriptor is kept by who asks nothing.
const BOUNDS: Bounds = Bounds {
    connections: 64,
    per_address: 32,
    first_request: Duration::from_secs(5),
    idle: Duration::from_secs(75),
    keep_alive: Duration::from_secs(20),
    streams: 8,
    header_bytes: 16 * 1024,
    drain: Duration::ZERO,
};

/// Why calls can't be answered now; `None`: they can.
pub(crate) type Readiness =
    Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Option<String>> + Send>> + Send + Sync>;

/// Brings up to date what is only counted when somebody looks.
pub(crate) type Collect = Arc<dyn Fn() + Send + Sync>;

#[derive(Clone)]
struct Admin {
    metrics: PrometheusHandle,
    readiness: Readiness,
    collect: Collect,
}

/// Makes every counter of this process end up in one place. Once a process.
pub(crate) fn install_metrics() -> Result<PrometheusHandle, String> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)
        .and_then(PrometheusBuilder::install_recorder)
        .map_err(|error| format!("metrics can't be collected: {error}"))
}

/// Serves until it is dropped.
pub(crate) async fn serve(
    listener: Listener,
    metrics: PrometheusHandle,
    readiness: Readiness,
    collect: Collect,
) -> std::io::Result<()> {
    let folding = metrics.clone();
    let upkeep = async move {
        let mut ticks = tokio::time::interval(UPKEEP);
        loop {
            ticks.tick().await;
            folding.run_upkeep();
        }
    };
    let router = Router::new()
        .route("/metrics", get(render))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/", get(async || PAGE))
        .fallback(async || (StatusCode::NOT_FOUND, format!("Nothing is here.\n\n{PAGE}")))
        .with_state(Admin {
            metrics,
            readiness,
            collect,
        });
    let service = |_| Some(TowerToHyperService::new(router.clone()));
    tokio::select! {
        () = listener.serve(BOUNDS, service, || (), std::future::pending()) => Ok(()),
        () = upkeep => Ok(()),
    }
}

async fn render(State(admin): State<Admin>) -> ([(HeaderName, &'static str); 1], String) {
    (admin.collect)();
    ([(CONTENT_TYPE, TEXT_FORMAT)], admin.metrics.render())
}

async fn ready(State(admin): State<Admin>) -> (StatusCode, String) {
    match (admin.readiness)().await {
        None => (StatusCode::OK, "ready\n".to_owned()),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")),
    }
}
