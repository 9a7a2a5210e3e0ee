//! One document, checked as a whole, applied as a whole, applied again without effect.

use crate::faults::EVERY;
use crate::harness::{
    APP, Fixture, GATEWAY, NETWORK, OPERATOR, OTHER_APP, app, by, caller, document, fresh_key, reason,
    refused, terminal,
};
use crate::story::Story;
use map_proto::catalog::v1 as catalog;
use map_proto::catalog::v1::catalog_service_client::CatalogServiceClient;
use map_proto::common::v1::PosKey;
use map_proto::operator::v1::RaiseTerminalGenerationRequest;
use map_proto::operator::v1::operator_service_client::OperatorServiceClient;
use map_proto::provisioning::v1::{ApplyRequest, ApplyResponse, Document, GetDirectoryRequest, Role};
use map_server::{CoreConfig, InProcess};
use map_store::MemoryStore;
use map_store::faulty::Fault::ClaimsOnly;
use std::sync::Arc;
use tonic::{Code, Status};
use tonic_types::StatusExt;

fn catalog(fixture: &Fixture) -> CatalogServiceClient<InProcess> {
    CatalogServiceClient::new(fixture.edge())
}

async fn sellers(fixture: &Fixture) -> Vec<catalog::Seller> {
    let request = by(OPERATOR, catalog::ListSellersRequest::default());
    catalog(fixture)
        .list_sellers(request)
        .await
        .unwrap()
        .into_inner()
        .sellers
}

async fn products(fixture: &Fixture, key: &str) -> Vec<String> {
    let request = by(key, catalog::ListProductsRequest::default());
    let products = catalog(fixture)
        .list_products(request)
        .await
        .unwrap()
        .into_inner()
        .products;
    products.into_iter().map(|product| product.product_id).collect()
}

#[tokio::test]
async fn a_document_is_applied_once_and_again_changes_nothing() {
    let fixture = Fixture::start(CoreConfig::default(), Arc::new(MemoryStore::default())).await;
    let first = fixture.apply(document()).await.unwrap();
    assert_eq!(first.revision, 1);
    assert!(
        first.changes.contains(&"product 1010: added".to_owned()),
        "{:?}",
        first.changes
    );
    assert!(
        first.changes.contains(&"caller app/app1: added".to_owned()),
        "{:?}",
        first.changes
    );
    let again = fixture.apply(document()).await.unwrap();
    assert_eq!((again.revision, again.changes), (1, Vec::new()));
    let mut other_order = document();
    other_order.sellers.reverse();
    other_order.sellers[1].stores[0].terminals.reverse();
    other_order.callers.reverse();
    let again = fixture.apply(other_order).await.unwrap();
    assert_eq!((again.revision, again.changes), (1, Vec::new()));
}

#[tokio::test]
async fn validate_only_tells_the_changes_and_makes_none() {
    let fixture = Fixture::start(CoreConfig::default(), Arc::new(MemoryStore::default())).await;
    let request = ApplyRequest {
        document: Some(document()),
        validate_only: true,
        ..ApplyRequest::default()
    };
    let told = fixture
        .provisioning()
        .apply(by(OPERATOR, request))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(told.revision, 0);
    let done = fixture.apply(document()).await.unwrap();
    assert_eq!(told.changes, done.changes);
}

fn applying(document: Document, expected_revision: Option<i64>) -> ApplyRequest {
    ApplyRequest {
        document: Some(document),
        reason: "a new terminal".to_owned(),
        expected_revision,
        idempotency_key: fresh_key(),
        ..ApplyRequest::default()
    }
}

/// Product 2610 taken off sale.
fn smaller() -> Document {
    broken(|d| d.products[1].active = false)
}

