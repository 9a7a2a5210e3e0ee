//! A document is applied once: under its key, to the revision that is expected, with a reason.

use super::{applying, broken, products, smaller};
use crate::faults::EVERY;
use crate::harness::{APP, Fixture, OPERATOR, by, document, reason, refused};
use crate::story::Story;
use map_proto::operator::v1::operator_service_client::OperatorServiceClient;
use map_proto::provisioning::v1::{ApplyRequest, ApplyResponse, Document};
use map_server::CoreConfig;
use map_store::MemoryStore;
use map_store::faulty::Fault::ClaimsOnly;
use std::sync::Arc;
use tonic::{Code, Status};
use tonic_types::StatusExt;

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
