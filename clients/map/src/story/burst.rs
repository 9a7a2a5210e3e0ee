//! Callers that pay one payment after the other, until the server is killed under them.

use super::stage::PAYMENT_CODE;
use super::world::{World, payment};
use crate::outcome::Stop;
use map_client::{ClientConfig, Error, MapClient, RetryPolicy};
use std::collections::BTreeMap;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Payments at once: each caller has one under way from its beginning to the kill.
pub(super) const CALLERS: u32 = 8;
/// After how many answers the server is killed.
pub(super) const ANSWERS: u32 = 20;
/// More payments than are answered before the kill, unless the machine is very busy.
const MOST: u32 = 300;

/// Order numbers by serial.
pub(super) type Paid = BTreeMap<String, String>;

/// What became of the payments before the kill.
pub(super) struct Burst {
    pub(super) paid: Paid,
    /// The serials that were sent and got no answer.
    pub(super) unanswered: Vec<String>,
    /// How the server ended.
    pub(super) status: ExitStatus,
}

/// What the callers of a burst share.
struct Callers {
    client: MapClient,
    /// Each payment in fen.
    amount_fen: i64,
    /// The number of the next payment, and the one that is too many.
    next: AtomicU32,
    end: u32,
    answered: watch::Sender<u32>,
    killed: AtomicBool,
}

/// What one caller knows in the end.
#[derive(Default)]
struct Known {
    paid: Paid,
    unanswered: Option<String>,
}

/// The `number`th burst: pays until so many are answered, then kills the server.
pub(super) async fn burst(world: &mut World, number: u32, amount_fen: i64) -> Result<Burst, Stop> {
    let mut server = world
        .server
        .take()
        .ok_or_else(|| Stop::failed("the server is down"))?;
    let impatient = ClientConfig::new(server.core(), &world.stage.keys.app_bearer).retry(RetryPolicy::NEVER);
    let first = number.saturating_mul(MOST);
    let callers = Arc::new(Callers {
        client: MapClient::new(impatient).map_err(Stop::failed)?,
        amount_fen,
        next: AtomicU32::new(first),
        end: first.saturating_add(MOST),
        answered: watch::Sender::new(0),
        killed: AtomicBool::new(false),
    });
    let mut answered = callers.answered.subscribe();
    let mut running = JoinSet::new();
    for _ in 0..CALLERS {
        running.spawn(Arc::clone(&callers).call());
    }
    let mut burst = (Paid::new(), Vec::new());
    let mut keep = |known: Known| {
        burst.0.extend(known.paid);
        burst.1.extend(known.unanswered);
    };
    loop {
        tokio::select! {
            _ = answered.wait_for(|answered| *answered >= ANSWERS) => break,
            // Before the kill a caller ends because of an error, or because all is paid.
            ended = running.join_next() => match ended {
                Some(ended) => keep(ended.map_err(Stop::failed)?.map_err(|error| failed(world, &error))?),
                None => break,
            },
        }
    }
    callers.killed.store(true, Ordering::SeqCst);
    server.kill().map_err(Stop::failed)?;
    while let Some(ended) = running.join_next().await {
        keep(
            ended
                .map_err(Stop::failed)?
                .map_err(|error| failed(world, &error))?,
        );
    }
    let (paid, unanswered) = burst;
    Ok(Burst {
        paid,
        unanswered,
        status: server.ended().await?,
    })
}

fn failed(world: &World, error: &Error) -> Stop {
    world.tell.failed(&error.to_string())
}

impl Callers {
    /// Pays until the server is killed. Nothing is begun after the kill: what then gets no answer was
    /// under way.
    async fn call(self: Arc<Self>) -> Result<Known, Error> {
        let mut known = Known::default();
        while !self.killed.load(Ordering::SeqCst) {
            let number = self.next.fetch_add(1, Ordering::SeqCst);
            if number >= self.end {
                break;
            }
            let serial = format!("1{number:05}");
            let request = payment(&serial, self.amount_fen, PAYMENT_CODE);
            match self.client.pay(request).await {
                Ok(answer) => {
                    let order = answer.payment.unwrap_or_default().order_number;
                    known.paid.insert(serial, order);
                    self.answered
                        .send_modify(|answered| *answered = answered.saturating_add(1));
                }
                Err(Error::OutcomeUnknown { .. }) if self.killed.load(Ordering::SeqCst) => {
                    known.unanswered = Some(serial);
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(known)
    }
}
