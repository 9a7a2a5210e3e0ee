//! Pays 50 yuan at a POS terminal, and reverses it if nobody knows whether it happened.
//!
//! `cargo run -p map-legacy-client --example pay_json -- http://127.0.0.1:8080 <POSP key> <mobile> <code> <serial>`

use map_legacy_client::generated::{FrontPayRequest, FrontPayUndoRequest};
use map_legacy_client::{CallError, Caller, Client, PaymentCode};
use std::error::Error;
use std::io::Write;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [gateway, posp_key, mobile, code, serial] = arguments.as_slice() else {
        return Err("wanted: gateway, POSP key, mobile number, payment code, terminal serial".into());
    };
    let client = Client::new(gateway, Caller::network(posp_key)?)?;
    let request = FrontPayRequest {
        consumer_id: mobile.clone(),
        payment_code_des: PaymentCode::new(code),
        sum: 5000,
        seller_id: "SH12345".into(),
        store_id: "ST12345".into(),
        terminal_id: "ZJ000001".into(),
        operator_id: "zhangsan".into(),
        batch_no: "1".into(),
        terminal_order_id: serial.clone(),
        product_name: Some("0号柴油".into()),
        ..Default::default()
    };
    let line = match client.call(&request).await {
        Ok(paid) => format!("paid: order {}", paid.order.order_id),
        Err(CallError::Failed { errcode, errmsg }) => format!("declined: {errcode} {errmsg}"),
        Err(error) if error.is_unknown() => format!("{error}; {}", reverse(&client, &request).await?),
        Err(error) => return Err(error.into()),
    };
    Ok(writeln!(std::io::stdout(), "{line}")?)
}

/// A reversal names the payment by its numbers, and is final whether the payment arrived or not.
async fn reverse(client: &Client, paid: &FrontPayRequest) -> Result<String, CallError> {
    let request = FrontPayUndoRequest {
        seller_id: paid.seller_id.clone(),
        store_id: paid.store_id.clone(),
        terminal_id: paid.terminal_id.clone(),
        operator_id: paid.operator_id.clone(),
        terminal_order_id: paid.terminal_order_id.clone(),
        batch_no: paid.batch_no.clone(),
        remark: None,
    };
    match client.call(&request).await {
        Ok(reversed) => Ok(format!("reversed: order {}", reversed.order.order_id)),
        Err(CallError::Failed { errmsg, .. }) => Ok(format!("nothing to reverse: {errmsg}")),
        Err(error) => Err(error),
    }
}
