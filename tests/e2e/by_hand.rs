//! A request made by hand, with nothing but openssl and curl, is answered (`docs/by-hand/signed-pay.sh`).

use crate::harness::*;
use std::process::Command;

#[test]
fn a_payment_signed_with_openssl_and_sent_with_curl_is_paid() {
    let server = Server::start(Setup::default());
    let customer = server.customer(10_000);
    let app = world::app("zjhtwallet");
    let key = server.path("app.pem");
    std::fs::write(&key, app.rsa.private_pem()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/by-hand/signed-pay.sh");
    let send = |pin: &str| {
        let mut bash = Command::new("bash");
        bash.arg(script)
            .arg(format!("http://{}", server.door(Door::Apps)))
            .arg(&key)
            .arg("000001");
        bash.env("APP_KEY", &app.key)
            .env("MOBILE", &customer.mobile)
            .env("PIN", pin);
        let output = bash
            .env("POSP_KEY", world::POSP1_KEY)
            .output()
            .expect("bash runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Json::parse(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"))
    };
    let paid = send(&customer.pin);
    assert_eq!(paid.text("errmsg"), "线下支付成功", "{paid}");
    assert_eq!(server.balance(&customer), 5000);
    // By hand again, signed anew: the same payment.
    assert_eq!(send(&customer.pin).at("order.orderId"), paid.at("order.orderId"));
    assert_eq!(server.balance(&customer), 5000);
}
