//! Bodies and requests that are not what they should be: always HTTP 200 with errcode and errmsg.

use super::declared::declared;
use super::fixture::{Bench, bench, bench_with, config, endpoint, listener, payload, signer};
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use map_gateway::GatewayConfig;
use map_gateway_codegen::model::Echo;
use map_legacy_client::generated::ENDPOINTS;
use serde_json::{Value, json};

const PAY: &str = "/front/offline/pay";

async fn refused(bench: &Bench, body: impl Into<Vec<u8>>, reason: &str) {
    let body = body.into();
    let reply = bench.post(PAY, body.clone()).await;
    let mut expected = json!({ "errcode": 10000, "errmsg": format!("支付失败，{reason}") });
    if let Ok(text) = String::from_utf8(body)
        && reason != "请求报文过大"
    {
        expected["request"] = json!(text);
    }
    assert_eq!(reply.json(), expected);
    assert!(bench.core.take_calls().is_empty());
}

fn body() -> String {
    let pay = endpoint("front_pay");
    signer(pay).sign_json(pay, &payload(pay)).unwrap()
}

#[tokio::test]
async fn a_body_that_is_not_strict_json_is_refused() {
    let bench = bench().await;
    let not_json = "请求报文不是有效的JSON对象";
    for text in ["", "{", "[]", "null", "\"\"", "{}x", "{'order':{}}", "a=b&c=d"] {
        refused(&bench, text, not_json).await;
    }
    // The documents' missing and trailing commas are typing errors, not a dialect.
    refused(&bench, body().replace("\"sum\":5000,", "\"sum\":5000"), not_json).await;
    refused(&bench, body().replace("}}", ",}}"), not_json).await;
    refused(&bench, body().replace("\"order\":", "\"order\" "), not_json).await;
}

#[tokio::test]
async fn a_key_that_occurs_twice_is_refused() {
    let bench = bench().await;
    for (from, to) in [
        ("\"sum\":5000", "\"sum\":5000,\"sum\":1"),
        ("\"sum\":5000", "\"sum\":5000,\"\\u0073um\":1"),
        ("\"sum\":5000", "\"sum\":5000,\"unknown\":{\"a\":1,\"a\":1}"),
        ("{\"order\"", "{\"order\":{},\"order\""),
    ] {
        refused(&bench, body().replacen(from, to, 1), "请求报文含有重复的参数").await;
    }
}

#[tokio::test]
async fn nesting_is_bounded_and_unknown_fields_are_ignored() {
    let bench = bench().await;
    let nested = |depth: usize| {
        let value = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        body().replacen('{', &format!("{{\"unknown\":{value},"), 1)
    };
    assert_eq!(bench.post(PAY, nested(15)).await.errcode(), 0);
    bench.core.take_calls();
    refused(&bench, nested(16), "请求报文嵌套过深").await;
    refused(&bench, nested(100_000), "请求报文嵌套过深").await;
}

#[tokio::test]
async fn a_body_that_is_not_utf8_is_refused_and_has_no_echo() {
    let bench = bench().await;
    let mut gbk = body().replace("0号柴油", "@").into_bytes();
    let at = gbk.iter().position(|byte| *byte == b'@').unwrap();
    gbk.splice(at..=at, [b'0', 0xba, 0xc5, 0xb2, 0xf1, 0xd3, 0xcd]);
    refused(&bench, gbk, "请求报文不是UTF-8编码").await;
    refused(
        &bench,
        [&[0xff, 0xfe][..], body().as_bytes()].concat(),
        "请求报文不是UTF-8编码",
    )
    .await;
}

#[tokio::test]
async fn the_echo_is_the_body_byte_for_byte() {
    let bench = bench().await;
    let odd = format!(
        "\u{feff} {}\r\n\t",
        body().replacen('{', "{\r\n\t\"z\" : \"\\u0041\\/\\\\ 𝄞\u{2028}\u{7f}\", ", 1)
    );
    for endpoint in ENDPOINTS
        .iter()
        .filter(|endpoint| declared(endpoint).echo != Echo::Never)
    {
        let sample = signer(endpoint).sign_json(endpoint, &payload(endpoint)).unwrap();
        let body = format!("\u{feff}\n{}", sample.replacen('{', "{ \"extra\" : 1.50 ,", 1));
        let reply = bench.post(endpoint.path, body.clone()).await;
        assert_eq!(reply.errcode(), 0, "{}", endpoint.name);
        assert_eq!(reply.json()["request"], json!(body), "{}", endpoint.name);
    }
    let reply = bench.post(PAY, odd.clone()).await;
    assert_eq!((reply.errcode(), &reply.json()["request"]), (0, &json!(odd)));
}

#[tokio::test]
async fn a_failed_download_has_no_echo() {
    let bench = bench().await;
    let reply = bench.post("/front/offline/download_product", "{}").await;
    assert_eq!(
        reply.json(),
        json!({ "errcode": 10000, "errmsg": "产品下载失败，缺少参数sellerId" })
    );
}

#[tokio::test]
async fn the_shape_of_a_download_decides_who_vouches() {
    let bench = bench().await;
    for (body, reason) in [
        ("{\"app\":{}}", "缺少参数appId"),
        ("{\"download\":{}}", "缺少参数app"),
        ("{\"sellerId\":\"SH01\"}", "缺少参数storeId"),
    ] {
        let reply = bench.post("/front/offline/download_product", body).await;
        assert_eq!(reply.errmsg(), format!("产品下载失败，{reason}"));
    }
}

