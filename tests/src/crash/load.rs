//! The load: callers that pay, undo, cancel and transfer until the server is gone.

use super::calls;
use super::cast::Member;
use super::deal::{Deal, Known, Payment, Plan, Transfer, Way};
use super::report::{Finding, Promise};
use crate::harness::people::order_number;
use crate::harness::server::lock;
use crate::harness::{Pos, Server};
use fastrand::Rng;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Terminals at which everybody pays.
const TERMINALS: [&str; 2] = ["ZJ000001", "ZJ000002"];

/// The load on a server, from its start to the kill.
pub(super) struct Load<'a> {
    pub(super) server: &'a Server,
    pub(super) cast: &'a [Member],
    /// Acknowledged calls.
    pub(super) acknowledged: AtomicUsize,
    pub(super) deals: Mutex<Vec<Deal>>,
    pub(super) findings: Mutex<Vec<Finding>>,
}

impl<'a> Load<'a> {
    pub(super) fn new(server: &'a Server, cast: &'a [Member]) -> Self {
        Self {
            server,
            cast,
            acknowledged: AtomicUsize::new(0),
            deals: Mutex::default(),
            findings: Mutex::default(),
        }
    }

    /// One caller, until an answer stays out or is wrong.
    pub(super) fn call(&self, mut rng: Rng) {
        loop {
            let mut deal = self.draw(&mut rng);
            let played = match &mut deal {
                Deal::Payment(payment) => self.payment(payment, &mut rng),
                Deal::Transfer(transfer) => self.transfer(transfer, &mut rng),
            };
            self.acknowledged
                .fetch_add(deal.acknowledged(), Ordering::Relaxed);
            let over = deal.is_open() || played.is_err();
            lock(&self.deals).push(deal);
            lock(&self.findings).extend(played.err());
            if over {
                return;
            }
        }
    }

    /// Whether a caller has given up because a promise was broken.
    pub(super) fn failed(&self) -> bool {
        !lock(&self.findings).is_empty()
    }

    /// What is done next: half of everything is one hot customer's.
    fn draw(&self, rng: &mut Rng) -> Deal {
        let customer = if rng.bool() {
            0
        } else {
            rng.usize(0..self.cast.len())
        };
        let fen = rng.i64(1..1000);
        if rng.u8(0..8) == 0 {
            return Deal::Transfer(Transfer {
                customer,
                key: order_number(),
                fen: fen.min(99),
                way: [Way::Signed, Way::Grpc][rng.usize(0..2)],
                moved: Known::NotSent,
            });
        }
        let pos = Pos::of(
            "posp1",
            "SH12345",
            "ST12345",
            TERMINALS[rng.usize(0..TERMINALS.len())],
        );
        Deal::Payment(Box::new(Payment {
            customer,
            fen,
            plan: match rng.u8(0..9) {
                0..=4 => Plan::Keep,
                5 | 6 => Plan::Undo,
                7 => Plan::Fence,
                _ => Plan::Cancel(pos.next()),
            },
            pos,
            way: Way::ALL[rng.usize(0..Way::ALL.len())],
            paid: Known::NotSent,
            given_back: Known::NotSent,
        }))
    }

    fn payment(&self, payment: &mut Payment, rng: &mut Rng) -> Result<(), Finding> {
        let member = &self.cast[payment.customer];
        if payment.plan == Plan::Fence {
            payment.given_back = sent(rng, || calls::give_back(self.server, payment, "", payment.way))?;
            if payment.given_back != Known::Fenced {
                return expect_open(&payment.given_back, &payment);
            }
            return match calls::pay(self.server, member, payment, payment.way) {
                Known::Refused(_) => Ok(()),
                Known::Open => {
                    payment.paid = Known::Open;
                    Ok(())
                }
                paid => Err(Promise::Twice.broken(format!("{paid:?} after its undo: {payment:?}"))),
            };
        }
        payment.paid = sent(rng, || calls::pay(self.server, member, payment, payment.way))?;
        let Known::Done(order) = payment.paid.clone() else {
            return expect_open(&payment.paid, &payment);
        };
        if payment.plan != Plan::Keep {
            let give_back = || calls::give_back(self.server, payment, &order, payment.way);
            payment.given_back = sent(rng, give_back)?;
            if !matches!(payment.given_back, Known::Done(_)) {
                return expect_open(&payment.given_back, &payment);
            }
        }
        Ok(())
    }

    fn transfer(&self, transfer: &mut Transfer, rng: &mut Rng) -> Result<(), Finding> {
        let member = &self.cast[transfer.customer];
        transfer.moved = sent(rng, || {
            calls::transfer(self.server, member, transfer, transfer.way)
        })?;
        match transfer.moved {
            Known::Done(_) => Ok(()),
            _ => expect_open(&transfer.moved, &transfer),
        }
    }
}

/// Sends a call once, twice at once, or again after its answer; all under one key.
fn sent(rng: &mut Rng, call: impl Fn() -> Known + Sync) -> Result<Known, Finding> {
    let (first, second) = match rng.u8(0..8) {
        0 => std::thread::scope(|scope| {
            let other = scope.spawn(&call);
            let own = call();
            (own, other.join().expect("a call"))
        }),
        1 => {
            let first = call();
            let second = if first == Known::Open { Known::Open } else { call() };
            (first, second)
        }
        _ => return Ok(call()),
    };
    match (first, second) {
        (known, Known::Open) | (Known::Open, known) => Ok(known),
        (first, second) if first == second => Ok(first),
        (first, second) => {
            Err(Promise::Twice.broken(format!("two answers of one key: {first:?}, {second:?}")))
        }
    }
}

/// No answer is what callers get when the server is killed; a refusal is not.
fn expect_open(known: &Known, deal: &dyn std::fmt::Debug) -> Result<(), Finding> {
    match known {
        Known::Open => Ok(()),
        other => Err(Promise::Answered.broken(format!("{other:?}: {deal:?}"))),
    }
}
