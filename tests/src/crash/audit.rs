//! After a restart: everything that was acknowledged is asked for, and what is open is settled.

use super::calls;
use super::cast::{Member, Money};
use super::deal::{Deal, Known, Payment, Plan, Transfer, Way};
use super::report::{Finding, Promise};
use crate::harness::Server;
use fastrand::Rng;
use map_client::proto::payment::v1::{Payment as Found, PaymentState};

/// Who asks at once.
const ASKING: usize = 8;

/// What came of asking for deals.
pub(super) struct Audit {
    /// What the deals did to each customer's money.
    pub(super) moved: Vec<Money>,
    /// Payments that were not answered and had happened.
    pub(super) happened: usize,
    pub(super) findings: Vec<Finding>,
}

impl Audit {
    /// Asks for each deal over gRPC and by its legacy call, and settles what is open: by the same call under
    /// the same key, or by an undo. Afterwards nobody's money is in doubt.
    pub(super) fn of(server: &Server, cast: &[Member], deals: &mut [Deal], rng: &mut Rng) -> Self {
        let share = deals.len().div_ceil(ASKING).max(1);
        let mut whole = Self::nothing(cast);
        std::thread::scope(|scope| {
            let asking: Vec<_> = deals
                .chunks_mut(share)
                .map(|deals| {
                    let mut rng = rng.fork();
                    scope.spawn(move || {
                        let mut part = Self::nothing(cast);
                        for deal in deals {
                            part.ask(server, cast, deal, &mut rng);
                        }
                        part
                    })
                })
                .collect();
            for part in asking {
                whole.add(part.join().expect("the server answers"));
            }
        });
        whole
    }

    fn nothing(cast: &[Member]) -> Self {
        Self {
            moved: vec![Money::default(); cast.len()],
            happened: 0,
            findings: Vec::new(),
        }
    }

    fn add(&mut self, other: Self) {
        for (own, other) in self.moved.iter_mut().zip(other.moved) {
            *own += other;
        }
        self.happened += other.happened;
        self.findings.extend(other.findings);
    }

    fn ask(&mut self, server: &Server, cast: &[Member], deal: &mut Deal, rng: &mut Rng) {
        let asked = match deal {
            Deal::Payment(payment) => {
                let (customer, member) = (payment.customer, &cast[payment.customer]);
                let asked = self.payment(server, member, payment, rng);
                asked.map(|moved| self.moved[customer] += moved)
            }
            Deal::Transfer(transfer) => {
                let (customer, member) = (transfer.customer, &cast[transfer.customer]);
                let asked = ask_transfer(server, member, transfer);
                asked.map(|moved| self.moved[customer] += moved)
            }
        };
        self.findings.extend(asked.err());
    }

    /// Gives what the payment did to the customer's money.
    fn payment(
        &mut self,
        server: &Server,
        member: &Member,
        payment: &mut Payment,
        rng: &mut Rng,
    ) -> Result<Money, Finding> {
        let found = server.payment(&payment.pos);
        let state = found.as_ref().map(Found::state);
        present(payment, found.as_ref())?;
        if payment.paid == Known::Open && state == Some(PaymentState::Paid) {
            self.happened += 1;
        }
        settle(server, member, payment, found.as_ref(), rng)?;
        again(server, member, payment)?;
        let stays = payment.given_back == Known::NotSent;
        Ok(Money {
            cash: if stays { -payment.fen } else { 0 },
            card: 0,
        })
    }
}

/// What was acknowledged is there, as it was told.
fn present(payment: &Payment, found: Option<&Found>) -> Result<(), Finding> {
    let back = match payment.plan {
        Plan::Cancel(_) => PaymentState::Cancelled,
        Plan::Undo | Plan::Keep => PaymentState::Reversed,
        Plan::Fence => PaymentState::Closed,
    };
    let state = found.map(Found::state);
    let as_told = match (&payment.paid, &payment.given_back) {
        // Acknowledged, and nothing done to it since.
        (Known::Done(_), Known::NotSent) => state == Some(PaymentState::Paid),
        // An undo that was acknowledged, whether it found a payment or closed the key.
        (Known::Done(_), Known::Done(_)) => state == Some(back),
        (_, Known::Fenced) => state == Some(PaymentState::Closed),
        (Known::Done(_), _) => state == Some(PaymentState::Paid) || state == Some(back),
        (_, Known::Done(_)) => state == Some(back),
        (_, Known::Open) => state.is_none() || state == Some(back),
        _ => state.is_none() || state == Some(PaymentState::Paid),
    };
    let number_as_told = match (&payment.paid, found) {
        (Known::Done(order), Some(found)) => *order == found.order_number && found.amount_fen == payment.fen,
        _ => true,
    };
    if as_told && number_as_told {
        Ok(())
    } else {
        Err(Promise::Kept.broken(format!("{payment:?} is found as {found:?}")))
    }
}

