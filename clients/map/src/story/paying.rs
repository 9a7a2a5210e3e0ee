//! Act two: payments by both doors, and everything that must not take money twice or at all.

use super::stage::{MOBILE, PAYMENT_CODE};
use super::ui_yuan;
use super::world::{World, payment, payment_fields, pos_key, reason, terminal_fields};
use crate::outcome::Stop;
use map_client::proto::customer::v1::GetCustomerRequest;
use map_client::proto::payment::v1::FindPaymentRequest;
use serde_json::Value;

pub(super) async fn play(world: &mut World) -> Result<(), Stop> {
    pay_by_json(world).await?;
    same_request_again(world).await?;
    pay_by_grpc(world).await?;
    undo_before_payment(world).await?;
    undo_after_payment(world).await?;
    wrong_code(world).await?;
    tampered(world).await
}

async fn pay_by_json(world: &mut World) -> Result<(), Stop> {
    world.tell.step("A payment of 50.00 yuan by signed JSON");
    world
        .tell
        .say("the payment code travels as a PIN block under the POS network's key");
    let paid = world
        .signed("gw_pay", &payment_fields("000001", 5_000, PAYMENT_CODE))
        .await?;
    let (cash, _) = world.balances().await?;
    world.tell.proves(
        paid.code() == 0 && cash == 55_000 && paid.number("/account/balance") == cash,
        &format!("paid; {} left", ui_yuan(cash)),
    )?;
    world.kept = Some(paid);
    Ok(())
}

async fn same_request_again(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("The same request again: the terminal did not hear the answer");
    let Some(paid) = world.kept.clone() else {
        return Err(world.tell.failed("nothing was paid"));
    };
    world.tell.sent(&format!("POST {}  the same bytes", paid.path));
    let again = world.repeat(&paid).await?;
    let (cash, _) = world.balances().await?;
    world
        .tell
        .proves(again.answer == paid.answer, "the same answer, byte for byte")?;
    world.tell.proves(
        cash == 55_000,
        &format!("money moved once: still {}", ui_yuan(cash)),
    )
}

async fn pay_by_grpc(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("A payment of 30.00 yuan over gRPC, into the same ledger");
    world.tell.sent(&format!(
        "gRPC PaymentService/Pay  {MOBILE}, 30.00 yuan, terminal serial 000002, code ••••••"
    ));
    let answer = world.doors.app.pay(payment("000002", 3_000, PAYMENT_CODE)).await;
    let answer = world.answered(answer)?;
    let order = answer.payment.unwrap_or_default().order_number;
    let account = answer.account.unwrap_or_default();
    world.tell.got(&format!(
        "order {order}, account {}, {} available",
        account.account_number,
        ui_yuan(account.available_fen)
    ));
    world.tell.proves(
        !order.is_empty() && account.available_fen == 52_000,
        "the second door leads to the same money",
    )
}

async fn undo_before_payment(world: &mut World) -> Result<(), Stop> {
    world.tell.step("An undo that arrives before its payment");
    world
        .tell
        .say("a timeout at the terminal: the undo overtakes the payment. It comes by the POS network's");
    world
        .tell
        .say("own door, without a signature: that listener knows whom it belongs to");
    let undo = Value::Object(terminal_fields("000003"));
    let early = world.unsigned("front_pay_undo", &undo).await?;
    world.tell.proves(
        early.code() != 0 && early.message().contains("已登记不再扣款"),
        "there is nothing to undo, and the key is closed for ever",
    )?;
    let late = world
        .unsigned("front_pay", &payment_fields("000003", 5_000, PAYMENT_CODE))
        .await?;
    let (cash, _) = world.balances().await?;
    world.tell.proves(
        late.code() != 0 && late.message().contains("已登记冲正") && cash == 52_000,
        &format!("the late payment is refused: still {}", ui_yuan(cash)),
    )
}

async fn undo_after_payment(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("The first payment is undone, and cannot be brought back");
    let mut undo = terminal_fields("000001");
    undo.insert("remark".to_owned(), Value::from("demo"));
    let undone = world.signed("gw_pay_undo", &Value::Object(undo)).await?;
    let (cash, _) = world.balances().await?;
    world.tell.proves(
        undone.code() == 0 && cash == 57_000,
        &format!("50.00 yuan came back to the account that paid: {}", ui_yuan(cash)),
    )?;
    let Some(paid) = world.kept.take() else {
        return Err(world.tell.failed("nothing was paid"));
    };
    world
        .tell
        .sent(&format!("POST {}  the payment's bytes, once more", paid.path));
    let again = world.repeat(&paid).await?;
    let (cash, _) = world.balances().await?;
    world.tell.proves(
        again.code() != 0 && again.message().contains("交易已冲正") && cash == 57_000,
        "a repeat of a reversed payment is refused and takes nothing",
    )
}

async fn wrong_code(world: &mut World) -> Result<(), Stop> {
    world.tell.step("A wrong payment code");
    let wrong = world
        .signed("gw_pay", &payment_fields("000004", 100, "135790"))
        .await?;
    let request = GetCustomerRequest {
        mobile_number: MOBILE.to_owned(),
        ..GetCustomerRequest::default()
    };
    let customer = world
        .answered(world.doors.app.get_customer(request).await)?
        .customer
        .unwrap_or_default();
    world.tell.proves(
        wrong.code() != 0 && wrong.message().contains("支付密码错误") && customer.failed_attempts == 1,
        "refused, and the attempt is counted: too many in a row lock the code",
    )?;
    let (path, body) = world.sign(
        &world.doors.signed,
        "gw_pay",
        &payment_fields("000004", 100, PAYMENT_CODE),
    )?;
    world
        .tell
        .sent(&format!("POST {path}  the same serial, now with the right code"));
    let right = world.post(&world.doors.signed, path, body).await?;
    let (cash, _) = world.balances().await?;
    world.tell.proves(
        right.code() != 0 && right.message() == wrong.message() && cash == 57_000,
        "a no stays a no under its key: a duplicate that comes late can't turn it into a charge",
    )
}

async fn tampered(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("A digest that does not fit: somebody on the way made 1.00 yuan of 100.00");
    let fields = payment_fields("000005", 10_000, PAYMENT_CODE);
    let (path, body) = world.sign(&world.doors.signed, "gw_pay", &fields)?;
    let forged = body.replace("\"sum\":10000", "\"sum\":100");
    world.tell.sent_json(path, &forged);
    let refused = world.post(&world.doors.signed, path, forged.clone()).await?;
    let find = FindPaymentRequest {
        key: Some(pos_key("000005")),
    };
    let found = world.doors.app.find_payment(find).await;
    world.tell.proves(
        forged != body && refused.message().contains("orderMD5") && reason(&found) == "PAYMENT_NOT_FOUND",
        "refused before anything was decided: nothing moved, nothing is remembered",
    )?;
    world.tell.sent(&format!("POST {path}  as it was signed"));
    let paid = world.post(&world.doors.signed, path, body).await?;
    let (cash, _) = world.balances().await?;
    world.tell.proves(
        paid.code() == 0 && cash == 47_000,
        &format!("the genuine request pays: {}", ui_yuan(cash)),
    )?;
    world.kept = Some(paid);
    Ok(())
}