#[tokio::test]
async fn a_document_is_applied_to_the_revision_that_its_sender_expects_or_not_at_all() {
    let fixture = Fixture::start(CoreConfig::default(), Arc::new(MemoryStore::default())).await;
    let apply = async |document: Document, expected| {
        let request = by(OPERATOR, applying(document, expected));
        Ok(fixture.provisioning().apply(request).await?.into_inner())
    };
    let changed = |answer: Result<ApplyResponse, Status>| {
        let status = answer.unwrap_err();
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(
            (status.code(), info.reason.as_str()),
            (Code::FailedPrecondition, "CATALOGUE_CHANGED")
        );
        let known = |key: &str| info.metadata[key].clone();
        (known("expected_revision"), known("current_revision"))
    };
    let two = |expected: &str, current: &str| (expected.to_owned(), current.to_owned());
    assert_eq!(changed(apply(document(), Some(1)).await), two("1", "0"));
    assert_eq!(apply(document(), Some(0)).await.unwrap().revision, 1);
    assert_eq!(changed(apply(smaller(), Some(0)).await), two("0", "1"));
    assert_eq!(
        products(&fixture, APP).await,
        ["1010", "2610"],
        "nothing was changed"
    );
    assert_eq!(apply(smaller(), Some(1)).await.unwrap().revision, 2);
    // The repeat of it, its answer lost: what was asked for is in force.
    let again = apply(smaller(), Some(1)).await.unwrap();
    assert_eq!((again.revision, again.changes), (2, Vec::new()));
    // To validate tells the same, and the present revision.
    let dry = async |expected_revision| {
        let request = ApplyRequest {
            validate_only: true,
            reason: String::new(),
            ..applying(document(), expected_revision)
        };
        let answer = fixture.provisioning().apply(by(OPERATOR, request)).await;
        answer.map(tonic::Response::into_inner)
    };
    assert_eq!(changed(dry(Some(1)).await), two("1", "2"));
    assert_eq!(dry(None).await.unwrap().revision, 2);
    assert_eq!(dry(Some(2)).await.unwrap().changes, ["product 2610: activated"]);
    let negative = apply(document(), Some(-1)).await;
    assert_eq!(
        refused(negative),
        (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned())
    );
}

