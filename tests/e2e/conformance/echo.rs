//! `request`: the received body byte for byte, on success and on error (decision 4).

use super::count;
use crate::harness::*;

/// The same call in the bytes of clients with other habits.
fn variants(body: &Json) -> Vec<(&'static str, String)> {
    let plain = body.to_string();
    let spaced = plain.replace(',', ",\r\n\t ").replace(':', " : ");
    let mut reversed = body.clone();
    for path in ["", "order", "query"] {
        if body.at(path).is_some() || path.is_empty() {
            reversed.object(path).reverse();
        }
    }
    let escaped: String = plain
        .chars()
        .map(|character| {
            if character.is_ascii() {
                character.to_string()
            } else {
                format!("\\u{:04X}", character as u32)
            }
        })
        .collect();
    vec![
        ("plain", plain.clone()),
        ("byte order mark", format!("\u{feff}{plain}")),
        ("newlines and tabs", format!("\r\n {spaced}\n\n")),
        ("another key order", reversed.to_string()),
        ("escapes", escaped.replace('/', "\\/")),
        (
            "unknown fields",
            plain.replacen('{', r#"{"unknown":[1,{"a":"\"\\\n\u0000汉"}],"#, 1),
        ),
        (
            "characters beyond the basic plane",
            plain.replacen('{', r#"{"😀":"𠀀 \ud83d\ude00","#, 1),
        ),
    ]
}

#[test]
fn the_echo_is_the_received_body_byte_for_byte() {
    let server = Server::start(Setup::default());
    let customer = server.customer(100_000);
    let mut cases = 0;
    let mut check = |call: &dyn Fn() -> Call, succeeds: bool| {
        let names = variants(&call().body).len();
        for variant in 0..names {
            let call = call();
            let (name, body) = variants(&call.body).swap_remove(variant);
            let answer = call.post(&server, body.as_bytes()).answer();
            assert_eq!(answer.succeeded(), succeeds, "{name}: {}", answer.json);
            assert_eq!(answer.json.text("request"), body, "{}, {name}", call.endpoint.id);
            assert_eq!(answer.json.keys().last(), Some(&"request"), "{}", answer.json);
            cases += 1;
        }
    };
    let poor = Customer {
        pin: customer.pin.clone(),
        mobile: people::new_mobile(),
    };
    let paid = || {
        let pos = Pos::new();
        front_pay(&customer, &pos, 1)
            .send(&server)
            .answer()
            .success("支付成功");
        pos
    };
    check(&|| front_pay(&customer, &Pos::new(), 1), true);
    check(&|| front_pay(&poor, &Pos::new(), 1), false);
    check(&|| front_undo(&paid()), true);
    check(&|| front_undo(&Pos::new()), false);
    check(&|| front_cancel(&Pos::new(), &paid().serial), true);
    check(&|| front_cancel(&Pos::new(), "nothing"), false);
    let balance = |customer: &Customer| {
        Call::sample("front.offline.get_account_info")
            .by(customer)
            .at(&Pos::new())
    };
    check(&|| balance(&customer), true);
    check(&|| balance(&poor), false);
    check(
        &|| Call::sample("front.offline.download_product@003").at(&Pos::new()),
        true,
    );
    // Calls of the documents that are not served: 003 线下开卡接口, 线下开卡撤销接口.
    for path in ["/front/offline/open_card", "/front/offline/repeal_card"] {
        let call = front_pay(&customer, &Pos::new(), 1);
        for (name, body) in variants(&call.body) {
            let answer = server
                .post(Door::Posp1, &Post::json(path, body.as_bytes()))
                .answer();
            assert!(!answer.succeeded(), "{path}: {}", answer.json);
            assert_eq!(answer.json.text("request"), body, "{path}, {name}");
            cases += 1;
        }
    }
    count("echo", cases);
}

#[test]
fn the_echo_of_a_repeat_is_of_the_repeat() {
    let server = Server::start(Setup::default());
    let customer = server.customer(1000);
    let call = front_pay(&customer, &Pos::new(), 10);
    let first = call.send(&server).answer().success("支付成功");
    let body = format!(" {}\n", call.text());
    let again = call.post(&server, body.as_bytes()).answer().success("支付成功");
    assert_eq!(again.json.text("request"), body);
    assert_eq!(again.json.at("order"), first.json.at("order"));
    assert_eq!(server.balance(&customer), 990);
}
