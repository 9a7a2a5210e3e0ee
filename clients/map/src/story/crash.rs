//! Act three: the server is killed in the middle of payments and started again.

use super::burst::{ANSWERS, Burst, CALLERS, Paid, burst};
use super::stage::PAYMENT_CODE;
use super::ui_yuan;
use super::world::{Doors, World, payment, pos_key, reason};
use crate::child::Server;
use crate::outcome::Stop;
use map_client::proto::payment::v1::{FindPaymentRequest, PaymentState};
use tokio::time::Instant;

/// Each payment, in fen.
const AMOUNT_FEN: i64 = 10;
/// A kill that finds all payments answered, as one may on a busy machine, is repeated.
const KILLS: u32 = 5;

pub(super) async fn play(world: &mut World) -> Result<(), Stop> {
    world
        .tell
        .step("kill -9 in the middle of payments, and a restart");
    let (before, _) = world.balances().await?;
    let mut answered = Paid::new();
    let mut unanswered = Vec::new();
    for number in 0..KILLS {
        let killed = kill(world, number).await?;
        restart(world).await?;
        answered.extend(killed.paid);
        unanswered = killed.unanswered;
        if !unanswered.is_empty() {
            break;
        }
        world
            .tell
            .say("all had been answered by then: this kill cut nothing off");
    }
    let (acknowledged, open) = (answered.len(), unanswered.len());
    let present = found(world, answered.keys()).await? == answered;
    world.tell.proves(
        present,
        &format!("all {acknowledged} acknowledged payments are there, with their order numbers"),
    )?;
    let written = found(world, unanswered.iter()).await?.len();
    world.tell.say(&format!(
        "of the {open} that got no answer, {written} had reached the disk: nobody could know"
    ));

    let serials: Vec<&String> = answered.keys().chain(&unanswered).collect();
    let all = serials.len();
    world.tell.sent(&format!(
        "gRPC PaymentService/Pay  all {all} again, under the same keys"
    ));
    let repeated = repeat(world, &serials).await?;
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
    let taken = AMOUNT_FEN.saturating_mul(i64::try_from(all).unwrap_or(i64::MAX));
    world.tell.proves(
        after == before.saturating_sub(taken) && repeated.len() == all,
        &format!(
            "each was taken exactly once: {} - {all} × {} = {}",
            ui_yuan(before),
            ui_yuan(AMOUNT_FEN),
            ui_yuan(after)
        ),
    )?;
    documented_request_again(world).await
}

/// Payments, and the kill among them.
async fn kill(world: &mut World, number: u32) -> Result<Burst, Stop> {
    let sent = format!(
        "gRPC PaymentService/Pay  {} yuan each, {CALLERS} at once, one after the other",
        ui_yuan(AMOUNT_FEN)
    );
    world.tell.sent(&sent);
    let killed = burst(world, number, AMOUNT_FEN).await?;
    let (acknowledged, open) = (killed.paid.len(), killed.unanswered.len());
    world.tell.got(&format!(
        "{acknowledged} answered, then SIGKILL, with {open} under way: {}",
        killed.status
    ));
    let enough = acknowledged >= usize::try_from(ANSWERS).unwrap_or(usize::MAX);
    world.tell.proves(
        !killed.status.success() && enough,
        "the server died while it was used",
    )?;
    Ok(killed)
}

/// Another process takes over the folder.
async fn restart(world: &mut World) -> Result<(), Stop> {
    let began = Instant::now();
    let server = Server::start(&world.stage.place).await?;
    world.doors = Doors::open(&world.stage, &server)?;
    world.tell.say(&format!(
        "process {} took over the folder in {} ms",
        server.pid(),
        began.elapsed().as_millis()
    ));
    world.server = Some(server);
    Ok(())
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
async fn repeat(world: &World, serials: &[&String]) -> Result<Paid, Stop> {
    let mut paid = Paid::new();
    for serial in serials {
        let answer = world
            .doors
            .app
            .pay(payment(serial, AMOUNT_FEN, PAYMENT_CODE))
            .await;
        let order = world.answered(answer)?.payment.unwrap_or_default().order_number;
        paid.insert((*serial).clone(), order);
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