#[tokio::test]
async fn under_one_key_a_document_is_applied_once_whatever_is_changed_since() {
    let fixture = Fixture::start(CoreConfig::default(), Arc::new(MemoryStore::default())).await;
    let apply = async |request: &ApplyRequest| {
        let request = by(OPERATOR, request.clone());
        let answer = fixture.provisioning().apply(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let first = applying(document(), Some(0));
    let answer = apply(&first).await.unwrap();
    assert_eq!((answer.revision, answer.changes.is_empty()), (1, false));
    // Changes nothing, which its repeat says, too.
    let idle = applying(document(), None);
    let nothing = apply(&idle).await.unwrap();
    assert_eq!((nothing.revision, nothing.changes.is_empty()), (1, true));
    let second = apply(&applying(smaller(), Some(1))).await.unwrap();
    assert_eq!(second.revision, 2);
    for _late in 0..2 {
        assert_eq!(apply(&first).await.unwrap(), answer);
        assert_eq!(apply(&idle).await.unwrap(), nothing);
    }
    assert_eq!(products(&fixture, APP).await, ["1010"], "the last change stands");
    for used in [&first, &idle] {
        let other = ApplyRequest {
            document: Some(smaller()),
            ..used.clone()
        };
        let reused = (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned());
        assert_eq!(refused(apply(&other).await), reused);
    }
    // A refusal uses no key up.
    let early = applying(document(), Some(1));
    assert_eq!(apply(&early).await.unwrap_err().code(), Code::FailedPrecondition);
    let keyless = ApplyRequest {
        idempotency_key: String::new(),
        ..applying(document(), None)
    };
    let status = apply(&keyless).await.unwrap_err();
    let details = status.get_error_details();
    let fields = &details.bad_request().unwrap().field_violations;
    assert_eq!(fields[0].field, "idempotency_key");
}

/// A store that writes the claim first dies before the rest, and somebody else applies the same meanwhile.
#[tokio::test]
async fn a_key_that_was_taken_by_an_apply_that_never_came_is_mended_by_its_repeat() {
    let story = Story::empty().await;
    let apply = async |request: &ApplyRequest| {
        let request = by(OPERATOR, request.clone());
        let answer = story.fixture.provisioning().apply(request).await;
        answer.map(tonic::Response::into_inner)
    };
    let first = applying(smaller(), None);
    story.store.faults.script_catalogue(&[ClaimsOnly]);
    assert_eq!(refused(apply(&first).await).1, "UNAVAILABLE");
    let reused = (Code::AlreadyExists, "IDEMPOTENCY_KEY_REUSED".to_owned());
    let other = ApplyRequest {
        document: Some(document()),
        ..first.clone()
    };
    assert_eq!(refused(apply(&other).await), reused);
    assert_eq!(apply(&applying(smaller(), None)).await.unwrap().revision, 2);
    let answer = apply(&first).await.unwrap();
    assert_eq!(answer.changes, Vec::<String>::new());
    let since = apply(&applying(document(), None)).await.unwrap();
    assert!(since.revision > answer.revision);
    for _late in 0..2 {
        assert_eq!(apply(&first).await.unwrap(), answer);
        assert_eq!(refused(apply(&other).await), reused);
    }
    let now = apply(&applying(document(), Some(since.revision))).await.unwrap();
    assert_eq!(now.changes, Vec::<String>::new(), "the last change stands");
    story.sound().await;
}

#[tokio::test(start_paused = true)]
async fn whatever_two_faults_come_a_document_is_applied_once_and_its_repeat_gets_the_same_answer() {
    for first in EVERY {
        for second in EVERY {
            let story = Story::empty().await;
            let request = applying(smaller(), None);
            let apply = async || {
                let request = by(OPERATOR, request.clone());
                let answer = story.fixture.provisioning().apply(request).await;
                answer.map(tonic::Response::into_inner)
            };
            story.store.faults.script_catalogue(&[first, second]);
            let mut answer = apply().await;
            while answer.is_err() {
                assert_eq!(refused(answer).0, Code::Unavailable, "{first:?} {second:?}");
                answer = apply().await;
            }
            let answer = answer.unwrap();
            assert_eq!(
                (answer.revision, answer.changes.len()),
                (2, 1),
                "{first:?} {second:?}"
            );
            story.store.arrive().await;
            assert_eq!(apply().await.unwrap(), answer, "{first:?} {second:?}");
            story.sound().await;
        }
    }
}

#[tokio::test]
async fn of_many_who_expect_one_revision_one_applies() {
    let fixture = Arc::new(Fixture::new().await);
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let fixture = Arc::clone(&fixture);
            tokio::spawn(async move {
                let named = broken(|d| d.products[0].name = format!("分期卡{n}"));
                let request = by(OPERATOR, applying(named, Some(1)));
                fixture.provisioning().apply(request).await
            })
        })
        .collect();
    let mut applied = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(answer) => {
                assert_eq!(answer.into_inner().revision, 2);
                applied += 1;
            }
            Err(status) => assert_eq!(reason(&status), "CATALOGUE_CHANGED"),
        }
    }
    assert_eq!(applied, 1);
}

#[tokio::test]
async fn who_applies_says_why_and_the_audit_trail_keeps_it() {
    let fixture = Fixture::new().await;
    for reason in ["", "  ", "two\nlines", &"x".repeat(513)] {
        let request = ApplyRequest {
            reason: reason.to_owned(),
            ..applying(smaller(), None)
        };
        let status = fixture
            .provisioning()
            .apply(by(OPERATOR, request))
            .await
            .unwrap_err();
        let details = status.get_error_details();
        let fields = &details.bad_request().unwrap().field_violations;
        assert_eq!(
            (fields.len(), fields[0].field.as_str()),
            (1, "reason"),
            "{reason:?}"
        );
    }
    let mut provisioning = fixture.provisioning();
    provisioning
        .apply(by(OPERATOR, applying(smaller(), Some(1))))
        .await
        .unwrap();
    provisioning
        .apply(by(OPERATOR, applying(document(), Some(1))))
        .await
        .unwrap_err();
    let request = map_proto::operator::v1::ListAuditEntriesRequest::default();
    let mut operator = OperatorServiceClient::new(fixture.edge());
    let trail = operator
        .list_audit_entries(by(OPERATOR, request))
        .await
        .unwrap()
        .into_inner();
    let told: Vec<_> = trail
        .entries
        .iter()
        .map(|entry| {
            (
                entry.action.as_str(),
                entry.reason.as_str(),
                entry.outcome.as_str(),
            )
        })
        .collect();
    let entry = |reason, outcome| ("apply_provisioning", reason, outcome);
    assert_eq!(
        told,
        [
            entry("a new terminal", "CATALOGUE_CHANGED"),
            entry("a new terminal", "begun"),
            entry("a new terminal", "done"),
            entry("a new terminal", "begun"),
            entry("a test", "done"),
            entry("a test", "begun"),
        ]
    );
}

