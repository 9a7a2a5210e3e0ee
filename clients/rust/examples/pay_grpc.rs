//! Pays 1.00 yuan at the demo's terminal: `cargo run -p map-client --example pay_grpc -- URL KEY`.
#![allow(clippy::print_stdout, reason = "an example talks to the person who runs it")]

use map_client::proto::common::v1::{PaymentCode, PosKey, payment_code::Form};
use map_client::proto::payment::v1::PayRequest;
use map_client::{ClientConfig, MapClient};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (Some(url), Some(key)) = (args.next(), args.next()) else {
        return Err("usage: pay_grpc URL BEARER_KEY [SERIAL]".into());
    };
    let serial = args.next().unwrap_or_else(|| "example-1".to_owned());
    let client = MapClient::new(ClientConfig::new(url, key))?;
    let answer = client
        .pay(PayRequest {
            key: Some(PosKey {
                seller_id: "SH12345".to_owned(),
                terminal_id: "ZJ000001".to_owned(),
                batch_number: "example".to_owned(),
                serial_number: serial,
            }),
            consumer: "13912345678".to_owned(),
            payment_code: Some(PaymentCode {
                form: Some(Form::Digits("246810".to_owned())),
            }),
            amount_fen: 100,
            store_id: "ST12345".to_owned(),
            ..PayRequest::default()
        })
        .await?;
    let payment = answer.payment.unwrap_or_default();
    println!("paid {} fen, order {}", payment.amount_fen, payment.order_number);
    Ok(())
}
