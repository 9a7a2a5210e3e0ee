//! What is counted: calls by method and code, latency, calls in flight, defects.

use crate::harness::{APP, Fixture, by, call_empty};
use map_proto::catalog::v1::ListFuelProductsRequest;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_server::failure::Failure;
use metrics_exporter_prometheus::PrometheusBuilder;
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
