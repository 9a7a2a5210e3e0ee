//! Whether the core takes calls: asked twice a second (`grpc.health.v1`), so that a probe of the gateway costs the
//! core nothing. A question tells what a connection does not: a core that stands still, or one whose machine is gone.

use crate::core::{Core, Meta};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

const RPC: &str = "/grpc.health.v1.Health/Check";

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(500);

/// How long an answer may take. It needs neither a place nor the ledger.
const DEADLINE: Duration = Duration::from_millis(500);

/// What the core said of itself last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CoreHealth {
    /// It takes calls, or nobody has asked yet.
    Serving,
    /// It drains, or its ledger takes no commits.
    NotServing,
    /// It does not answer.
    Unreachable,
}

impl CoreHealth {
    /// Why calls can't be answered; `None`: they can.
    pub(crate) const fn obstacle(self) -> Option<&'static str> {
        match self {
            Self::Serving => None,
            Self::NotServing => Some("the core says that it is not serving"),
            Self::Unreachable => Some("the core does not answer"),
        }
    }
}

/// Asks until it is dropped. Tells when the core goes and when it comes back.
pub(crate) async fn keep(core: Core, health: watch::Sender<CoreHealth>) -> Infallible {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let found = ask(&core).await;
        let changed = health.send_if_modified(|said| std::mem::replace(said, found) != found);
        match found.obstacle() {
            Some(reason) if changed => {
                tracing::warn!(
                    reason,
                    "until the core takes calls again, those that change something get no answer"
                );
            }
            None if changed => tracing::info!("the core takes calls again"),
            Some(_) | None => {}
        }
    }
}

async fn ask(core: &Core) -> CoreHealth {
    let meta = Meta {
        on_behalf_of: None,
        request_id: "health",
        proof: None,
        deadline: DEADLINE,
    };
    let answer = core.unary(RPC, HealthCheckRequest::default(), &meta).await;
    match answer.map(|answer: HealthCheckResponse| answer.status()) {
        Ok(ServingStatus::Serving) => CoreHealth::Serving,
        Ok(ServingStatus::NotServing | ServingStatus::Unknown | ServingStatus::ServiceUnknown) => {
            CoreHealth::NotServing
        }
        // Something between us passes our calls on and not this one; they may well be answered.
        Err(status) if status.code() == Code::Unimplemented => CoreHealth::Serving,
        Err(_) => CoreHealth::Unreachable,
    }
}
