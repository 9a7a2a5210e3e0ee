//! Who may call what: every rpc of the descriptor set, every role, in one table.

use crate::harness::{
    APP, CHANNEL, Fixture, GATEWAY, IDLE_APP, NETWORK, OPERATOR, app, by, call, call_empty, document,
    for_whom, reason, refused,
};
use map_proto::catalog::v1::ListFuelProductsRequest;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_server::auth::Rpc;
use prost::Message;
use prost_types::FileDescriptorSet;
use std::collections::{BTreeMap, BTreeSet};
use tonic::{Code, Request};
use tonic_types::StatusExt;

/// app, channel, network, gateway, operator: may it (`x`) or not (`-`)?
const MATRIX: &[(&str, &str)] = &[
    ("/map.account.v1.AccountService/GetAccount", "x---x"),
    ("/map.account.v1.AccountService/GetBalance", "x-x--"),
    ("/map.account.v1.AccountService/ListAccounts", "x---x"),
    ("/map.account.v1.AccountService/ListEntries", "x---x"),
    ("/map.catalog.v1.CatalogService/GetProduct", "xxx-x"),
    ("/map.catalog.v1.CatalogService/GetTerminal", "x-x-x"),
    ("/map.catalog.v1.CatalogService/ListFuelProducts", "xxx-x"),
    ("/map.catalog.v1.CatalogService/ListProducts", "xxx-x"),
    ("/map.catalog.v1.CatalogService/ListSellers", "x-x-x"),
    ("/map.customer.v1.CustomerService/GetCustomer", "x---x"),
    ("/map.customer.v1.CustomerService/ResetPaymentCode", "x----"),
    ("/map.customer.v1.CustomerService/SendSmsCode", "xx---"),
    ("/map.customer.v1.CustomerService/SetPaymentCode", "x----"),
    ("/map.opening.v1.OpeningService/FindOpening", "xx---"),
    ("/map.opening.v1.OpeningService/OpenCard", "xx---"),
    ("/map.operator.v1.OperatorService/FreezeAccount", "----x"),
    ("/map.operator.v1.OperatorService/GetTrialBalance", "----x"),
    ("/map.operator.v1.OperatorService/ListAuditEntries", "----x"),
    ("/map.operator.v1.OperatorService/ListEvents", "----x"),
    ("/map.operator.v1.OperatorService/ListSentSmsCodes", "----x"),
    (
        "/map.operator.v1.OperatorService/RaiseTerminalGeneration",
        "----x",
    ),
    ("/map.operator.v1.OperatorService/ReversePayment", "----x"),
    ("/map.operator.v1.OperatorService/UnfreezeAccount", "----x"),
    ("/map.operator.v1.OperatorService/UnlockPaymentCode", "----x"),
    ("/map.payment.v1.PaymentService/CancelPayment", "x-x--"),
    ("/map.payment.v1.PaymentService/FindPayment", "x-x-x"),
    ("/map.payment.v1.PaymentService/GetPayment", "x-x-x"),
    ("/map.payment.v1.PaymentService/Pay", "x-x--"),
    ("/map.payment.v1.PaymentService/ReversePayment", "x-x--"),
    ("/map.provisioning.v1.ProvisioningService/Apply", "----x"),
    ("/map.provisioning.v1.ProvisioningService/GetDirectory", "---x-"),
    ("/map.transfer.v1.TransferService/TopUp", "xx---"),
    ("/map.transfer.v1.TransferService/TransferToCash", "x----"),
];

/// Every rpc of the canonical protos.
fn rpcs() -> BTreeSet<String> {
    let set = FileDescriptorSet::decode(map_proto::DESCRIPTOR_SET).unwrap();
    let mut paths = BTreeSet::new();
    for file in set.file.iter().filter(|file| file.package().starts_with("map.")) {
        for service in &file.service {
            let service_path = format!("/{}.{}", file.package(), service.name());
            paths.extend(
                service
                    .method
                    .iter()
                    .map(|method| format!("{service_path}/{}", method.name())),
            );
        }
    }
    assert!(paths.len() > 30, "the descriptors are there: {paths:?}");
    paths
}

