//! What is counted: calls by method and code, latency, calls in flight, defects.

use crate::harness::{APP, Fixture, by, call_empty};
use map_proto::catalog::v1::ListFuelProductsRequest;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_server::failure::Failure;
use metrics_exporter_prometheus::PrometheusBuilder;
use std::collections::BTreeSet;
use std::path::Path;
use tonic::{Request, Status};

#[tokio::test]
async fn calls_are_counted_by_method_and_code_and_unknown_paths_make_no_labels() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let exposed = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    map_server::telemetry::register();
    let fixture = Fixture::new().await;
    let mut client = CatalogServiceClient::new(fixture.edge());
    client
        .list_fuel_products(by(APP, ListFuelProductsRequest::default()))
        .await
        .unwrap();
    client
        .list_fuel_products(by(APP, ListFuelProductsRequest::default()))
        .await
        .unwrap();
    client
        .list_fuel_products(Request::new(ListFuelProductsRequest::default()))
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

/// The metrics that are named in the sources under this folder.
fn named(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            named(&path, names);
        } else {
            let text = std::fs::read_to_string(&path).unwrap();
            let quoted = text.split('"').filter(|text| text.starts_with("map_core_"));
            names.extend(quoted.map(str::to_owned));
        }
    }
}

#[tokio::test]
async fn every_metric_is_described_and_there_before_anything_is_counted() {
    let mut names = BTreeSet::new();
    named(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut names);
    assert!(names.contains("map_core_calls_total"), "{names:?}");
    let recorder = PrometheusBuilder::new().build_recorder();
    let exposed = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    map_server::telemetry::register();
    let _fixture = Fixture::new().await;
    let text = exposed.render();
    let with = |prefix: &str| -> BTreeSet<String> {
        let told = text.lines().filter_map(|line| line.strip_prefix(prefix));
        told.filter_map(|line| line.split(' ').next())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(with("# HELP "), names);
    assert_eq!(with("# TYPE "), names);
    for line in [
        "map_core_calls_shed_total{method=\"/map.payment.v1.PaymentService/Pay\"} 0",
        "map_core_outcomes_unknown_total 0",
        "map_core_internal_failures_total 0",
        "map_core_connections 0",
    ] {
        assert!(
            text.lines().any(|told| told == line),
            "{line} is missing in\n{text}"
        );
    }
}