#[tokio::test]
async fn what_a_document_no_longer_names_is_deactivated_and_never_deleted() {
    let fixture = Fixture::new().await;
    let mut smaller = document();
    smaller.callers.retain(|caller| caller.caller_id != "app2");
    smaller.products.retain(|product| product.product_id != "2610");
    smaller.sellers.retain(|seller| seller.seller_id != "S2");
    smaller.sellers[0].stores[0]
        .terminals
        .retain(|terminal| terminal.terminal_id != "T2");
    let changes = fixture.apply(smaller.clone()).await.unwrap().changes;
    assert_eq!(
        changes,
        [
            "caller app/app2: deactivated",
            "product 2610: deactivated",
            "seller S1: changed",
            "seller S2: deactivated"
        ]
    );
    assert_eq!(
        fixture.apply(smaller).await.unwrap().changes,
        Vec::<String>::new()
    );
    assert_eq!(products(&fixture, APP).await, ["1010"]);
    let sellers = sellers(&fixture).await;
    let state: Vec<_> = sellers
        .iter()
        .flat_map(|seller| {
            seller
                .stores
                .iter()
                .flat_map(|store| &store.terminals)
                .map(move |t| (seller, t))
        })
        .map(|(seller, t)| {
            (
                seller.seller_id.as_str(),
                seller.active,
                t.terminal_id.as_str(),
                t.active,
            )
        })
        .collect();
    assert_eq!(
        state,
        [
            ("S1", true, "T1", true),
            ("S1", true, "T2", false),
            ("S2", false, "T1", false)
        ]
    );
    let request = by(OTHER_APP, catalog::ListFuelProductsRequest::default());
    let (code, reason) = refused(catalog(&fixture).list_fuel_products(request).await);
    assert_eq!(
        (code, reason.as_str()),
        (Code::PermissionDenied, "CALLER_INACTIVE")
    );
    let back = fixture.apply(document()).await.unwrap().changes;
    assert!(back.contains(&"seller S2: activated".to_owned()), "{back:?}");
}

#[tokio::test]
async fn a_terminals_generation_survives_every_document() {
    let fixture = Fixture::new().await;
    let mut operator = OperatorServiceClient::new(fixture.edge());
    let raise = RaiseTerminalGenerationRequest {
        idempotency_key: "raise-1".to_owned(),
        seller_id: "S1".to_owned(),
        terminal_id: "T2".to_owned(),
        reason: "replaced".to_owned(),
    };
    let raised = operator
        .raise_terminal_generation(by(OPERATOR, raise))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(raised.generation, 2);
    let generation = async || {
        let request = catalog::GetTerminalRequest {
            seller_id: "S1".to_owned(),
            terminal_id: "T2".to_owned(),
        };
        let answer = catalog(&fixture)
            .get_terminal(by(OPERATOR, request))
            .await
            .unwrap()
            .into_inner();
        answer.terminal.unwrap().generation
    };
    let mut gone = document();
    gone.sellers[0].stores[0]
        .terminals
        .retain(|terminal| terminal.terminal_id != "T2");
    let mut moved = document();
    moved.sellers[0].stores[0]
        .terminals
        .retain(|terminal| terminal.terminal_id != "T2");
    moved.sellers[0].stores.push(catalog::Store {
        store_id: "ST9".to_owned(),
        terminals: vec![terminal("T2", "net1")],
        ..catalog::Store::default()
    });
    for document in [document(), gone, document(), moved, document()] {
        fixture.apply(document).await.unwrap();
        assert_eq!(generation().await, 2);
    }
}