/// Settles what is open, by the same call again or by an undo.
fn settle(
    server: &Server,
    member: &Member,
    payment: &mut Payment,
    found: Option<&Found>,
    rng: &mut Rng,
) -> Result<(), Finding> {
    if payment.given_back == Known::Open {
        let order = done(&payment.paid).unwrap_or_default().to_owned();
        payment.given_back = calls::give_back(server, payment, &order, payment.way);
        let expected = if payment.plan == Plan::Fence {
            payment.given_back == Known::Fenced
        } else {
            done(&payment.given_back).is_some()
        };
        return expect(expected, Promise::Answered, payment, &payment.given_back);
    }
    let settled = payment.paid != Known::Open || payment.given_back != Known::NotSent;
    if settled {
        return Ok(());
    }
    if rng.u8(0..3) == 0 {
        payment.plan = Plan::Undo;
        payment.given_back = calls::give_back(server, payment, "", payment.way);
        let expected = match found {
            Some(_) => done(&payment.given_back).is_some(),
            None => payment.given_back == Known::Fenced,
        };
        return expect(expected, Promise::Kept, payment, &payment.given_back);
    }
    payment.plan = Plan::Keep;
    payment.paid = calls::pay(server, member, payment, payment.way);
    let order = done(&payment.paid);
    expect(order.is_some(), Promise::Answered, payment, &payment.paid)?;
    let same = found.is_none_or(|found| order == Some(found.order_number.as_str()));
    expect(same, Promise::Twice, payment, &found)
}

/// Every call once more, the legacy way: the same answers, and no payment after its undo.
fn again(server: &Server, member: &Member, payment: &Payment) -> Result<(), Finding> {
    let paid = calls::pay(server, member, payment, legacy(payment.way));
    if payment.given_back == Known::NotSent {
        return expect(paid == payment.paid, Promise::Kept, payment, &paid);
    }
    let refused = matches!(paid, Known::Refused(_));
    expect(refused, Promise::Twice, payment, &paid)?;
    let order = done(&payment.paid).unwrap_or_default();
    let given_back = calls::give_back(server, payment, order, legacy(payment.way));
    expect(
        given_back == payment.given_back,
        Promise::Kept,
        payment,
        &given_back,
    )
}

/// The transfer under its key, over gRPC and signed: the number that was told, or now one for both.
fn ask_transfer(server: &Server, member: &Member, transfer: &mut Transfer) -> Result<Money, Finding> {
    for way in [Way::Grpc, Way::Signed] {
        let moved = calls::transfer(server, member, transfer, way);
        expect(done(&moved).is_some(), Promise::Answered, transfer, &moved)?;
        if transfer.moved == Known::Open {
            transfer.moved = moved;
        } else {
            expect(moved == transfer.moved, Promise::Kept, transfer, &moved)?;
        }
    }
    Ok(Money {
        cash: transfer.fen,
        card: -transfer.fen,
    })
}

/// The legacy call with the same meaning.
fn legacy(way: Way) -> Way {
    match way {
        Way::Grpc => Way::Front,
        Way::Front | Way::Signed => way,
    }
}

/// The order number of what was acknowledged.
fn done(known: &Known) -> Option<&str> {
    match known {
        Known::Done(order) => Some(order),
        _ => None,
    }
}

fn expect(
    holds: bool,
    promise: Promise,
    deal: &dyn std::fmt::Debug,
    answer: &dyn std::fmt::Debug,
) -> Result<(), Finding> {
    if holds {
        Ok(())
    } else {
        Err(promise.broken(format!("{deal:?} is answered {answer:?}")))
    }
}