#[tokio::test]
async fn an_oversized_body_is_refused() {
    let config = GatewayConfig {
        max_body_bytes: 1000,
        ..config()
    };
    let bench = bench_with(json!({}), json!({}), config, &listener()).await;
    let padded = |size: usize| {
        let body = body();
        format!("{body}{}", " ".repeat(size - body.len()))
    };
    assert_eq!(bench.post(PAY, padded(1000)).await.errcode(), 0);
    bench.core.take_calls();
    for size in [1001, 5_000, 50_000] {
        refused(&bench, padded(size), "请求报文过大").await;
    }
}

#[tokio::test]
async fn an_unknown_path_or_method_is_answered_like_everything_else() {
    let bench = bench().await;
    for path in [
        "/",
        "/metrics",
        "/front/offline",
        "/gw/offline/nothing",
        "/front/oilcard/nothing",
    ] {
        let reply = bench.post(path, body()).await;
        assert_eq!(
            reply.json(),
            json!({ "errcode": 10000, "errmsg": "请求失败，接口不存在" })
        );
    }
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let request = Request::builder()
            .method(method)
            .uri(PAY)
            .body(Full::new(Bytes::from(body())))
            .unwrap();
        let reply = bench.send(request).await;
        assert_eq!(
            reply.json(),
            json!({ "errcode": 10000, "errmsg": "支付失败，请求方式错误，必须为POST" })
        );
    }
    assert!(bench.core.take_calls().is_empty());
}

#[tokio::test]
async fn a_call_of_a_pos_network_that_is_not_served_has_its_echo_like_all_others() {
    let bench = bench().await;
    let unserved =
        |request: Value| json!({ "errcode": 10000, "errmsg": "请求失败，接口不存在", "request": request });
    for path in [
        "/front/offline/open_card",
        "/front/offline/repeal_card",
        "/front/offline/pay/",
        "/front/offline/PAY",
    ] {
        for body in ["{\"sellerId\":\"SH01\", \"batchNo\" :\"1\"}", "no JSON", ""] {
            assert_eq!(
                bench.post(path, body).await.json(),
                unserved(json!(body)),
                "{path}"
            );
        }
    }
    // What can't be repeated is not: no text, or longer than the limit.
    let plain = json!({ "errcode": 10000, "errmsg": "请求失败，接口不存在" });
    for body in [vec![0xC4, 0xE3], vec![b' '; 3 << 20]] {
        assert_eq!(bench.post("/front/offline/open_card", body).await.json(), plain);
    }
    assert!(bench.core.take_calls().is_empty());
}

#[tokio::test]
async fn a_body_that_is_said_to_be_encoded_is_refused_and_a_charset_in_its_place_is_not() {
    let bench = bench().await;
    let sent = async |path: &str, encodings: &[&str], body: String| {
        let mut request = Request::post(path);
        for encoding in encodings {
            request = request.header("content-encoding", *encoding);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        bench.send(request).await.json()
    };
    for encodings in [
        &["gzip"][..],
        &["deflate"],
        &["br"],
        &["identity, gzip"],
        &["identity", "GZIP"],
        &["x-nothing"],
    ] {
        assert_eq!(
            sent(PAY, encodings, body()).await,
            json!({ "errcode": 10000, "errmsg": "支付失败，不支持的请求报文编码", "request": body() }),
            "{encodings:?}"
        );
        let answer = sent("/gw/offline/pay", encodings, "{}".to_owned()).await;
        assert_eq!(
            answer,
            json!({ "errcode": 10000, "errmsg": "线下支付失败，不支持的请求报文编码" })
        );
    }
    assert!(bench.core.take_calls().is_empty());
    // Clients of the time name the charset there (Apache's `setContentEncoding("UTF-8")`): nothing is encoded.
    for encodings in [
        &["identity"][..],
        &["Identity", ""],
        &["UTF-8"],
        &["utf8"],
        &["GBK"],
        &[""],
    ] {
        assert_eq!(sent(PAY, encodings, body()).await["errcode"], 0, "{encodings:?}");
    }
}

#[tokio::test]
async fn any_content_type_will_do() {
    let bench = bench().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=GBK",
        "junk",
    ] {
        let request = Request::post(PAY).header("content-type", kind);
        let reply = bench
            .send(request.body(Full::new(Bytes::from(body()))).unwrap())
            .await;
        assert_eq!(reply.errcode(), 0, "{kind}");
    }
}

#[tokio::test]
async fn a_harmless_request_id_of_the_caller_reaches_the_core_and_stands_in_the_answer() {
    let bench = bench().await;
    for (id, kept) in [
        ("abc-1.2_3", true),
        ("a b", false),
        ("", false),
        (&*"x".repeat(65), false),
    ] {
        let request = Request::post(PAY).header("x-request-id", id);
        let request = request.body(Full::new(Bytes::from(body()))).unwrap();
        let response = bench.gateway.handle(&bench.context, request).await;
        let calls = bench.core.take_calls();
        let told = calls[0].header("x-request-id");
        assert_eq!(told == id, kept, "{id}");
        assert_eq!(response.headers().get("x-request-id").unwrap(), told);
    }
    // A refusal that the core never sees has one, too.
    let request = Request::post("/nowhere").body(Full::<Bytes>::default()).unwrap();
    let response = bench.gateway.handle(&bench.context, request).await;
    assert!(response.headers().contains_key("x-request-id"));
}
