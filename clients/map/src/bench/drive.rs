//! Callers that pay: each as soon as its last payment is answered, or all together at a pace.

use super::door::{Door, Line};
use super::prepare::Requests;
use super::tally::Tally;
use crate::outcome::Stop;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How much is asked of the server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Load {
    /// Callers; each has one payment under way at most.
    pub(super) callers: usize,
    /// Connections of a door whose connections carry many calls at once.
    pub(super) connections: usize,
    /// How long payments are begun.
    pub(super) time: Duration,
    /// How many are begun at most.
    pub(super) count: u64,
    /// Payments a second that are begun, whatever became of earlier ones; `None`: as many as are
    /// answered. Latency counts from when a payment should have begun.
    pub(super) pace: Option<u64>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub(super) struct Driven {
    pub(super) tally: Tally,
    /// From the first request to the last answer.
    pub(super) time: Duration,
}

/// What all callers share.
struct Course {
    requests: Arc<Requests>,
    load: Load,
    begun: AtomicU64,
    start: Instant,
    end: Instant,
}

impl Course {
    /// When the next payment is due; `None`: enough are begun.
    fn due(&self) -> Option<Instant> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        let due = match self.load.pace {
            None => now,
            Some(pace) => {
                let after = number.saturating_mul(1_000_000_000).checked_div(pace)?;
                self.start.checked_add(Duration::from_nanos(after))?
            }
        };
        (number < self.load.count && due < self.end).then_some(due)
    }
}

/// Drives the load until it is done; the first answer that is wrong ends it.
pub(super) async fn drive(
    door: &Arc<Door>,
    server: SocketAddr,
    requests: Arc<Requests>,
    load: Load,
) -> Result<Driven, Stop> {
    let lines = connect(door, server, load).await?;
    let start = Instant::now();
    let course = Arc::new(Course {
        requests,
        load,
        begun: AtomicU64::new(0),
        start,
        end: start.checked_add(load.time).unwrap_or(start),
    });
    let mut callers = JoinSet::new();
    for line in lines {
        callers.spawn(caller(Arc::clone(&course), line));
    }
    let mut tally = Tally::new();
    while let Some(made) = callers.join_next().await {
        tally.join(&made.map_err(Stop::failed)??);
    }
    Ok(Driven {
        tally,
        time: start.elapsed(),
    })
}

async fn connect(door: &Arc<Door>, server: SocketAddr, load: Load) -> Result<Vec<Line>, Stop> {
    let mut lines: Vec<Line> = Vec::new();
    let connections = load.connections.max(1);
    for number in 0..load.callers {
        let earlier = number.checked_rem(connections).filter(|_| number >= connections);
        let shared = earlier.and_then(|at| lines.get(at)).and_then(Line::shared);
        lines.push(match shared {
            Some(line) => line,
            None => door.connect(server).await?,
        });
    }
    Ok(lines)
}

async fn caller(course: Arc<Course>, mut line: Line) -> Result<Tally, Stop> {
    let mut tally = Tally::new();
    while let Some(due) = course.due() {
        let Some(request) = course.requests.next() else {
            break;
        };
        let (payment, body) = request?;
        if course.load.pace.is_some() {
            sleep_until(due).await;
        }
        line.pay(body, &payment).await?;
        tally.add(due.elapsed(), payment.amount_fen);
    }
    Ok(tally)
}
