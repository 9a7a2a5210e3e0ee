//! One benchmark: a server, and one run after the other against it.

use super::door::{Door, DoorName};
use super::drive::{Driven, Load, drive};
use super::home::{Home, Paid};
use super::payments::Payments;
use super::prepare::Requests;
use super::probe::Probe;
use super::verify;
use crate::child::Server;
use crate::cli::{BenchArgs, BenchMode};
use crate::outcome::Stop;
use crate::ui::note;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Before a run is measured.
const WARM_UP: Duration = Duration::from_millis(500);
/// Payments of a warm-up, at most.
const WARM_UP_COUNT: u64 = 500;
/// Payments of a run whose requests are made before, where nothing else is said.
const READY_COUNT: u64 = 20_000;
/// No caller gets more answers than this in a second.
const SWIFTEST: u64 = 2_000;

/// One run.
pub(super) struct Run {
    pub(super) door: DoorName,
    pub(super) mode: BenchMode,
    pub(super) callers: usize,
    /// Payments a second that were begun, where that was fixed.
    pub(super) pace: Option<u64>,
    pub(super) driven: Driven,
    /// What it cost.
    pub(super) cost: Probe,
}

impl Run {
    /// Payments a second.
    pub(super) fn rate(&self) -> u64 {
        let payments = self.driven.tally.paid.payments;
        let us = u64::try_from(self.driven.time.as_micros()).unwrap_or(u64::MAX);
        payments
            .saturating_mul(1_000_000)
            .checked_div(us)
            .unwrap_or_default()
    }
}

/// All of them.
pub(super) struct Session {
    pub(super) seed: u64,
    pub(super) runs: Vec<Run>,
    /// From the start of the first server until it served.
    pub(super) started: Duration,
    /// The same after it was killed.
    pub(super) restarted: Option<Duration>,
    /// All acknowledged payments, warm-ups included.
    pub(super) paid: Paid,
}

/// The server under load.
struct Bench<'a> {
    args: &'a BenchArgs,
    home: &'a Home,
    server: Server,
    payments: Payments,
    session: Session,
}

/// Starts a server, does every run that was asked for, stops it.
pub(super) async fn session(home: &mut Home, args: &BenchArgs) -> Result<Session, Stop> {
    if home.facts.paid.is_none() {
        note("an earlier benchmark in this folder ended unchecked; it is checked now");
        home.facts.paid = Some(verify::counted(home).await?);
    }
    let before = home.facts.paid.take();
    home.facts.sessions = home.facts.sessions.saturating_add(1);
    home.remember()?;
    home.facts.paid = before;
    let seed = args.seed.unwrap_or(home.facts.sessions);
    let began = Instant::now();
    let server = Server::start(&home.place).await?;
    let mut bench = Bench {
        args,
        home,
        server,
        payments: Payments::new(home.facts.sessions, seed, home.facts.customers),
        session: Session {
            seed,
            runs: Vec::new(),
            started: began.elapsed(),
            restarted: None,
            paid: Paid::default(),
        },
    };
    for door in &args.door {
        for mode in &args.mode {
            bench.runs(*door, *mode).await?;
        }
    }
    if args.mode.contains(&BenchMode::Restart) {
        bench.restart().await?;
    }
    let status = bench.server.stop().await?;
    if status.success() {
        Ok(bench.session)
    } else {
        Err(Stop::failed(format!("the server ended with {status}")))
    }
}

