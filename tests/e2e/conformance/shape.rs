//! Whether an answer has the form of its sample.

use crate::harness::documents::Endpoint;
use crate::harness::{Answer, Json};

/// Checks order, types and forms of everything in the answer against the document's sample.
#[track_caller]
pub fn check(endpoint: &Endpoint, answer: &Answer) {
    assert_eq!(answer.status, 200, "{}", answer.json);
    assert_eq!(
        answer.content_type, "application/json; charset=UTF-8",
        "{}",
        endpoint.id
    );
    assert_eq!(answer.errcode(), 0, "{}: {}", endpoint.id, answer.json);
    match &endpoint.success {
        Some(text) => assert_eq!(answer.errmsg(), text, "{}", endpoint.id),
        None => assert!(!answer.errmsg().is_empty(), "{}: {}", endpoint.id, answer.json),
    }
    compare(&endpoint.id, "", &expected(endpoint), &answer.json);
}

/// The sample with errcode and errmsg, which some omit, and with the fields that only the table names.
fn expected(endpoint: &Endpoint) -> Json {
    let mut members = vec![
        ("errcode".to_owned(), Json::from(0)),
        ("errmsg".to_owned(), Json::from("")),
    ];
    let sample = endpoint.sample.members().iter();
    members.extend(
        sample
            .filter(|(key, _)| key != "errcode" && key != "errmsg")
            .cloned(),
    );
    let mut expected = Json::Object(members);
    for name in &endpoint.table_only {
        match name.as_str() {
            "sum" => expected.set("order.sum", 5000),
            "endTime" => expected.set("card.endTime", "2015-05-31 24:00:00"),
            // The table's name for what the sample calls card.status.
            "account.status" => {}
            other => panic!("{}: {other} is in no sample; where does it belong?", endpoint.id),
        }
    }
    expected
}

#[track_caller]
fn compare(id: &str, path: &str, expected: &Json, found: &Json) {
    let said = || format!("{id} {path}: like {expected} was expected, found {found}");
    match (expected, found) {
        (Json::Object(_), Json::Object(_)) => {
            assert_eq!(
                found.keys(),
                expected.keys(),
                "{id} {path}: the order of the fields"
            );
            for ((key, expected), (_, found)) in expected.members().iter().zip(found.members()) {
                compare(id, &format!("{path}.{key}"), expected, found);
            }
        }
        (Json::Array(samples), Json::Array(elements)) => {
            assert!(!elements.is_empty(), "{}", said());
            for element in elements {
                compare(id, &format!("{path}[]"), &samples[0], element);
            }
        }
        (Json::Number(_), Json::Number(lexeme)) => {
            assert!(lexeme.bytes().all(|byte| byte.is_ascii_digit()), "{}", said());
        }
        (Json::Text(sample), Json::Text(text)) => {
            // A cash account has no end; the key stays.
            let open_end = path.ends_with(".endTime") && text.is_empty();
            assert!(!is_time(sample) || is_time(text) || open_end, "{}", said());
            if path.ends_with(".status") {
                assert_eq!(text, sample, "{id} {path}");
            }
            if path.ends_with("orderId") || path.ends_with("accountId") {
                assert!(!text.is_empty() && text.is_ascii(), "{}", said());
            }
            if path.ends_with("accountId") {
                assert_eq!(text.len(), 16, "{}", said());
            }
        }
        _ => panic!("{}", said()),
    }
}

/// `2015-01-02 12:12:00`.
pub fn is_time(text: &str) -> bool {
    let form: String = text
        .chars()
        .map(|character| {
            if character.is_ascii_digit() {
                '0'
            } else {
                character
            }
        })
        .collect();
    form == "0000-00-00 00:00:00"
}

/// Checks that the answer repeats the request's values, as they were.
#[track_caller]
pub fn repeats(request: &Json, answer: &Json, fields: &[&str]) {
    for field in fields {
        let path = format!("order.{field}");
        assert_eq!(answer.at(&path), request.at(&path), "{path} of {answer}");
    }
}
