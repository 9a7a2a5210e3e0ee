//! Whether the core takes calls: asked twice a second (`grpc.health.v1`), so that a probe of the gateway costs the
//! core nothing. A question tells what a connection does not: a core that stands still, or one whose machine is gone.
//!
//! A connection that is refused, and a "no", count at once. An answer that is late counts when the next one is late,
//! too: on a busy machine one may be, and a gateway that is taken out of its load balancer for it makes the others
//! busier.

use crate::core::{Core, Meta, reason};
use map_trace::Outage;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::timeout;
use tonic::{Code, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

const RPC: &str = "/grpc.health.v1.Health/Check";

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(500);

/// How long an answer may take. It needs neither a place nor the ledger.
const DEADLINE: Duration = Duration::from_millis(500);

/// What the core said of itself last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CoreHealth {
    /// It takes calls, or nobody has asked yet.
    Serving,
    /// It drains, or its ledger takes no commits.
    NotServing,
    /// It does not answer, for this reason.
    Unreachable(String),
}

impl CoreHealth {
    /// Why calls can't be answered; `None`: they can.
    pub(crate) fn obstacle(&self) -> Option<String> {
        match self {
            Self::Serving => None,
            Self::NotServing => Some("the core says that it is not serving".to_owned()),
            Self::Unreachable(reason) => Some(format!("the core does not answer: {reason}")),
        }
    }
}

/// Asks until it is dropped. Tells when the core goes and when it comes back.
pub(crate) async fn keep(core: Core, health: watch::Sender<CoreHealth>) -> Infallible {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut outage = Outage::default();
    let mut late = false;
    loop {
        ticks.tick().await;
        let found = match ask(&core).await {
            Some(found) => found,
            None if late => CoreHealth::Unreachable(format!(
                "late twice in a row (more than {} ms)",
                DEADLINE.as_millis()
            )),
            None => {
                late = true;
                continue;
            }
        };
        late = false;
        outage.look(
            found.obstacle(),
            |reason| {
                tracing::warn!(
                    reason,
                    "until the core takes calls again, those that change something get no answer"
                );
            },
            || tracing::info!("the core takes calls again"),
        );
        health.send_if_modified(|said| {
            let changed = *said != found;
            *said = found;
            changed
        });
    }
}

/// What the core says of itself; `None`: nothing in time.
pub(crate) async fn ask(core: &Core) -> Option<CoreHealth> {
    let meta = Meta {
        on_behalf_of: None,
        request_id: "health",
        proof: None,
        deadline: DEADLINE,
    };
    let asked = core.unary(RPC, HealthCheckRequest::default(), &meta);
    let answer: Result<HealthCheckResponse, Status> = timeout(DEADLINE, asked).await.ok()?;
    match answer.map(|answer| answer.status()) {
        Ok(ServingStatus::Serving) => Some(CoreHealth::Serving),
        Ok(ServingStatus::NotServing | ServingStatus::Unknown | ServingStatus::ServiceUnknown) => {
            Some(CoreHealth::NotServing)
        }
        // Something between us passes our calls on and not this one; they may well be answered.
        Err(status) if status.code() == Code::Unimplemented => Some(CoreHealth::Serving),
        // The channel's own deadline is the same.
        Err(status) if matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled) => None,
        Err(status) => Some(CoreHealth::Unreachable(reason(&status))),
    }
}