impl Bench<'_> {
    async fn runs(&mut self, door: DoorName, mode: BenchMode) -> Result<(), Stop> {
        let most = self.args.in_flight.iter().copied().max().unwrap_or(1);
        match mode {
            BenchMode::Spread => {
                for callers in &self.args.in_flight {
                    self.run(door, mode, *callers, None).await?;
                }
                Ok(())
            }
            BenchMode::Hot => self.run(door, mode, most, None).await,
            BenchMode::Half => {
                let spread = |run: &&Run| run.door == door && run.mode == BenchMode::Spread;
                let best = self.session.runs.iter().filter(spread).map(Run::rate).max();
                let pace = self
                    .args
                    .pace
                    .or(best.map(|rate| rate / 2))
                    .filter(|pace| *pace > 0);
                let pace =
                    pace.ok_or_else(|| Stop::usage("--mode half needs spread before it, or --pace"))?;
                self.run(door, mode, most.saturating_mul(4), Some(pace)).await
            }
            BenchMode::Restart => Ok(()),
        }
    }

    async fn run(
        &mut self,
        name: DoorName,
        mode: BenchMode,
        callers: usize,
        pace: Option<u64>,
    ) -> Result<(), Stop> {
        let door = Arc::new(Door::new(name, &self.home.facts.keys)?);
        let payments = match mode {
            BenchMode::Hot => self.payments.of_one(),
            BenchMode::Spread | BenchMode::Half | BenchMode::Restart => self.payments.clone(),
        };
        let load = Load {
            callers,
            connections: self.args.connections,
            time: Duration::from_secs(self.args.seconds),
            count: self.count(name, callers, pace),
            pace,
        };
        note(&format!("{} {mode:?}, {callers} callers", name.as_str()));
        let warm_up = Load {
            time: WARM_UP,
            count: WARM_UP_COUNT.min(load.count),
            pace: None,
            ..load
        };
        let ready = warm_up.count.saturating_add(load.count);
        let requests = Arc::new(Requests::new(name, &door, payments, ready).await?);
        let server = self.address(name)?;
        let warmed = drive(&door, server, Arc::clone(&requests), warm_up).await?;
        let before = Probe::take(&self.server).await?;
        let driven = drive(&door, server, requests, load).await?;
        let cost = Probe::take(&self.server).await?.since(before);
        self.session.paid = self.session.paid.plus(warmed.tally.paid).plus(driven.tally.paid);
        self.session.runs.push(Run {
            door: name,
            mode,
            callers,
            pace,
            driven,
            cost,
        });
        Ok(())
    }

    fn count(&self, name: DoorName, callers: usize, pace: Option<u64>) -> u64 {
        let asked = self.args.count;
        match name {
            DoorName::Grpc => asked.unwrap_or(u64::MAX),
            DoorName::Legacy => {
                let callers = u64::try_from(callers).unwrap_or(u64::MAX);
                let rate = pace.unwrap_or_else(|| callers.saturating_mul(SWIFTEST));
                let enough = self.args.seconds.saturating_mul(rate);
                asked.unwrap_or(READY_COUNT).min(enough)
            }
        }
    }

    fn address(&self, name: DoorName) -> Result<SocketAddr, Stop> {
        let url = match name {
            DoorName::Grpc => self.server.core(),
            DoorName::Legacy => self.server.gateway().to_owned(),
        };
        let address = url.trim_start_matches("http://");
        address
            .parse()
            .map_err(|_| Stop::failed("the server has no address"))
    }

    /// Kills the server and starts another in its place, which must pay at once.
    async fn restart(&mut self) -> Result<(), Stop> {
        note("SIGKILL, and another server on the same folder");
        let killed = |error: std::io::Error| Stop::failed(format!("the server can't be killed: {error}"));
        self.server.kill().map_err(killed)?;
        self.server.ended().await?;
        let began = Instant::now();
        self.server = Server::start(&self.home.place).await?;
        self.session.restarted = Some(began.elapsed());
        let door = Arc::new(Door::new(DoorName::Grpc, &self.home.facts.keys)?);
        let load = Load {
            callers: 1,
            connections: 1,
            time: Duration::from_secs(10),
            count: 10,
            pace: None,
        };
        let requests = Requests::new(DoorName::Grpc, &door, self.payments.clone(), load.count).await?;
        let server = self.address(DoorName::Grpc)?;
        let driven = drive(&door, server, Arc::new(requests), load).await?;
        self.session.paid = self.session.paid.plus(driven.tally.paid);
        Ok(())
    }
}
