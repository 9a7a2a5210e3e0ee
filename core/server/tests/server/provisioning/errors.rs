//! A document with errors is refused as a whole, each error with its place.

use super::broken;
use crate::harness::{Fixture, OPERATOR, by, caller, document};
use map_proto::provisioning::v1::{ApplyRequest, Document, Role};
use tonic::Code;
use tonic_types::StatusExt;

#[tokio::test]
async fn a_document_with_an_error_is_refused_with_its_place_and_changes_nothing() {
    let fixture = Fixture::new().await;
    let twice = "a".repeat(64);
    let cases: Vec<(&str, Document)> = vec![
        ("callers[2].caller_id", broken(|d| d.callers[2].caller_id.clear())),
        (
            "callers[2].caller_id",
            broken(|d| d.callers[2].caller_id = "x".repeat(65)),
        ),
        (
            "callers[3].caller_id",
            broken(|d| d.callers[3].caller_id = "app1".to_owned()),
        ),
        ("callers[2].role", broken(|d| d.callers[2].role = 0)),
        ("callers[2].role", broken(|d| d.callers[2].role = 99)),
        (
            "callers[2].name",
            broken(|d| d.callers[2].name = "a\nb".to_owned()),
        ),
        (
            "callers[2].network_ids[0]",
            broken(|d| d.callers[2].network_ids = vec!["net9".to_owned()]),
        ),
        (
            "callers[5].network_ids",
            broken(|d| d.callers[5].network_ids = vec!["net1".to_owned()]),
        ),
        (
            "callers[5].may_omit_payment_code",
            broken(|d| d.callers[5].may_omit_payment_code = true),
        ),
        (
            "callers[5].ignore_transfer_sms_code",
            broken(|d| d.callers[5].ignore_transfer_sms_code = true),
        ),
        (
            "callers[2].bearer_key_sha256[0]",
            broken(|d| d.callers[2].bearer_key_sha256 = vec!["A".repeat(64)]),
        ),
        (
            "callers[2].bearer_key_sha256[0]",
            broken(|d| d.callers[2].bearer_key_sha256 = vec!["ab".to_owned()]),
        ),
        (
            "callers[3].bearer_key_sha256[0]",
            broken(|d| {
                d.callers[2].bearer_key_sha256 = vec![twice.clone()];
                d.callers[3].bearer_key_sha256 = vec![twice.clone()];
            }),
        ),
        (
            "callers[2].edge_settings_json",
            broken(|d| d.callers[2].edge_settings_json = "[]".to_owned()),
        ),
        (
            "callers[2].edge_settings_json.shared_key",
            broken(|d| d.callers[2].edge_settings_json = "{\"shared_key\":\"\"}".to_owned()),
        ),
        (
            "callers[6].edge_settings_json",
            broken(|d| {
                let mut operator = caller(Role::Operator, "alice", "alice's key");
                operator.edge_settings_json = "{}".to_owned();
                d.callers.push(operator);
            }),
        ),
        (
            "products[1]",
            broken(|d| d.products[1].product_id = "1010".to_owned()),
        ),
        ("products[0].name", broken(|d| d.products[0].name.clear())),
        (
            "products[0].short_name",
            broken(|d| d.products[0].short_name = "七个字的短名称".to_owned()),
        ),
        (
            "products[0].account_type",
            broken(|d| d.products[0].account_type = 95),
        ),
        (
            "products[0].number_prefix",
            broken(|d| d.products[0].number_prefix = "20".to_owned()),
        ),
        ("products[0].price_fen", broken(|d| d.products[0].price_fen = 0)),
        (
            "products[0].price_fen",
            broken(|d| d.products[0].price_fen = 400_001),
        ),
        (
            "products[0].total_stages",
            broken(|d| d.products[0].total_stages = -1),
        ),
        ("products[0].stage_fen", broken(|d| d.products[0].stage_fen = 1)),
        (
            "products[0].validity_months",
            broken(|d| d.products[0].validity_months = 1),
        ),
        (
            "products[1].restrictions.seller_ids[0]",
            broken(|d| d.products[1].restrictions.as_mut().unwrap().seller_ids = vec!["S9".to_owned()]),
        ),
        (
            "products[1].restrictions.terminal_ids[0]",
            broken(|d| d.products[1].restrictions.as_mut().unwrap().terminal_ids = vec!["T9".to_owned()]),
        ),
        (
            "products[1].restrictions.fuel_product_ids[0]",
            broken(|d| d.products[1].restrictions.as_mut().unwrap().fuel_product_ids = vec!["D9".to_owned()]),
        ),
        (
            "fuel_products[0].name",
            broken(|d| d.fuel_products[0].name.clear()),
        ),
        ("sellers[1]", broken(|d| d.sellers[1].seller_id = "S1".to_owned())),
        (
            "sellers[0].stores[0].store_id",
            broken(|d| d.sellers[0].stores[0].store_id.clear()),
        ),
        (
            "sellers[0].stores[0].terminals[1]",
            broken(|d| d.sellers[0].stores[0].terminals[1].terminal_id = "T1".to_owned()),
        ),
        (
            "sellers[0].stores[0].terminals[0].network_id",
            broken(|d| d.sellers[0].stores[0].terminals[0].network_id = "app1".to_owned()),
        ),
        (
            "sellers[0].stores[0].terminals[0].generation",
            broken(|d| d.sellers[0].stores[0].terminals[0].generation = 3),
        ),
        (
            "default_product_id",
            broken(|d| d.default_product_id = "9999".to_owned()),
        ),
        ("default_product_id", broken(|d| d.products[0].active = false)),
        ("region_code", broken(|d| d.region_code = "88a".to_owned())),
        ("region_code", broken(|d| d.region_code = "88".to_owned())),
    ];
    for hours in ["6", "22-6", "6-6", "6-25", "+6-7", "a-b", "6-7-8"] {
        let document =
            broken(|d| d.products[1].restrictions.as_mut().unwrap().hours = vec![hours.to_owned()]);
        check(&fixture, "products[1].restrictions.hours[0]", document).await;
    }
    for (place, document) in cases {
        check(&fixture, place, document).await;
    }
    let unchanged = fixture.apply(document()).await.unwrap();
    assert_eq!((unchanged.revision, unchanged.changes), (1, Vec::new()));
}

async fn check(fixture: &Fixture, place: &str, document: Document) {
    let status = fixture.apply(document).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{place}");
    let details = status.get_error_details();
    let told: Vec<_> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|v| v.field.clone())
        .collect();
    assert!(told.iter().any(|at| at == place), "{place} is not among {told:?}");
}

#[tokio::test]
async fn all_errors_of_a_document_are_told_at_once() {
    let fixture = Fixture::new().await;
    let document = broken(|d| {
        d.callers[2].role = 0;
        d.products[0].name.clear();
        d.region_code = "x".to_owned();
    });
    let status = fixture.apply(document).await.unwrap_err();
    assert_eq!(
        status
            .get_error_details()
            .bad_request()
            .unwrap()
            .field_violations
            .len(),
        3,
        "{status:?}"
    );
    let missing = fixture
        .provisioning()
        .apply(by(OPERATOR, ApplyRequest::default()))
        .await
        .unwrap_err();
    assert_eq!(missing.code(), Code::InvalidArgument);
}
