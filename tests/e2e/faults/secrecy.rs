//! Neither the log, at its most talkative, nor an answer tells a payment code, a key, an ID number, a name, a
//! mobile number or a card number. (An answer that repeats its request, as documented, repeats what the
//! caller said.)

use crate::harness::call::{encrypt, md5, pin_block};
use crate::harness::people::{new_id_number, new_mobile, order_number};
use crate::harness::*;
use map_client::Error;
use map_client::proto::customer::v1::ResetPaymentCodeRequest;
use map_legacy_crypto::Charset;

/// What must not be told, and what it is.
type Secrets = Vec<(&'static str, String)>;

/// Where the text stands as a word of its own: six digits inside a longer number, or after a decimal
/// point, are somebody else's.
pub fn tells(text: &str, secret: &str) -> bool {
    text.match_indices(secret).any(|(at, _)| {
        let inside =
            |character: Option<char>| character.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.');
        !inside(text[..at].chars().next_back())
            && !text[at + secret.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
    })
}

#[track_caller]
fn silent(what: &str, text: &str, secrets: &Secrets) {
    for (kind, secret) in secrets {
        assert!(
            !tells(text, secret),
            "{what} tells a {kind}: {}",
            context(text, secret)
        );
    }
}

fn context<'a>(text: &'a str, secret: &str) -> &'a str {
    text.lines().find(|line| line.contains(secret)).unwrap_or(text)
}

/// Good and bad calls of all kinds, so that every path had its chance to talk.
fn talk(server: &Server) -> (Secrets, Vec<Answer>) {
    let customer = server.customer(10_000);
    let (owner, id_number, name) = (new_mobile(), new_id_number(), "欧阳秘密");
    let mut answers = Vec::new();
    let mut send = |call: &Call| answers.push(call.send(server).answer());
    let open = Call::sample("gw.oilcard.open_online")
        .with("ID", &id_number)
        .with("name", name)
        .with("mobileNum", &owner)
        .with("smsCode", server.sms_code("wallet", &owner))
        .with("productId", "1099")
        .with("appOrderId", order_number());
    send(&open);
    send(&open.clone().with("appOrderId", order_number()));
    send(&open.clone().with("productId", "0815"));
    send(&open.clone().with("mobileNum", "1391234567x"));
    let card = server
        .accounts(&owner)
        .into_iter()
        .find(|account| account.face_value_fen > 0)
        .expect("a card")
        .account_number;
    let transfer = Call::sample("gw.oilcard.transfer_to_cashAccount")
        .with("mobileNum", &owner)
        .with("accountId", &card);
    let transfer = transfer.with("sum", 100).with("appOrderId", order_number());
    send(&transfer);
    send(&transfer.clone().without("accountCode").without("paymentCodeMD5"));
    send(&transfer.with("mobileNum", &customer.mobile));
    let wrong = "192837";
    for pay in [front_pay, gw_pay] {
        let good = pay(&customer, &Pos::new(), 100);
        send(&good);
        send(&good.clone().with("sum", 101));
        send(&pay(&customer, &Pos::new(), 1_000_000));
        send(&pay(&customer, &Pos::new(), 100).code(wrong, &customer.mobile));
        send(&pay(&customer, &Pos::new(), 100).code(&customer.pin, &owner));
        send(&pay(&customer, &Pos::new(), 100).with("consumerId", &card));
        send(&pay(&customer, &Pos::new(), 100).with("consumerId", "1381234567x"));
        send(&pay(&customer, &Pos::new(), 100).with("paymentCodeDES", &customer.pin));
        send(&pay(&customer, &Pos::of("posp1", "NOBODY", "ST01", "POS1"), 100));
    }
    let mut forged = gw_pay(&customer, &Pos::new(), 100).sealed();
    forged.set("app.signature", world::app("wallet").key.as_str());
    let call = gw_pay(&customer, &Pos::new(), 100);
    answers.push(call.post(server, forged.to_string().as_bytes()).answer());
    answers.push(
        call.post(server, format!("{{{}", call.text()).as_bytes())
            .answer(),
    );
    let app = world::app("wallet");
    let account = server.cash(&customer.mobile).account_number;
    let secrets = vec![
        ("payment code", customer.pin.clone()),
        ("wrong payment code", wrong.to_owned()),
        ("payment code's MD5", md5(&[&customer.pin], Charset::Utf8)),
        ("PIN block", pin_block("posp1", &customer.pin, &customer.mobile)),
        ("mobile number", customer.mobile.clone()),
        ("mobile number", owner.clone()),
        ("ID number", id_number.clone()),
        ("encrypted ID number", encrypt(app, &id_number)),
        ("name", name.to_owned()),
        ("card number", card),
        ("account number", account),
        ("app key", app.key.clone()),
        ("network key", world::POSP1_KEY.to_owned()),
        ("bearer key", app.bearer.clone()),
        ("bearer key", world::secrets().operator.clone()),
    ];
    (secrets, answers)
}

