//! The reasons and codes of refusals are those that `error_reason.proto` documents.

use map_domain::Refusal;
use map_proto::common::v1::ErrorReason;
use map_server::failure::Failure;
use prost::Message;
use prost_types::FileDescriptorSet;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::StatusExt;

/// The comment of every reason, by its name without prefix.
fn comments() -> BTreeMap<String, String> {
    let set = FileDescriptorSet::decode(map_proto::DESCRIPTOR_SET).unwrap();
    let file = set
        .file
        .iter()
        .find(|file| file.name().ends_with("error_reason.proto"))
        .unwrap();
    let reasons = file.enum_type.first().unwrap();
    let mut comments = BTreeMap::new();
    for location in &file.source_code_info.as_ref().unwrap().location {
        // enum_type (5), the first, value (2), which.
        if let [5, 0, 2, at] = *location.path.as_slice() {
            let name = reasons.value[usize::try_from(at).unwrap()].name();
            let name = name.strip_prefix("ERROR_REASON_").unwrap().to_owned();
            comments.insert(name, location.leading_comments().replace('\n', " "));
        }
    }
    assert!(comments.len() > 40, "{comments:?}");
    comments
}

/// The metadata that the proto documents for a reason: `Metadata: a (what it is), b.`
pub(crate) fn documented_metadata(reason: &str) -> BTreeSet<String> {
    let comment = comments().remove(reason).unwrap();
    let Some((_, list)) = comment.split_once("Metadata:") else {
        return BTreeSet::new();
    };
    let mut depth = 0;
    let bare: String = list
        .chars()
        .filter(|c| {
            depth += i32::from(*c == '(');
            let outside = depth == 0;
            depth -= i32::from(*c == ')');
            outside
        })
        .collect();
    let names = bare.split([',', '.']).map(str::trim);
    names
        .filter(|name| !name.is_empty())
        .map(ToOwned::to_owned)
        .collect()
}

fn code_name(code: Code) -> String {
    format!("{code:?}").chars().fold(String::new(), |mut name, c| {
        if c.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.extend(c.to_uppercase());
        name
    })
}

/// Every failure there is.
fn failures() -> Vec<Failure> {
    let mut failures = vec![
        Failure::Malformed(vec![("key.seller_id", "expected something".to_owned())]),
        Failure::InvalidDocument(vec![("callers[0]".to_owned(), "expected something".to_owned())]),
        Failure::Unauthenticated,
        Failure::CallerInactive,
        Failure::PermissionDenied,
        Failure::NetworkNotAllowed,
        Failure::TerminalUnknown,
        Failure::ProofReused,
        Failure::OpeningNotFound,
        Failure::SmsNotSent,
        Failure::NotSupported,
        Failure::CatalogueChanged {
            expected: 3,
            current: 5,
        },
        Failure::Overloaded,
        Failure::Unavailable,
        Failure::OutcomeUnknown,
        Failure::Internal("a secret".to_owned()),
    ];
    // Who asks for too many SMS codes is told when to come again.
    failures.push(Failure::TooSoon(Duration::from_secs(60)));
    let others = || {
        let others = Refusal::ALL.iter().copied();
        others.filter(|refusal| *refusal != Refusal::SmsRateLimited)
    };
    failures.extend(others().map(Failure::Refused));
    failures.extend(others().map(Failure::NotFound));
    failures
}

#[test]
fn every_failure_carries_a_reason_and_the_code_that_the_proto_says() {
    let comments = comments();
    for failure in failures() {
        let read = matches!(failure, Failure::NotFound(_));
        let told = format!("{failure:?}");
        let status = Status::from(failure);
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(info.domain, "map");
        assert!(
            ErrorReason::from_str_name(&format!("ERROR_REASON_{}", info.reason)).is_some(),
            "{told}"
        );
        let comment = &comments[&info.reason];
        let code = code_name(status.code());
        assert!(
            comment.contains(&code),
            "{told}: {code}, but the proto says: {comment}"
        );
        // Where two codes are possible, the one for reads is told to who reads.
        if comment.contains("NOT_FOUND;") || comment.contains("NOT_FOUND where it is read") {
            assert_eq!(code == "NOT_FOUND", read, "{told}");
        }
        assert_eq!(
            details.retry_info().is_some(),
            comment.contains("RetryInfo"),
            "{told}"
        );
        assert!(
            !status.message().is_empty() && !status.message().contains("secret"),
            "{told}"
        );
    }
}

#[test]
fn every_refusal_is_told_under_its_own_reason() {
    for refusal in Refusal::ALL {
        let status = Status::from(Failure::Refused(*refusal));
        assert_eq!(
            status.get_error_details().error_info().unwrap().reason,
            refusal.reason()
        );
    }
}

#[test]
fn every_reason_of_the_proto_is_told_by_some_failure() {
    let told: Vec<String> = failures()
        .into_iter()
        .map(|failure| {
            Status::from(failure)
                .get_error_details()
                .error_info()
                .unwrap()
                .reason
                .clone()
        })
        .collect();
    for reason in comments().keys().filter(|reason| *reason != "UNSPECIFIED") {
        assert!(told.contains(reason), "{reason} is never told");
    }
}

#[test]
fn every_code_that_is_answered_stands_in_the_page_for_callers() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/grpc.md");
    let page = std::fs::read_to_string(page).unwrap();
    let table: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let framework = [
        Code::Ok,
        Code::OutOfRange,
        Code::Unimplemented,
        Code::DeadlineExceeded,
    ];
    let ours = failures().into_iter().map(|failure| Status::from(failure).code());
    for code in ours.chain(framework) {
        let name = format!("`{}`", code_name(code));
        assert!(table.iter().any(|line| line.contains(&name)), "{name} is missing");
    }
}

#[test]
fn a_malformed_request_names_its_fields() {
    let fields = vec![
        ("key.seller_id", "1 to 64 bytes".to_owned()),
        ("amount_fen", "1 or more".to_owned()),
    ];
    let status = Status::from(Failure::Malformed(fields));
    let details = status.get_error_details();
    let named: Vec<_> = details
        .bad_request()
        .unwrap()
        .field_violations
        .iter()
        .map(|v| v.field.as_str())
        .collect();
    assert_eq!(named, ["key.seller_id", "amount_fen"]);
}
