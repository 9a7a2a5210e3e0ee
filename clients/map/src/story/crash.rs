//! Act three: the server is killed in the middle of payments and started again.

use super::stage::PAYMENT_CODE;
use super::ui_yuan;
use super::world::{Doors, World, payment, pos_key, reason};
use crate::child::Server;
use crate::outcome::Stop;
use map_client::proto::payment::v1::{FindPaymentRequest, PaymentState};
use map_client::{Error, RetryPolicy};
use std::collections::BTreeMap;
use std::process::ExitStatus;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How many payments are under way or wait their turn when the server is killed.
const PAYMENTS: u32 = 60;
/// After how many answers it is killed.
const ANSWERS: usize = 20;
/// Payments at once.
const AT_ONCE: usize = 8;
/// Each payment, in fen.
const AMOUNT_FEN: i64 = 100;

/// Order numbers by serial.
type Paid = BTreeMap<String, String>;

pub(super) async fn play(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("kill -9 in the middle of payments, and a restart");
    let (before, _) = world.balances().await?;
    let sent = format!(
        "gRPC PaymentService/Pay  {PAYMENTS} × {} yuan, {AT_ONCE} at once",
        ui_yuan(AMOUNT_FEN)
    );
    world.tell.sent(&sent);
    let Burst {
        paid: answered,
        unanswered,
        status,
    } = burst(world).await?;
    let (acknowledged, open) = (answered.len(), unanswered.len());
    world.tell.got(&format!(
        "{acknowledged} answered, then SIGKILL, with {open} under way: {status}"
    ));
    let killed = !status.success() && acknowledged >= ANSWERS && open > 0;
    world
        .tell
        .proves(killed, "the server died in the middle of the work")?;

    let began = Instant::now();
    let server = Server::start(&world.stage.place).await?;
    world.doors = Doors::open(&world.stage, &server)?;
    world.tell.say(&format!(
        "process {} took over the folder in {} ms",
        server.pid(),
        began.elapsed().as_millis()
    ));
    world.server = Some(server);
    let present = found(world, answered.keys()).await? == answered;
    world.tell.proves(
        present,
        &format!("all {acknowledged} acknowledged payments are there, with their order numbers"),
    )?;
    let written = found(world, unanswered.iter()).await?.len();
    world.tell.say(&format!(
        "of the {open} that got no answer, {written} had reached the disk: nobody could know"
    ));

    world.tell.sent(&format!(
        "gRPC PaymentService/Pay  all {PAYMENTS} again, under the same keys"
    ));
    let repeated = repeat(world).await?;
    let (after, _) = world.balances().await?;
    world
        .tell
        .got(&format!("{} paid; {} left", repeated.len(), ui_yuan(after)));
    let same = answered
        .iter()
        .all(|(serial, order)| repeated.get(serial) == Some(order));
    world.tell.proves(
        same,
        "what was acknowledged is answered as before, order number for order number",
    )?;
    let expected = before.saturating_sub(AMOUNT_FEN.saturating_mul(i64::from(PAYMENTS)));
    world.tell.proves(
        after == expected && repeated.len() == usize::try_from(PAYMENTS).unwrap_or(0),
        &format!(
            "each was taken exactly once: {} - {PAYMENTS} × {} = {}",
            ui_yuan(before),
            ui_yuan(AMOUNT_FEN),
            ui_yuan(after)
        ),
    )?;
    documented_request_again(world).await
}

fn serial(number: u32) -> String {
    format!("1{number:05}")
}

/// What became of the payments before the kill.
struct Burst {
    paid: Paid,
    /// The serials that were sent and got no answer.
    unanswered: Vec<String>,
    /// How the server ended.
    status: ExitStatus,
}

/// Pays until so many are answered, then kills the server.
async fn burst(world: &mut World) -> Result<Burst, Stop> {
    let mut server = world
        .server
        .take()
        .ok_or_else(|| Stop::failed("the server is down"))?;
    let mut numbers = 0..PAYMENTS;
    let mut running = JoinSet::new();
    let impatient = map_client::MapClient::new(
        map_client::ClientConfig::new(server.core(), &world.stage.keys.app_bearer).retry(RetryPolicy::NEVER),
    )
    .map_err(Stop::failed)?;
    let (mut paid, mut unanswered) = (Paid::new(), Vec::new());
    let mut killed = false;
    loop {
        while !killed
            && running.len() < AT_ONCE
            && let Some(number) = numbers.next()
        {
            let client = impatient.clone();
            running.spawn(async move {
                let serial = serial(number);
                (
                    client.pay(payment(&serial, AMOUNT_FEN, PAYMENT_CODE)).await,
                    serial,
                )
            });
        }
        match running.join_next().await {
            None => break,
            Some(Ok((Ok(answer), serial))) => {
                paid.insert(serial, answer.payment.unwrap_or_default().order_number);
            }
            Some(Ok((Err(Error::OutcomeUnknown { .. }), serial))) if killed => unanswered.push(serial),
            Some(Ok((Err(error), _))) => return Err(world.tell.failed(&error.to_string())),
            Some(Err(error)) => return Err(world.tell.failed(&error.to_string())),
        }
        if paid.len() >= ANSWERS && !killed {
            server.kill().map_err(Stop::failed)?;
            killed = true;
        }
    }
    Ok(Burst {
        paid,
        unanswered,
        status: server.ended().await?,
    })
}

/// The payments with these serials that are found as paid, with their order numbers.
async fn found(world: &World, serials: impl Iterator<Item = &String>) -> Result<Paid, Stop> {
    let mut paid = Paid::new();
    for serial in serials {
        let request = FindPaymentRequest {
            key: Some(pos_key(serial)),
        };
        let answer = world.doors.app.find_payment(request).await;
        if reason(&answer) == "PAYMENT_NOT_FOUND" {
            continue;
        }
        let payment = world.answered(answer)?.payment.unwrap_or_default();
        if payment.state() == PaymentState::Paid {
            paid.insert(serial.clone(), payment.order_number);
        }
    }
    Ok(paid)
}

/// Every payment once more, one after the other.
async fn repeat(world: &World) -> Result<Paid, Stop> {
    let mut paid = Paid::new();
    for number in 0..PAYMENTS {
        let serial = serial(number);
        let answer = world
            .doors
            .app
            .pay(payment(&serial, AMOUNT_FEN, PAYMENT_CODE))
            .await;
        let order = world.answered(answer)?.payment.unwrap_or_default().order_number;
        paid.insert(serial, order);
    }
    Ok(paid)
}

async fn documented_request_again(world: &World) -> Result<(), Stop> {
    let Some(paid) = &world.kept else {
        return Err(world.tell.failed("nothing was paid"));
    };
    world.tell.sent(&format!(
        "POST {}  the bytes of the last JSON payment, once more",
        paid.path
    ));
    let again = world.repeat(paid).await?;
    world.tell.proves(
        again.answer == paid.answer,
        "the answer that the dead server gave, byte for byte",
    )
}
