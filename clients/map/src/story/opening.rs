//! Act one: the platform is up, a customer gets a card, a payment code, and cash.

use super::stage::{ID_NUMBER, MOBILE, NAME, PAYMENT_CODE, PRODUCT};
use super::ui_yuan;
use super::world::{World, digits, network};
use crate::child::http_get;
use crate::outcome::Stop;
use crate::provisioning;
use map_client::proto::customer::v1::{
    GetCustomerRequest, PaymentCodeStatus, SendSmsCodeRequest, SetPaymentCodeRequest,
};
use map_client::proto::operator::v1::ListSentSmsCodesRequest;
use map_client::proto::provisioning::v1::ApplyRequest;
use serde_json::json;
use tonic::transport::Endpoint;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

pub(super) async fn play(world: &mut World) -> Result<(), Stop> {
    health(world).await?;
    provision(world).await?;
    sms_code(world).await?;
    open_card(world).await?;
    payment_code(world).await?;
    transfer(world).await
}

async fn health(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("Two doors, one ledger: a server on free ports, its ledger in an empty folder");
    let (core, admin) = (world.server()?.core(), world.server()?.admin());
    world.tell.say(&format!(
        "map serve is process {}, gRPC at {core},",
        world.server()?.pid()
    ));
    world.tell.say(&format!(
        "documented JSON at {} (POS network {})",
        world.server()?.gateway(),
        network()
    ));
    world.tell.sent("gRPC grpc.health.v1.Health/Check");
    let channel = Endpoint::from_shared(core).map_err(Stop::failed)?.connect_lazy();
    let answer = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await;
    let serving = answer
        .map_err(|status| world.tell.failed(status.message()))?
        .into_inner()
        .status();
    world.tell.got(&format!("{serving:?}"));
    world.tell.sent(&format!("GET {admin}/readyz"));
    let (status, body) = http_get(&format!("{admin}/readyz")).await?;
    world.tell.got(&format!("{status} {}", body.trim()));
    let serves = serving == ServingStatus::Serving && status == 200;
    world
        .tell
        .proves(serves, "both doors are open, and the ledger takes commits")
}

async fn provision(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("Provisioning: who may call, what can be bought, where");
    world
        .tell
        .say("the server applied provisioning.toml when it started; the operator applies it again");
    let document = provisioning::read(&world.stage.place.provisioning_file()).map_err(Stop::failed)?;
    let (callers, products) = (document.callers.len(), document.products.len());
    world.tell.sent(&format!(
        "gRPC ProvisioningService/Apply  {callers} callers, {products} card product, 1 seller with its terminal"
    ));
    let request = ApplyRequest {
        document: Some(document),
        reason: "the demo shows that applying twice changes nothing".to_owned(),
        idempotency_key: "demo-apply-again".to_owned(),
        ..ApplyRequest::default()
    };
    let answer = world.answered(world.doors.operator.apply(request).await)?;
    world.tell.got(&format!(
        "revision {}, changes: {:?}",
        answer.revision, answer.changes
    ));
    world.tell.proves(
        answer.revision > 0 && answer.changes.is_empty(),
        "applying it twice changes nothing",
    )
}

/// Asks for an SMS code and reads it where the customer would: here, in the operator's outbox.
async fn ask_for_code(world: &World, key: &str) -> Result<String, Stop> {
    world
        .tell
        .sent(&format!("gRPC CustomerService/SendSmsCode  {MOBILE}"));
    let request = SendSmsCodeRequest {
        mobile_number: MOBILE.to_owned(),
        idempotency_key: key.to_owned(),
    };
    world.answered(world.doors.app.send_sms_code(request).await)?;
    world
        .tell
        .sent("gRPC OperatorService/ListSentSmsCodes  (no SMS leaves the demo: the outbox is read)");
    let request = ListSentSmsCodesRequest {
        mobile_number: MOBILE.to_owned(),
        ..ListSentSmsCodesRequest::default()
    };
    let codes = world
        .answered(world.doors.operator.list_sent_sms_codes(request).await)?
        .codes;
    let code = codes.into_iter().next().map(|sent| sent.code).unwrap_or_default();
    world.tell.got(&format!("code {code}"));
    Ok(code)
}

async fn sms_code(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("A customer proves a mobile number with an SMS code");
    let code = ask_for_code(world, "demo-sms-1").await?;
    world.tell.proves(
        code.len() == 4,
        "a code of four digits is on its way, for this app and this number only",
    )?;
    world.sms_code = code;
    Ok(())
}

async fn open_card(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("An instalment card is opened online, with signed JSON");
    world
        .tell
        .say("ID, name and mobile number travel in 3DES; orderMD5 covers the values, RSA signs it");
    let opened = world
        .signed(
            "oilcard_open_online",
            &json!({
                "ID": ID_NUMBER, "name": NAME, "mobileNum": MOBILE, "smsCode": world.sms_code,
                "channelOrderId": "channel-1", "channelNo": "channel001", "appOrderId": "demo-open-1",
                "productId": PRODUCT, "remark": "demo",
            }),
        )
        .await?;
    opened.text("/card/accountId").clone_into(&mut world.card);
    let staged = opened.number("/card/balance") == 100_000 && opened.number("/card/restAmount") == 300_000;
    world.tell.proves(
        opened.code() == 0 && world.card.len() == 16,
        "the card is open: 16 digits nobody can guess",
    )?;
    world.tell.proves(
        staged,
        "of 4,000.00 yuan a quarter is released at once, the rest month by month",
    )
}

async fn payment_code(world: &mut World) -> Result<(), Stop> {
    world.tell.step("The customer sets a payment code, over gRPC");
    let sms_code = ask_for_code(world, "demo-sms-2").await?;
    world.tell.sent(&format!(
        "gRPC CustomerService/SetPaymentCode  {MOBILE}, code ••••••"
    ));
    let request = SetPaymentCodeRequest {
        mobile_number: MOBILE.to_owned(),
        sms_code,
        payment_code: Some(digits(PAYMENT_CODE)),
        idempotency_key: "demo-code-1".to_owned(),
    };
    let set = world.doors.app.set_payment_code(request).await;
    world.answered(set)?;
    let request = GetCustomerRequest {
        mobile_number: MOBILE.to_owned(),
        ..GetCustomerRequest::default()
    };
    let customer = world
        .answered(world.doors.app.get_customer(request).await)?
        .customer
        .unwrap_or_default();
    let status = customer.payment_code_status();
    world.tell.got(&format!(
        "payment code: {}",
        status.as_str_name().trim_start_matches("PAYMENT_CODE_STATUS_")
    ));
    world.tell.proves(
        status == PaymentCodeStatus::Normal,
        "from now on money leaves only with the code; the ledger holds a keyed hash of it",
    )
}

async fn transfer(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("600.00 yuan go from the card to the cash account, with signed JSON");
    let moved = world
        .signed(
            "oilcard_transfer_to_cash_account",
            &json!({
                "mobileNum": MOBILE, "accountId": world.card, "sum": 60_000, "remark": "demo",
                "appOrderId": "demo-transfer-1", "paymentCodeMD5": PAYMENT_CODE,
            }),
        )
        .await?;
    let (cash, card) = world.balances().await?;
    world.tell.proves(
        moved.code() == 0 && (cash, card) == (60_000, 40_000) && moved.number("/account/balance") == cash,
        &format!(
            "cash {} and {} left on the card: one commit, nothing in between",
            ui_yuan(cash),
            ui_yuan(card)
        ),
    )
}
