//! The rounds of a series: load, a kill, openings that are killed, too, an opening, an audit, a check.

use super::audit::Audit;
use super::cast::{Member, Money};
use super::deal::{Deal, Known};
use super::load::Load;
use super::report::{Moment, Promise, Report};
use crate::harness::{Server, Setup, eventually, wait};
use fastrand::Rng;
use map_client::proto::operator::v1::GetTrialBalanceRequest;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::Instant;

/// Whose payments they are; the first is hot.
const CUSTOMERS: usize = 6;
/// Deals of earlier rounds that each round asks for once more.
const LOOKED_BACK: usize = 40;
/// Settings that have the ledger write files more often than it would.
const SMALL: &str = "[store]\nmemtable_bytes = 1048576\nsegment_bytes = 524288\n";
/// A kill that comes too late for its moment is tried again, each time earlier.
const TRIES: u32 = 8;

/// A series of rounds on one folder.
pub struct Series {
    pub seed: u64,
    pub rounds: usize,
    /// Callers at once; drawn for each round where there is no number.
    pub callers: Option<usize>,
}

impl Series {
    /// Plays it until it ends or a promise is broken. A line for each round is told.
    pub fn run(&self, tell: impl Fn(&str)) -> Report {
        let setup = Setup {
            tables: SMALL,
            ..Setup::default()
        };
        let server = Server::start(setup);
        let mut play = Play {
            cast: (0..CUSTOMERS).map(|_| Member::new(&server)).collect(),
            money: vec![Money::FIRST; CUSTOMERS],
            server,
            rng: Rng::with_seed(self.seed),
            callers: self.callers,
            history: Vec::new(),
            opening: Duration::from_millis(100),
            report: Report::default(),
        };
        // Every three rounds hold each moment of a kill once, in an order of their own.
        let mut moments = Vec::new();
        while play.report.rounds < self.rounds && play.report.findings.is_empty() {
            if moments.is_empty() {
                moments = vec![Moment::Load, Moment::Files, Moment::Draining];
                play.rng.shuffle(&mut moments);
            }
            play.round(moments.pop().expect("a moment"), &tell);
        }
        play.end()
    }
}

/// A series under way.
struct Play {
    server: Server,
    cast: Vec<Member>,
    /// What everybody must have.
    money: Vec<Money>,
    rng: Rng,
    callers: Option<usize>,
    /// Deals of earlier rounds, all of them settled.
    history: Vec<Deal>,
    /// How long the last opening took.
    opening: Duration,
    report: Report,
}

impl Play {
    fn round(&mut self, moment: Moment, tell: &impl Fn(&str)) {
        let mut deals = Vec::new();
        for earlier in 0..TRIES {
            let met = self.burst(moment, earlier, &mut deals);
            if met {
                self.report.killed(moment);
                break;
            }
            self.launch();
        }
        let openings = self.rng.usize(1..=3);
        for _ in 0..openings {
            let pause = self.opening.mul_f64(self.rng.f64());
            if self.server.kill_while_opening(pause) {
                self.report.killed(Moment::Opening);
            }
        }
        self.launch();
        let open = deals.iter().filter(|deal| deal.is_open()).count();
        self.count(&deals);
        self.audit(&mut deals);
        self.rng.shuffle(&mut self.history);
        let mut earlier = self
            .history
            .split_off(self.history.len().saturating_sub(LOOKED_BACK));
        self.ask(&mut earlier);
        self.history.extend(earlier);
        self.report.rounds += 1;
        tell(&format!(
            "round {}: killed {moment}, then {openings} times while opening; {} deals, {open} of them open; \
             opened in {} ms",
            self.report.rounds,
            deals.len(),
            self.opening.as_millis()
        ));
        self.history.append(&mut deals);
        self.check();
        self.launch();
    }

