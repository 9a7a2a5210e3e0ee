//! Amounts are whole numbers of fen, 1 or more (decision 8): everything else is refused, no change.

use super::bench::Bench;
use crate::harness::*;

#[test]
fn what_is_no_amount_is_refused() {
    for id in [
        "front.offline.pay",
        "gw.offline.pay",
        "gw.oilcard.transfer_to_cashAccount",
    ] {
        let bench = Bench::new();
        for lexeme in [
            "0",
            "-1",
            "-0",
            "1.0",
            "0.5",
            "5000.00",
            "1e3",
            "1E3",
            "100e-2",
            "9223372036854775808",
            "99999999999999999999999999",
            "\"5000\"",
            "\"\"",
            "true",
            "false",
            "[]",
            "[5000]",
            "{}",
            "{\"fen\":5000}",
        ] {
            let call = bench.good(id).with("sum", Json::parse(lexeme).unwrap());
            bench.refused(&format!("{id}: sum {lexeme}"), &call, &call.text());
        }
        // No JSON at all.
        for lexeme in [
            "00", "01", "+1", ".5", "5.", "0x10", "NaN", "Infinity", "5_000", "5000L", "",
        ] {
            let call = bench.good(id).with("sum", Json::Number("7777777".to_owned()));
            let body = call.text().replace("7777777", lexeme);
            bench.refused(&format!("{id}: sum {lexeme}"), &call, &body);
        }
        bench.accepted("a whole number", &bench.good(id));
    }
}

#[test]
fn the_largest_amount_is_declined_for_the_balance_and_overflows_nothing() {
    let bench = Bench::new();
    let call = bench.good("front.offline.pay").with("sum", i64::MAX);
    let reason = bench.refused("the largest amount", &call, &call.text());
    assert!(reason.contains("余额"), "{reason}");
}

#[test]
fn a_quantity_stays_the_text_it_was() {
    let bench = Bench::new();
    for quantity in ["1.55", "1.550", "001", " 1 "] {
        let call = bench.good("gw.offline.pay").with("productQuantity", quantity);
        let answer = bench.accepted(quantity, &call);
        assert_eq!(answer.json.text("order.productQuantity"), quantity);
    }
}
