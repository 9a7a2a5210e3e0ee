//! Traces, to a collector, over OTLP (gRPC): the spans of this workspace, those at debug level included, and the
//! log lines from info up as their events.
//!
//! A collector that is slow or away costs spans, never a call: they wait in a queue of bounded length, and what
//! does not fit is dropped.

use crate::config::TelemetryConfig;
use crate::outcome::Stop;
use map_server::adapters::OsRandom;
use map_server::ports::Random;
use opentelemetry::trace::{SpanId, TraceId, TracerProvider};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{IdGenerator, Sampler, SdkTracerProvider};
use std::sync::OnceLock;
use std::time::Duration;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

/// How long one export may take.
const EXPORT: Duration = Duration::from_secs(3);

/// How long a drain waits for spans that are not delivered yet.
const FLUSH: Duration = Duration::from_secs(5);

/// What has spans to deliver. Like the subscriber, one for the process.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// Draws identifiers where all random bytes come from.
#[derive(Debug)]
struct Ids;

impl Ids {
    fn bytes<const N: usize>() -> [u8; N] {
        let mut bytes = [0; N];
        OsRandom.fill(&mut bytes);
        bytes
    }
}

impl IdGenerator for Ids {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from_bytes(Self::bytes())
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from_bytes(Self::bytes())
    }
}

/// The layer that turns spans into traces; none where no collector is configured. Must be called within the
/// runtime that carries the exports.
pub(super) fn layer<S>(config: &TelemetryConfig) -> Result<Option<impl Layer<S> + use<S>>, Stop>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let Some(endpoint) = &config.otlp_endpoint else {
        return Ok(None);
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .with_timeout(EXPORT)
        .build()
        .map_err(|error| Stop::usage(format!("telemetry.otlp_endpoint: {error}")))?;
    let ratio = Sampler::TraceIdRatioBased(share(config.sample_per_mille));
    let resource = Resource::builder_empty().with_service_name(config.service_name.clone());
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_id_generator(Ids)
        .with_sampler(Sampler::ParentBased(Box::new(ratio)))
        .with_resource(resource.build())
        .build();
    let tracer = PROVIDER.get_or_init(|| provider).tracer("map");
    let layer = tracing_opentelemetry::layer()
        .with_location(false)
        .with_threads(false)
        .with_tracer(tracer);
    let ours = FilterFn::new(told).with_max_level_hint(LevelFilter::DEBUG);
    Ok(Some(layer.with_filter(ours)))
}

#[allow(clippy::float_arithmetic, reason = "the SDK takes a share of 1")]
fn share(per_mille: u16) -> f64 {
    f64::from(per_mille) / 1000.0
}

fn told(of: &Metadata<'_>) -> bool {
    let most = if of.is_span() {
        LevelFilter::DEBUG
    } else {
        LevelFilter::INFO
    };
    of.target().starts_with("map") && *of.level() <= most
}

/// Delivers what is not delivered yet, for a while. Nothing is traced afterwards.
pub(crate) async fn flush() {
    let Some(provider) = PROVIDER.get() else { return };
    let flushed = tokio::task::spawn_blocking(|| provider.shutdown_with_timeout(FLUSH)).await;
    if !matches!(flushed, Ok(Ok(()))) {
        tracing::warn!("not all traces were delivered");
    }
}