#[test]
fn every_rpc_of_the_protos_has_an_access_rule_and_a_line_in_the_matrix() {
    let rpcs = rpcs();
    let ruled: BTreeSet<String> = Rpc::ALL.iter().map(|rpc| rpc.path().to_owned()).collect();
    let tried: BTreeSet<String> = MATRIX.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(ruled, rpcs);
    assert_eq!(tried, rpcs);
}

#[tokio::test]
async fn each_role_may_call_what_the_matrix_says_and_nothing_else() {
    let fixture = Fixture::new().await;
    let keys = [APP, CHANNEL, NETWORK, GATEWAY, OPERATOR];
    for (path, roles) in MATRIX {
        for (key, may) in keys.iter().zip(roles.chars()) {
            let bearer = format!("Bearer {key}");
            let status = call_empty(fixture.edge(), path, &[("authorization", &bearer)]).await;
            assert_ne!(status.code(), Code::Unimplemented, "{path}");
            let refused =
                (status.code(), reason(&status)) == (Code::PermissionDenied, "PERMISSION_DENIED".to_owned());
            assert_eq!(!refused, may == 'x', "{path} by {key}: {status:?}");
        }
        let status = call_empty(fixture.edge(), path, &[]).await;
        assert_eq!(
            (status.code(), reason(&status)),
            (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()),
            "{path}"
        );
    }
}

/// Rpcs that ask nothing of their message.
const NOTHING_NEEDED: [&str; 8] = [
    "/map.catalog.v1.CatalogService/ListFuelProducts",
    "/map.catalog.v1.CatalogService/ListProducts",
    "/map.catalog.v1.CatalogService/ListSellers",
    "/map.operator.v1.OperatorService/GetTrialBalance",
    "/map.operator.v1.OperatorService/ListAuditEntries",
    "/map.operator.v1.OperatorService/ListEvents",
    "/map.operator.v1.OperatorService/ListSentSmsCodes",
    "/map.provisioning.v1.ProvisioningService/GetDirectory",
];