    /// Load, and the kill. Whether it came at its moment.
    fn burst(&mut self, moment: Moment, earlier: u32, deals: &mut Vec<Deal>) -> bool {
        let callers = self.callers.unwrap_or_else(|| self.rng.usize(8..=16));
        let answers = self.rng.usize(40..250);
        let pause = Duration::from_micros(self.rng.u64(0..10_000)) / 2_u32.pow(earlier);
        let load = Load::new(&self.server, &self.cast);
        let mut file = None;
        let met = std::thread::scope(|scope| {
            for _ in 0..callers {
                let (load, rng) = (&load, self.rng.fork());
                scope.spawn(move || load.call(rng));
            }
            eventually("there is load", || {
                (load.acknowledged.load(Ordering::Relaxed) >= answers || load.failed()).then_some(())
            });
            match moment {
                _ if load.failed() => self.server.kill_running(),
                Moment::Files => file = Some(self.server.kill_at_its_files(pause)),
                Moment::Draining => return self.server.kill_while_draining(pause),
                Moment::Load | Moment::Opening => {
                    std::thread::sleep(pause);
                    self.server.kill_running();
                }
            }
            true
        });
        if let Some(file) = file {
            *self.report.files.entry(file).or_default() += 1;
        }
        self.report
            .findings
            .append(&mut load.findings.into_inner().expect("callers"));
        deals.append(&mut load.deals.into_inner().expect("callers"));
        met
    }

    fn launch(&mut self) {
        let start = Instant::now();
        self.server.launch();
        self.opening = start.elapsed();
    }

    fn count(&mut self, deals: &[Deal]) {
        self.report.acknowledged += deals.iter().map(Deal::acknowledged).sum::<usize>();
        let known = deals.iter().flat_map(Deal::known);
        self.report.unanswered += known.filter(|known| **known == Known::Open).count();
    }

    /// New deals: they are asked for, and everybody has what they left.
    fn audit(&mut self, deals: &mut [Deal]) {
        let moved = self.ask(deals);
        for ((member, money), moved) in self.cast.iter().zip(&mut self.money).zip(moved) {
            *money += moved;
            let has = member.money(&self.server);
            if has != *money {
                // Less than it should be: something was taken twice; more: something is lost.
                let promise = if has.cash + has.card < money.cash + money.card {
                    Promise::Twice
                } else {
                    Promise::Kept
                };
                let text = format!("{} has {has:?} and should have {money:?}", member.customer.mobile);
                self.report.findings.push(promise.broken(text));
            }
        }
        let books = wait(
            self.server
                .operator()
                .get_trial_balance(GetTrialBalanceRequest {}),
        );
        let books = books.expect("the trial balance");
        if books.total_fen != 0 {
            self.report
                .findings
                .push(Promise::Clean.broken(format!("{books:?}")));
        }
    }

    fn ask(&mut self, deals: &mut [Deal]) -> Vec<Money> {
        let audit = Audit::of(&self.server, &self.cast, deals, &mut self.rng);
        self.report.asked += deals.len();
        self.report.happened += audit.happened;
        self.report.findings.extend(audit.findings);
        audit.moved
    }

    /// Ends the server at rest, cleanly or not, and has its folder checked.
    fn check(&mut self) {
        if self.rng.bool() {
            self.server.kill();
        } else {
            let statuses = self.server.stop();
            if !statuses.iter().all(std::process::ExitStatus::success) {
                let text = format!("the server was stopped and ended with {statuses:?}");
                self.report.findings.push(Promise::Clean.broken(text));
            }
        }
        match self.server.clean() {
            Ok(()) => self.report.checks += 1,
            Err(said) => self.report.findings.push(Promise::Clean.broken(said)),
        }
    }

    /// Everything that was ever acknowledged is asked for once more.
    fn end(mut self) -> Report {
        let mut history = std::mem::take(&mut self.history);
        if self.report.findings.is_empty() {
            self.ask(&mut history);
            self.audit(&mut []);
            self.check();
        }
        self.server.kill();
        if !self.report.findings.is_empty() {
            self.report.folder = Some(self.server.keep());
        }
        self.report
    }
}
