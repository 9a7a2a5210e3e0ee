//! What is counted: calls by method and code, latency, calls in flight, defects.

use crate::harness::{APP, Fixture, by, call_empty};
use map_proto::catalog::v1::ListFuelProductsRequest;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_server::failure::Failure;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::PrometheusBuilder;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;
use tonic::{Request, Status};

#[tokio::test]
async fn calls_are_counted_by_method_and_code_and_unknown_paths_make_no_labels() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let exposed = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    map_server::telemetry::describe();
    let fixture = Fixture::new().await;
    let mut client = CatalogServiceClient::new(fixture.edge());
    client
        .list_fuel_products(by(APP, ListFuelProductsRequest {}))
        .await
        .unwrap();
    client
        .list_fuel_products(by(APP, ListFuelProductsRequest {}))
        .await
        .unwrap();
    client
        .list_fuel_products(Request::new(ListFuelProductsRequest {}))
        .await
        .unwrap_err();
    call_empty(fixture.edge(), "/some/13800138000", &[]).await;
    call_empty(fixture.edge(), "/grpc.health.v1.Health/Check", &[]).await;
    let _ = Status::from(Failure::Internal("a defect".to_owned()));
    let text = exposed.render();
    let method = "method=\"/map.catalog.v1.CatalogService/ListFuelProducts\"";
    for line in [
        format!("map_core_calls_total{{{method},code=\"OK\"}} 2"),
        format!("map_core_calls_total{{{method},code=\"UNAUTHENTICATED\"}} 1"),
        "map_core_calls_total{method=\"unknown\",code=\"UNIMPLEMENTED\"} 1".to_owned(),
        "map_core_calls_total{method=\"/grpc.health.v1.Health\",code=\"OK\"} 1".to_owned(),
        format!("map_core_call_seconds_count{{{method}}} 3"),
        "map_core_calls_in_flight 0".to_owned(),
        "map_core_internal_failures_total 1".to_owned(),
        "map_core_catalogue_revision 1".to_owned(),
        "map_core_store_healthy 1".to_owned(),
        "# HELP map_core_calls_total Calls answered, by method and gRPC code".to_owned(),
    ] {
        assert!(
            text.lines().any(|told| told == line),
            "{line} is missing in\n{text}"
        );
    }
    assert!(!text.contains("13800138000"), "{text}");
}

/// Notes the names that are described.
#[derive(Default)]
struct Described(Mutex<BTreeSet<String>>);

impl Described {
    fn note(&self, name: &KeyName) {
        self.0.lock().unwrap().insert(name.as_str().to_owned());
    }
}

impl Recorder for Described {
    fn describe_counter(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name);
    }
    fn describe_gauge(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name);
    }
    fn describe_histogram(&self, name: KeyName, _: Option<Unit>, _: SharedString) {
        self.note(&name);
    }
    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }
    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }
    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// The metrics that are named in the sources under this folder, but for where they are described.
fn counted(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            counted(&path, names);
        } else if !path.ends_with("telemetry.rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let quoted = text.split('"').filter(|text| text.starts_with("map_core_"));
            names.extend(quoted.map(str::to_owned));
        }
    }
}

#[test]
fn every_metric_that_is_counted_is_described_and_no_other() {
    let mut names = BTreeSet::new();
    counted(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
    assert!(names.contains("map_core_calls_total"), "{names:?}");
    let described = Described::default();
    metrics::with_local_recorder(&described, map_server::telemetry::describe);
    assert_eq!(described.0.into_inner().unwrap(), names);
}