#[test]
fn nothing_secret_or_personal_reaches_log_metrics_or_a_failures_text() {
    let server = Server::start(Setup {
        log: "debug",
        ..Setup::default()
    });
    let (secrets, answers) = talk(&server);
    let failures: Vec<_> = answers.iter().filter(|answer| !answer.succeeded()).collect();
    assert!(failures.len() >= 15, "{} failures", failures.len());
    for answer in failures {
        silent("a failure", answer.errmsg(), &secrets);
        // Nor anything of the inside.
        let inside = [
            "map_", "rust", "src/", "panic", "lsm", "segment", "tonic", "grpc", "Error", "error",
        ];
        assert!(
            inside.iter().all(|word| !answer.errmsg().contains(word)),
            "{}",
            answer.json
        );
    }
    for answer in answers {
        let keys = &secrets[..4];
        let mut body = answer.json;
        // What the caller said, repeated as documented.
        if body.at("request").is_some() {
            body.remove("request");
        }
        silent("an answer", &body.to_string(), &keys.to_vec());
        silent("an answer", &body.to_string(), &secrets[11..].to_vec());
    }
    for admin in server.admins() {
        silent("the metrics", &http::get(admin, "/metrics").1, &secrets);
    }
    server.stop();
    let log = server.log();
    assert!(
        log.contains("/gw/offline/pay") || log.contains("gw") && log.len() > 1000,
        "it does log: {log}"
    );
    silent("the log", &log, &secrets);
}

#[test]
fn a_refusal_over_grpc_tells_nothing_personal() {
    let server = Server::start(Setup::default());
    let mobile = new_mobile();
    let card = server.open_card(&mobile, "1099");
    let id_number = new_id_number();
    let request = ResetPaymentCodeRequest {
        mobile_number: mobile.clone(),
        sms_code: "0000".to_owned(),
        id_number: id_number.clone(),
        payment_code: Some(people::digits("918273")),
        idempotency_key: order_number(),
    };
    let client = server.client(&world::app("wallet").bearer);
    let secrets: Secrets = vec![
        ("mobile number", mobile),
        ("ID number", id_number),
        ("card number", card),
        ("payment code", "918273".to_owned()),
    ];
    for request in [
        request.clone(),
        ResetPaymentCodeRequest {
            id_number: "4403001990010112".to_owned(),
            ..request.clone()
        },
        ResetPaymentCodeRequest {
            mobile_number: "138x".to_owned(),
            ..request
        },
    ] {
        match wait(client.reset_payment_code(request)) {
            Err(Error::Refused(refusal)) => silent("a refusal", &format!("{refusal:?}"), &secrets),
            other => panic!("a refusal was expected: {other:?}"),
        }
    }
}

#[test]
fn the_search_for_secrets_finds_them() {
    assert!(tells(r#"{"pin":"231435"}"#, "231435") && tells("231435", "231435"));
    assert!(!tells("2026-11-21T06:00:00.231435Z latency=92314351", "231435"));
}
