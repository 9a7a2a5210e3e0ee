//! Each encrypted field damaged: refused, no change, and no attempt of the payment code is counted.

use super::bench::Bench;
use crate::harness::call::{encrypt, pin_block};
use crate::harness::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use map_legacy_crypto::{single_des, triple_des};

#[test]
fn damaged_3des_fields_are_refused() {
    let bench = Bench::new();
    let id = "gw.oilcard.open_online";
    for path in &endpoint(id).encrypted {
        for (damage, value) in triple_des_damages(&bench, path) {
            let call = bench.good(id);
            let mut body = call.sealed();
            body.set(path, value);
            call.sign(&mut body);
            bench.refused(&format!("{path}: {damage}"), &call, &body.to_string());
        }
    }
    bench.accepted("undamaged", &bench.good(id));
}

fn triple_des_damages(bench: &Bench, path: &str) -> Vec<(&'static str, String)> {
    let call = bench.good("gw.oilcard.open_online");
    let clear = call.body.text(path).to_owned();
    let good = encrypt(call.app, &clear);
    let bytes = STANDARD.decode(&good).unwrap();
    let own = triple_des::Key::from_text(&call.app.key).unwrap();
    // A wrong key, or a damaged last block, shows by its padding but for one time in 256.
    let mut wrong_keys = (0..).map(|number| {
        let key = format!("wrong key number {number:08}");
        triple_des::Key::from_text(&key).unwrap().encrypt(&clear)
    });
    let under_wrong_key = wrong_keys.find(|text| own.decrypt(text).is_err()).unwrap();
    let mut flips = (1..=255_u8).map(|flip| {
        let mut damaged = bytes.clone();
        *damaged.last_mut().unwrap() ^= flip;
        STANDARD.encode(damaged)
    });
    let mut damages = vec![
        ("in clear", clear),
        ("no base64", "!!!!".to_owned()),
        ("base64 without its end", good[..good.len() - 2].to_owned()),
        (
            "a length that is no multiple of 8",
            STANDARD.encode(&bytes[..bytes.len() - 1]),
        ),
        (
            "padding damaged",
            flips.find(|text| own.decrypt(text).is_err()).unwrap(),
        ),
        ("under another key", under_wrong_key),
        ("nothing encrypted", encrypt(call.app, "")),
        ("blank encrypted", encrypt(call.app, "  ")),
    ];
    if !path.ends_with(".name") {
        damages.push(("something else encrypted", encrypt(call.app, "12345")));
        damages.push(("letters encrypted", encrypt(call.app, "abcdefghijk")));
    }
    damages
}

#[test]
fn damaged_pin_blocks_are_refused_and_count_as_no_attempt() {
    for id in [
        "front.offline.pay",
        "gw.offline.pay",
        "front.offline.get_account_info",
    ] {
        let bench = Bench::new();
        let customer = &bench.customer;
        let good = pin_block("posp1", &customer.pin, &customer.mobile);
        for (damage, block) in [
            ("no hex", "231EEREWQR".to_owned()),
            ("15 digits", good[1..].to_owned()),
            ("17 digits", format!("{good}0")),
            ("twice", format!("{good}{good}")),
            (
                "under another network's key",
                pin_block("posp2", &customer.pin, &customer.mobile),
            ),
            (
                "for another mobile number",
                pin_block("posp1", &customer.pin, "13800000000"),
            ),
            ("the digits", customer.pin.clone()),
            ("base64 of DES", under_des(&customer.pin)),
        ] {
            // More than the five attempts that would lock it: none of them is one.
            let call = bench.good(id).with("paymentCodeDES", block);
            bench.refused(&format!("{id}: {damage}"), &call, &call.text());
        }
        bench.accepted("undamaged", &bench.good(id));
    }
}

fn under_des(pin: &str) -> String {
    single_des::Key::from_text("appKey08")
        .unwrap()
        .encrypt(single_des::Mode::Ecb, pin)
}

#[test]
fn an_unreadable_pin_block_raises_an_alarm_for_the_terminal_and_leaves_the_key_free() {
    let bench = Bench::new();
    let pos = Pos::new();
    let call = front_pay(&bench.customer, &pos, 100);
    let before = bench.server.events(&pos.terminal).len();
    let counted_before = unreadable(&bench, "posp1");
    let damaged = call.clone().with(
        "paymentCodeDES",
        pin_block("posp2", &bench.customer.pin, &bench.customer.mobile),
    );
    bench.refused("under a wrong key", &damaged, &damaged.text());
    assert_eq!(bench.server.payment(&pos), None);
    let events = eventually("the alarm", || {
        let events = bench.server.events(&pos.terminal);
        (events.len() > before).then_some(events)
    });
    assert!(events.iter().any(|kind| kind.contains("PIN_BLOCK")), "{events:?}");
    assert!(
        unreadable(&bench, "posp1") > counted_before,
        "the caller's metric"
    );
    bench.accepted("the same key with a good block", &call);
}

/// What the gateways count of a caller's payment codes that could not be opened.
fn unreadable(bench: &Bench, caller: &str) -> u64 {
    let series = format!("map_gateway_unreadable_pin_blocks_total{{caller=\"{caller}\"}} ");
    let pages = bench.server.admins().into_iter();
    let pages = pages.map(|admin| http::get(admin, "/metrics").1);
    pages
        .flat_map(|page| {
            let line = page
                .lines()
                .find_map(|line| line.strip_prefix(&series).map(str::to_owned));
            line.map(|count| count.parse::<u64>().unwrap())
        })
        .sum()
}

#[test]
fn damaged_des_payment_codes_are_refused_and_count_as_no_attempt() {
    let bench = Bench::new();
    let customer = bench.customer.clone();
    let good = |pos: &Pos| {
        gw_pay(&customer, pos, 100)
            .app("des")
            .code(&customer.pin, &customer.mobile)
    };
    let key = single_des::Key::from_text(&world::app("des").key).unwrap();
    let ecb = |text: &str| key.encrypt(single_des::Mode::Ecb, text);
    let mut others = (0..).map(|number| {
        let other = single_des::Key::from_text(&format!("other{number:03}")).unwrap();
        other.encrypt(single_des::Mode::Ecb, &customer.pin)
    });
    let under_wrong_key = others
        .find(|text| key.decrypt(single_des::Mode::Ecb, text).is_err())
        .unwrap();
    for (damage, block) in [
        ("no base64", "*".to_owned()),
        ("a length that is no multiple of 8", STANDARD.encode([1, 2, 3])),
        ("under another key", under_wrong_key),
        ("nothing", ecb("")),
        ("five digits", ecb("12345")),
        ("letters", ecb("abcdef")),
        ("a PIN block", pin_block("posp1", &customer.pin, &customer.mobile)),
    ] {
        let call = good(&Pos::new()).with("paymentCodeDES", block);
        bench.refused(damage, &call, &call.text());
    }
    bench.accepted("undamaged", &good(&Pos::new()));
}