#[tokio::test]
async fn an_empty_message_is_malformed_field_by_field_where_fields_are_needed() {
    let fixture = Fixture::new().await;
    let keys = [APP, CHANNEL, NETWORK, GATEWAY, OPERATOR];
    for (path, roles) in MATRIX {
        let key = keys[roles.find('x').unwrap()];
        let status = call_empty(
            fixture.edge(),
            path,
            &[("authorization", &format!("Bearer {key}"))],
        )
        .await;
        if NOTHING_NEEDED.contains(path) {
            assert_eq!(status.code(), Code::Ok, "{path}: {status:?}");
        } else {
            assert_eq!(
                (status.code(), reason(&status).as_str()),
                (Code::InvalidArgument, "MALFORMED_REQUEST"),
                "{path}"
            );
            let details = status.get_error_details();
            let fields = &details.bad_request().unwrap().field_violations;
            assert!(
                !fields.is_empty() && fields.iter().all(|v| !v.field.is_empty()),
                "{path}: {fields:?}"
            );
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_message_are_refused_and_nothing_panics() {
    let fixture = Fixture::new().await;
    for (path, _) in MATRIX {
        for body in [
            &[0, 0, 0, 0, 2, 0xff, 0xff][..],
            &[0, 0, 0, 0, 9, 1],
            &[1, 0, 0, 0, 0],
            &[9],
            &[],
        ] {
            let status = call(
                fixture.edge(),
                path,
                &[("authorization", &format!("Bearer {APP}"))],
                body,
            )
            .await;
            assert_ne!(status.code(), Code::Ok, "{path} {body:?}");
            assert_ne!(reason(&status), "INTERNAL", "{path} {body:?}");
        }
    }
}

#[tokio::test]
async fn a_deactivated_caller_gives_payments_back_and_does_nothing_else() {
    let fixture = Fixture::new().await;
    let giving_back = [
        "/map.payment.v1.PaymentService/CancelPayment",
        "/map.payment.v1.PaymentService/ReversePayment",
    ];
    for (path, roles) in MATRIX.iter().filter(|(_, roles)| roles.starts_with('x')) {
        let inactive = (Code::PermissionDenied, "CALLER_INACTIVE".to_owned());
        let own = format!("Bearer {IDLE_APP}");
        let gateway = format!("Bearer {GATEWAY}");
        let ways: [&[(&str, &str)]; 2] = [
            &[("authorization", &own)],
            &[("authorization", &gateway), ("map-on-behalf-of", "app/idle")],
        ];
        for headers in ways {
            let status = call_empty(fixture.edge(), path, headers).await;
            let refused = (status.code(), reason(&status)) == inactive;
            assert_eq!(
                !refused,
                giving_back.contains(path),
                "{path} {roles} {headers:?}: {status:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_gateway_acts_for_known_callers_behind_it_and_nobody_else_acts_for_anybody() {
    let fixture = Fixture::new().await;
    let mut client = CatalogServiceClient::new(fixture.edge());
    for whom in ["app/app1", "channel/c1", "network/net1"] {
        client
            .list_fuel_products(for_whom(whom, ListFuelProductsRequest::default()))
            .await
            .unwrap();
    }
    let cases: BTreeMap<&str, &str> = [
        ("operator/root", "PERMISSION_DENIED"),
        ("gateway/edge", "PERMISSION_DENIED"),
        ("app/unknown", "CALLER_INACTIVE"),
        ("app/", "CALLER_INACTIVE"),
        ("app1", "CALLER_INACTIVE"),
        ("", "CALLER_INACTIVE"),
        ("app/idle", "CALLER_INACTIVE"),
    ]
    .into();
    for (whom, why) in cases {
        let answer = client
            .list_fuel_products(for_whom(whom, ListFuelProductsRequest::default()))
            .await;
        assert_eq!(
            refused(answer),
            (Code::PermissionDenied, why.to_owned()),
            "{whom:?}"
        );
    }
    for key in [APP, CHANNEL, NETWORK, OPERATOR] {
        let mut request = by(key, ListFuelProductsRequest::default());
        request
            .metadata_mut()
            .insert("map-on-behalf-of", "app/app1".parse().unwrap());
        let answer = client.list_fuel_products(request).await;
        assert_eq!(
            refused(answer),
            (Code::PermissionDenied, "PERMISSION_DENIED".to_owned()),
            "{key}"
        );
    }
}

#[tokio::test]
async fn a_key_that_is_not_exactly_one_known_bearer_key_authenticates_nobody() {
    let fixture = Fixture::new().await;
    let mut client = CatalogServiceClient::new(fixture.edge());
    let values = [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nobody's",
        "Basic key-of-app-one",
        "key-of-app-one",
        "Bearer key-of-app-on",
    ];
    for value in values {
        let mut request = Request::new(ListFuelProductsRequest::default());
        request
            .metadata_mut()
            .insert("authorization", value.parse().unwrap());
        let answer = client.list_fuel_products(request).await;
        assert_eq!(
            refused(answer),
            (Code::Unauthenticated, "UNAUTHENTICATED".to_owned()),
            "{value:?}"
        );
    }
    let mut twice = by(APP, ListFuelProductsRequest::default());
    twice
        .metadata_mut()
        .append("authorization", format!("Bearer {OPERATOR}").parse().unwrap());
    let answer = client.list_fuel_products(twice).await;
    assert_eq!(refused(answer).0, Code::Unauthenticated, "two keys: which one?");
    let mut lower = Request::new(ListFuelProductsRequest::default());
    lower
        .metadata_mut()
        .insert("authorization", format!("bearer {APP}").parse().unwrap());
    client.list_fuel_products(lower).await.unwrap();
}

/// An identifier is any text; over HTTP it travels as its UTF-8.
#[tokio::test]
async fn a_gateway_acts_for_callers_whose_names_are_not_ascii() {
    let fixture = Fixture::new().await;
    let mut document = document();
    document.callers.push(app("钱包", "key-of-the-wallet", "net1"));
    fixture.apply(document).await.unwrap();
    let listed = |whom: &'static str| {
        let mut client = CatalogServiceClient::new(fixture.edge());
        async move {
            let request = for_whom(whom, ListFuelProductsRequest::default());
            client.list_fuel_products(request).await
        }
    };
    assert!(listed("app/钱包").await.is_ok());
    assert_eq!(reason(&listed("app/钱").await.unwrap_err()), "CALLER_INACTIVE");
}