#[tokio::test]
async fn a_key_that_passed_to_another_caller_is_that_callers() {
    // The identifier before and after it in order: neither may win by its name.
    for (old, new) in [("b-old", "a-new"), ("a-old", "b-new")] {
        let fixture = Fixture::new().await;
        for id in [old, new] {
            let mut named = document();
            named.callers.push(app(id, "the-same-key", "net1"));
            fixture.apply(named).await.unwrap();
            let request = by("the-same-key", catalog::ListFuelProductsRequest::default());
            let answer = catalog(&fixture).list_fuel_products(request).await;
            assert!(answer.is_ok(), "{old} -> {new}, as {id}: {answer:?}");
        }
    }
}

/// One error in an otherwise good document.
fn broken(change: impl FnOnce(&mut Document)) -> Document {
    let mut document = document();
    change(&mut document);
    document
}

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

#[tokio::test]
async fn the_directory_has_edge_settings_and_no_bearer_keys() {
    let fixture = Fixture::new().await;
    let mut changed = document();
    changed.callers[2].edge_settings_json = r#"{"shared_key":"k"}"#.to_owned();
    fixture.apply(changed).await.unwrap();
    let ask = async |known_revision| {
        let request = GetDirectoryRequest {
            known_revision,
            ..GetDirectoryRequest::default()
        };
        let request = by(GATEWAY, request);
        fixture
            .provisioning()
            .get_directory(request)
            .await
            .unwrap()
            .into_inner()
    };
    let directory = ask(0).await;
    let ids: Vec<_> = directory
        .callers
        .iter()
        .map(|c| (c.role(), c.caller_id.as_str(), c.active))
        .collect();
    assert_eq!(
        ids,
        [
            (Role::App, "app1", true),
            (Role::App, "app2", true),
            (Role::App, "idle", false),
            (Role::Channel, "c1", true),
            (Role::PosNetwork, "net1", true),
            (Role::PosNetwork, "net2", true),
        ]
    );
    assert!(
        directory
            .callers
            .iter()
            .all(|caller| caller.bearer_key_sha256.is_empty())
    );
    assert_eq!(directory.callers[0].edge_settings_json, r#"{"shared_key":"k"}"#);
    assert_eq!(directory.callers[0].network_ids, ["net1"]);
    assert_eq!(ask(1).await.callers.len(), 6);
    let current = ask(directory.revision).await;
    assert_eq!((current.revision, current.callers.len()), (directory.revision, 0));
}

#[tokio::test]
async fn another_process_sees_a_new_catalogue_when_it_looks_again() {
    let store = Arc::new(MemoryStore::default());
    let one = Fixture::start(CoreConfig::default(), Arc::clone(&store) as _).await;
    let other = Fixture::start(CoreConfig::default(), store).await;
    one.apply(document()).await.unwrap();
    assert!(
        other.server.core().refresh_catalogue().await.unwrap()
            || other.server.core().catalogue().revision == 1
    );
    assert_eq!(products(&other, APP).await, ["1010", "2610"]);
    assert!(!other.server.core().refresh_catalogue().await.unwrap());
}

#[tokio::test]
async fn a_caller_sees_the_terminals_of_its_networks_only() {
    let fixture = Fixture::new().await;
    let visible = async |key: &str| {
        let answer = catalog(&fixture)
            .list_sellers(by(key, catalog::ListSellersRequest::default()))
            .await
            .unwrap();
        answer
            .into_inner()
            .sellers
            .into_iter()
            .map(|seller| seller.seller_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(visible(APP).await, ["S1"]);
    assert_eq!(visible(NETWORK).await, ["S1"]);
    assert_eq!(visible(OTHER_APP).await, ["S2"]);
    assert_eq!(visible(OPERATOR).await, ["S1", "S2"]);
    let request = || catalog::GetTerminalRequest {
        seller_id: "S2".to_owned(),
        terminal_id: "T1".to_owned(),
    };
    let answer = catalog(&fixture).get_terminal(by(APP, request())).await;
    assert_eq!(
        refused(answer),
        (Code::PermissionDenied, "NETWORK_NOT_ALLOWED".to_owned())
    );
    catalog(&fixture)
        .get_terminal(by(OTHER_APP, request()))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_terminal_is_offered_the_products_that_can_be_spent_at_its_seller() {
    let fixture = Fixture::new().await;
    let ask = async |key: &str, seller: &str, terminal: &str, store: &str| {
        let pos = PosKey {
            seller_id: seller.to_owned(),
            terminal_id: terminal.to_owned(),
            ..PosKey::default()
        };
        let request = catalog::ListProductsRequest {
            key: Some(pos),
            store_id: store.to_owned(),
            ..catalog::ListProductsRequest::default()
        };
        catalog(&fixture).list_products(by(key, request)).await
    };
    let ids = |answer: Result<tonic::Response<catalog::ListProductsResponse>, tonic::Status>| {
        let products = answer.unwrap().into_inner().products;
        products
            .into_iter()
            .map(|product| product.product_id)
            .collect::<Vec<_>>()
    };
    assert_eq!(ids(ask(NETWORK, "S1", "T1", "ST1").await), ["1010", "2610"]);
    assert_eq!(ids(ask(OTHER_APP, "S2", "T1", "ST1").await), ["1010"]);
    let cases = [
        (
            NETWORK,
            "S2",
            "T1",
            "ST1",
            Code::PermissionDenied,
            "NETWORK_NOT_ALLOWED",
        ),
        (
            NETWORK,
            "S9",
            "T1",
            "ST1",
            Code::FailedPrecondition,
            "TERMINAL_UNKNOWN",
        ),
        (
            NETWORK,
            "S1",
            "T9",
            "ST1",
            Code::FailedPrecondition,
            "TERMINAL_UNKNOWN",
        ),
        (
            NETWORK,
            "S1",
            "T1",
            "ST9",
            Code::FailedPrecondition,
            "TERMINAL_UNKNOWN",
        ),
        (
            NETWORK,
            "S1",
            "T1",
            "",
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
        ),
        (
            NETWORK,
            "",
            "T1",
            "ST1",
            Code::InvalidArgument,
            "MALFORMED_REQUEST",
        ),
    ];
    for (key, seller, terminal, store, code, reason) in cases {
        let answer = ask(key, seller, terminal, store).await;
        assert_eq!(
            refused(answer),
            (code, reason.to_owned()),
            "{seller} {terminal} {store}"
        );
    }
}

#[tokio::test]
async fn a_product_is_read_by_its_identifier_while_it_is_on_sale() {
    let fixture = Fixture::new().await;
    let ask = async |id: &str| {
        let request = catalog::GetProductRequest {
            product_id: id.to_owned(),
        };
        catalog(&fixture).get_product(by(APP, request)).await
    };
    let product = ask("2610").await.unwrap().into_inner().product.unwrap();
    assert_eq!(product, broken(|_| {}).products[1]);
    assert_eq!(
        refused(ask("9999").await),
        (Code::NotFound, "PRODUCT_UNKNOWN".to_owned())
    );
    assert_eq!(
        refused(ask("").await),
        (Code::InvalidArgument, "MALFORMED_REQUEST".to_owned())
    );
    fixture
        .apply(broken(|d| d.products[1].active = false))
        .await
        .unwrap();
    assert_eq!(
        refused(ask("2610").await),
        (Code::NotFound, "PRODUCT_UNKNOWN".to_owned())
    );
}

#[tokio::test]
async fn a_new_app_may_call_at_once() {
    let fixture = Fixture::new().await;
    let mut larger = document();
    larger.callers.push(app("app3", "key-of-app-three", "net1"));
    assert_eq!(
        fixture.apply(larger).await.unwrap().changes,
        ["caller app/app3: added"]
    );
    assert_eq!(products(&fixture, "key-of-app-three").await, ["1010", "2610"]);
}
