//! `map serve` killed with SIGKILL under load and started again: what was acknowledged is there, nothing is
//! there twice, `map check` is clean.

use crate::harness::people::digits;
use crate::harness::*;
use map_client::Error;
use map_client::proto::payment::v1::PayRequest;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Clients at once; each customer has several of them at a time.
const CLIENTS: usize = 12;
const CUSTOMERS: usize = 5;
/// Acknowledged calls before the kill.
const LOAD: usize = 180;
/// What every customer begins with, in fen.
const MONEY: i64 = 10_000_000;

/// What is known of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Known {
    NotSent,
    /// Sent, and no answer came.
    Open,
    /// Acknowledged with this order number.
    Done(String),
    /// Acknowledged: there was no payment, and there never will be.
    Fenced,
}

/// How a payment is made.
#[derive(Clone, Copy, Debug)]
enum Way {
    Front,
    Gw,
    Grpc,
}

/// A payment and its undo.
#[derive(Clone, Debug)]
struct Deal {
    customer: usize,
    pos: Pos,
    fen: i64,
    way: Way,
    paid: Known,
    undone: Known,
}

/// The payment, sent once.
fn pay(server: &Server, customers: &[Customer], deal: &Deal) -> Result<Known, String> {
    let customer = &customers[deal.customer];
    let call = match deal.way {
        Way::Front => front_pay(customer, &deal.pos, deal.fen),
        Way::Gw => gw_pay(customer, &deal.pos, deal.fen).with("appOrderId", &deal.pos.serial),
        Way::Grpc => return grpc_pay(server, customer, deal),
    };
    match call.send(server) {
        Reply::Answer(answer) if answer.succeeded() => {
            Ok(Known::Done(answer.json.text("order.orderId").to_owned()))
        }
        Reply::Answer(answer) => Err(answer.errmsg().to_owned()),
        Reply::Closed | Reply::Refused => Ok(Known::Open),
    }
}

fn grpc_pay(server: &Server, customer: &Customer, deal: &Deal) -> Result<Known, String> {
    let request = PayRequest {
        key: Some(deal.pos.key()),
        consumer: customer.mobile.clone(),
        payment_code: Some(digits(&customer.pin)),
        amount_fen: deal.fen,
        store_id: deal.pos.store.clone(),
        clerk_id: "zhangsan".to_owned(),
        ..PayRequest::default()
    };
    match wait(server.client(&world::secrets().network1).pay(request)) {
        Ok(paid) => Ok(Known::Done(paid.payment.expect("a payment").order_number)),
        Err(Error::OutcomeUnknown { .. }) => Ok(Known::Open),
        Err(Error::Refused(refusal)) => Err(refusal.reason_text),
    }
}

/// The undo, sent once.
fn undo(server: &Server, deal: &Deal) -> Known {
    match front_undo(&deal.pos).send(server) {
        Reply::Answer(answer) if answer.succeeded() => {
            Known::Done(answer.json.text("order.orderId").to_owned())
        }
        Reply::Answer(answer) => {
            assert!(answer.errmsg().contains("已登记不再扣款"), "{}", answer.json);
            Known::Fenced
        }
        Reply::Closed | Reply::Refused => Known::Open,
    }
}

/// One client: pays in three ways, undoes every third payment, sometimes before it. Ends when an answer
/// stays out, which is when the server was killed.
fn client(
    server: &Server,
    customers: &[Customer],
    number: usize,
    acknowledged: &AtomicUsize,
    deals: &Mutex<Vec<Deal>>,
) {
    for step in number.. {
        let mut deal = Deal {
            customer: step % CUSTOMERS,
            pos: Pos::of("posp1", "SH12345", "ST12345", ["ZJ000001", "ZJ000002"][step % 2]),
            fen: 100 + i64::try_from(step).unwrap() % 900,
            way: [Way::Front, Way::Gw, Way::Grpc][step % 3],
            paid: Known::NotSent,
            undone: Known::NotSent,
        };
        if step % 11 == 0 {
            deal.undone = undo(server, &deal);
        }
        if deal.undone != Known::Open && deal.undone != Known::Fenced {
            deal.paid = pay(server, customers, &deal).unwrap_or_else(|reason| panic!("{deal:?}: {reason}"));
            if step % 3 == 1 && matches!(deal.paid, Known::Done(_)) {
                deal.undone = undo(server, &deal);
            }
        }
        let open = deal.paid == Known::Open || deal.undone == Known::Open;
        server::lock(deals).push(deal);
        if open {
            return;
        }
        acknowledged.fetch_add(1, Ordering::Relaxed);
    }
}

/// Asks everything again and completes what was open; gives what each deal took in the end.
fn settle(server: &Server, customers: &[Customer], deal: &mut Deal) -> i64 {
    if deal.undone != Known::NotSent {
        let again = undo(server, deal);
        match &deal.undone {
            Known::Open => assert_ne!(again, Known::Open, "{deal:?}"),
            known => assert_eq!(&again, known, "an acknowledged undo: {deal:?}"),
        }
        deal.undone = again;
        // The payment, sent late or again, is refused for ever.
        let late = pay(server, customers, deal);
        assert!(late.is_err(), "undone and yet paid: {deal:?} {late:?}");
        return 0;
    }
    let again = pay(server, customers, deal).unwrap_or_else(|reason| panic!("{deal:?}: {reason}"));
    match &deal.paid {
        Known::Done(_) => assert_eq!(again, deal.paid, "an acknowledged payment: {deal:?}"),
        _ => assert!(matches!(again, Known::Done(_)), "{deal:?}: {again:?}"),
    }
    deal.paid = again;
    deal.fen
}

#[test]
fn killed_under_load_and_started_again_every_acknowledged_payment_is_there_and_none_twice() {
    let server = Server::start(Setup::default());
    let customers: Vec<Customer> = (0..CUSTOMERS).map(|_| server.customer(MONEY)).collect();
    let mut spent = [0; CUSTOMERS];
    let mut total = 0;
    for round in 1..=3 {
        let acknowledged = AtomicUsize::new(0);
        let deals = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for number in 0..CLIENTS {
                let (server, customers, acknowledged, deals) = (&server, &customers, &acknowledged, &deals);
                scope.spawn(move || client(server, customers, number * 1000, acknowledged, deals));
            }
            eventually("there is load", || {
                (acknowledged.load(Ordering::Relaxed) >= LOAD).then_some(())
            });
            server.kill_running();
        });
        server.launch();
        let mut deals = deals.into_inner().unwrap();
        let open = deals
            .iter()
            .filter(|deal| deal.paid == Known::Open || deal.undone == Known::Open)
            .count();
        crate::harness::keys::say(&format!(
            "round {round}: killed with {} deals, {open} of them open",
            deals.len()
        ));
        for deal in &mut deals {
            spent[deal.customer] += settle(&server, &customers, deal);
        }
        for (customer, spent) in customers.iter().zip(spent) {
            assert_eq!(server.balance(customer), MONEY - spent, "round {round}");
        }
        server.trial_balance();
        total += deals.len();
        server.kill();
        clean(&server);
        server.launch();
    }
    assert!(total >= 3 * LOAD);
    let statuses = server.stop();
    assert!(
        statuses.iter().all(std::process::ExitStatus::success),
        "{statuses:?}"
    );
    clean(&server);
}

/// `map check` finds nothing wrong.
#[track_caller]
pub fn clean(server: &Server) {
    let output = server.check();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report = Json::parse(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"));
    assert_eq!(
        report.at("problems").map(Json::elements),
        Some(&[][..]),
        "{report}"
    );
}
