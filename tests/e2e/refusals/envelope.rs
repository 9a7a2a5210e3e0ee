//! Anything the gateway receives is answered with HTTP 200 and errcode/errmsg (decisions 1 and 2); what is
//! no good request changes nothing.

use super::bench::Bench;
use crate::harness::*;

/// 1 MiB, the limit of a body.
const LIMIT: usize = 1 << 20;

#[track_caller]
fn documented(case: &str, bench: &Bench, reply: Reply) -> Answer {
    let answer = reply.answer();
    assert_eq!(
        (answer.status, answer.errcode()),
        (200, 10_000),
        "{case}: {}",
        answer.json
    );
    assert_eq!(answer.content_type, "application/json; charset=UTF-8", "{case}");
    assert!(!answer.errmsg().is_empty(), "{case}: {}", answer.json);
    assert_eq!(answer.json.keys()[..2], ["errcode", "errmsg"], "{case}");
    bench.unchanged(case);
    answer
}

#[test]
fn what_is_no_strict_json_object_is_refused_with_the_echo_of_its_text() {
    let bench = Bench::new();
    let good = bench.good("front.offline.pay").text();
    let deep = |depth: usize| {
        good.replacen(
            '{',
            &format!("{{\"x\":{}{},", "[".repeat(depth), "]".repeat(depth)),
            1,
        )
    };
    for (case, body) in [
        ("nothing", String::new()),
        ("blank", "  \r\n".to_owned()),
        ("only a byte order mark", "\u{feff}".to_owned()),
        ("no JSON", "sum=5000&sellerId=SH12345".to_owned()),
        ("an array", format!("[{good}]")),
        ("a text", "\"order\"".to_owned()),
        ("a number", "5000".to_owned()),
        ("null", "null".to_owned()),
        ("cut off", good[..good.len() - 1].to_owned()),
        ("something after it", format!("{good}{{}}")),
        ("a trailing comma", good.replace("}}", ",}}")),
        ("a missing comma", good.replacen(",\"sum\"", "\"sum\"", 1)),
        ("a comment", good.replacen('{', "{/* pay */", 1)),
        ("single quotes", good.replace('"', "'")),
        ("a key twice at the top", good.replacen('{', "{\"order\":{},", 1)),
        (
            "a key twice inside",
            good.replacen("\"sum\":100", "\"sum\":100,\"sum\":1", 1),
        ),
        (
            "a key twice, once escaped",
            good.replacen("\"sum\":100", "\"sum\":100,\"s\\u0075m\":1", 1),
        ),
        (
            "a key twice in an unknown field",
            good.replacen('{', "{\"x\":{\"a\":1,\"a\":2},", 1),
        ),
        ("too deep", deep(65)),
        ("far too deep", deep(100_000)),
        (
            "a control character in a text",
            good.replacen("SH12345", "SH\n12345", 1),
        ),
        ("half a surrogate pair", good.replacen("SH12345", "\\ud83d", 1)),
        ("an order that is no object", r#"{"order":[]}"#.to_owned()),
        ("no order", r#"{"sum":5000}"#.to_owned()),
    ] {
        let call = Call::sample("front.offline.pay");
        let answer = documented(case, &bench, call.post(&bench.server, body.as_bytes()));
        answer.failure(10_000, "支付失败");
        assert!(
            answer.json.at("request") == Some(&Json::from(&body)),
            "{case}: {}",
            answer.json
        );
    }
    bench.accepted("strict JSON", &bench.good("front.offline.pay"));
}

#[test]
fn a_body_that_is_not_utf8_is_refused_without_an_echo() {
    let bench = Bench::new();
    let good = bench.good("front.offline.pay").text();
    let gbk: Vec<u8> = good
        .bytes()
        .map(|byte| if byte >= 0x80 { 0xd6 } else { byte })
        .collect();
    let mut utf16 = vec![0xff, 0xfe];
    utf16.extend(good.encode_utf16().flat_map(u16::to_le_bytes));
    for (case, body) in [
        ("GBK", gbk),
        ("UTF-16", utf16),
        ("a lone byte", vec![0x80]),
        ("overlong", vec![0xc0, 0xaf]),
    ] {
        let call = Call::sample("front.offline.pay");
        let answer = documented(case, &bench, call.post(&bench.server, &body));
        assert_eq!(answer.json.at("request"), None, "{case}");
    }
}

#[test]
fn a_body_of_one_mebibyte_is_read_and_one_byte_more_is_not() {
    let bench = Bench::new();
    let padded = |length: usize| {
        let body = bench.good("front.offline.pay").text();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let call = Call::sample("front.offline.pay");
    documented(
        "1 MiB + 1",
        &bench,
        call.post(&bench.server, padded(LIMIT + 1).as_bytes()),
    );
    documented(
        "4 MiB",
        &bench,
        call.post(&bench.server, padded(4 * LIMIT).as_bytes()),
    );
    let body = padded(LIMIT);
    let answer = call
        .post(&bench.server, body.as_bytes())
        .answer()
        .success("支付成功");
    assert!(answer.json.text("request") == body, "the echo of 1 MiB");
}

#[test]
fn an_unknown_path_and_a_wrong_method_get_a_documented_failure() {
    let bench = Bench::new();
    let body = bench.good("front.offline.pay").text();
    for path in [
        "/",
        "/front/offline/nothing",
        "/front/offline",
        "/front/offline/pay/",
        "/FRONT/offline/pay",
        "/gw/pay",
        "/%00",
        "/../pay",
    ] {
        for door in [Door::Posp1, Door::Apps] {
            documented(
                path,
                &bench,
                bench.server.post(door, &Post::json(path, body.as_bytes())),
            );
        }
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
        let post = Post {
            method,
            ..Post::json("/front/offline/pay", body.as_bytes())
        };
        documented(method, &bench, bench.server.post(Door::Posp1, &post));
    }
    bench.accepted("POST", &bench.good("front.offline.pay"));
}

#[test]
fn any_content_type_will_do() {
    let bench = Bench::new();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("text/json; charset=GBK"),
        Some("?"),
    ] {
        let body = bench.good("front.offline.pay").text();
        let post = Post {
            content_type,
            ..Post::json("/front/offline/pay", body.as_bytes())
        };
        bench.server.post(Door::Posp1, &post).answer().success("支付成功");
    }
}

#[test]
fn a_call_without_credential_is_refused_at_a_door_without_network() {
    let bench = Bench::new();
    for id in [
        "front.offline.pay",
        "front.offline.pay_undo",
        "front.offline.pay_cancel",
        "front.offline.get_account_info",
    ] {
        let call = bench.good(id).through(Door::Apps);
        bench.refused(id, &call, &call.text());
    }
}

#[test]
fn one_connection_carries_many_calls() {
    let bench = Bench::new();
    let address = bench.server.door(Door::Posp1);
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    for _ in 0..3 {
        use std::io::{Read, Write};
        let body = bench.good("front.offline.pay").text();
        write!(
            stream,
            "POST /front/offline/pay HTTP/1.1\r\nHost: map\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut received = String::new();
        while !received.ends_with('}') {
            let mut chunk = [0; 4096];
            let length = stream.read(&mut chunk).unwrap();
            assert!(length > 0, "closed after {received}");
            received.push_str(&String::from_utf8_lossy(&chunk[..length]));
        }
        assert!(received.contains("支付成功"), "{received}");
    }
}
