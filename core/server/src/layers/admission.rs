//! How many calls run at once. One more is refused at once with nothing done; calls that
//! give a payment back have places of their own and wait for one (decision 17). A call asks for
//! its place when its message is there.

use super::intake::Intake;
use crate::auth::Rpc;
use crate::failure::Failure;
use crate::telemetry;
use map_listener::Share;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;
use tonic::Status;
use tonic::body::Body;

/// Bounds on what runs and what is taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Calls that run at once. Default 1024.
    pub concurrent_calls: usize,
    /// Further calls that run at once where they reverse or cancel a payment. Default 64.
    pub reserved_calls: usize,
    /// Bytes of one request message. Default 1 MiB (1048576). A provisioning document may have
    /// 16 MiB.
    pub message_bytes: usize,
    /// Bytes of all request messages at once, from their first byte until their calls end,
    /// without the first 4 KiB of each. Default 64 MiB (67108864).
    pub total_message_bytes: usize,
    /// Connections at once. Default 1024.
    pub connections: usize,
    /// Connections at once from one address (IPv6: from one /64); more are closed. Default: half of
    /// `connections`. Of what other addresses leave it may have the same part. Behind a proxy, whose address is
    /// everybody's, as many as `connections`.
    pub connections_per_address: Option<usize>,
    /// Calls at once on one connection. Default 256.
    pub streams_per_connection: u32,
    /// Bytes of a request's headers. Default 16384.
    pub header_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrent_calls: 1024,
            reserved_calls: 64,
            message_bytes: 1024 * 1024,
            total_message_bytes: 64 * 1024 * 1024,
            connections: 1024,
            connections_per_address: None,
            streams_per_connection: 256,
            header_bytes: 16 * 1024,
        }
    }
}

/// Lets calls in and knows how many are running.
pub struct Admission {
    intake: Intake,
    general: Arc<Semaphore>,
    reserved: Arc<Semaphore>,
    draining: AtomicBool,
    questions: Arc<Semaphore>,
    questions_end: watch::Sender<bool>,
    running: watch::Sender<usize>,
}

/// Questions that stay open at once (health, reflection). They need no key: a few watchers and tools, not a
/// crowd that holds memory and connections for ever.
const OPEN_QUESTIONS: usize = 128;

/// Too much at once for this call: counted, and nothing done.
pub(super) fn shed(rpc: Rpc) -> Failure {
    metrics::counter!(telemetry::SHED, "method" => rpc.path()).increment(1);
    Failure::Overloaded
}

/// A place; given back when the work is done.
pub(super) struct Permit {
    _place: OwnedSemaphorePermit,
    running: watch::Sender<usize>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.running.send_modify(|count| *count = count.saturating_sub(1));
        metrics::gauge!(telemetry::IN_FLIGHT).decrement(1.0);
    }
}

impl Admission {
    /// With these bounds.
    pub fn new(limits: &Limits) -> Self {
        Self {
            intake: Intake::new(limits),
            general: Arc::new(Semaphore::new(
                limits.concurrent_calls.min(Semaphore::MAX_PERMITS),
            )),
            reserved: Arc::new(Semaphore::new(limits.reserved_calls.min(Semaphore::MAX_PERMITS))),
            draining: AtomicBool::new(false),
            questions: Arc::new(Semaphore::new(OPEN_QUESTIONS)),
            questions_end: watch::Sender::new(false),
            running: watch::Sender::new(0),
        }
    }

    /// A call's message; see [`Intake::take`].
    pub(super) async fn take(&self, rpc: Rpc, body: Body) -> Result<(Body, Share), Status> {
        self.intake.take(rpc, body).await
    }

    /// A place for a call whose message is there.
    pub(super) async fn admit(&self, rpc: Rpc, deadline: Instant) -> Result<Permit, Failure> {
        if self.draining() {
            return Err(Failure::Overloaded);
        }
        if let Ok(place) = Arc::clone(&self.general).try_acquire_owned() {
            return Ok(self.permit(place));
        }
        if rpc.gives_back() {
            let place = Arc::clone(&self.reserved).acquire_owned();
            if let Ok(Ok(place)) = tokio::time::timeout_at(deadline, place).await {
                return Ok(self.permit(place));
            }
        }
        Err(shed(rpc))
    }

    fn permit(&self, place: OwnedSemaphorePermit) -> Permit {
        self.running.send_modify(|count| *count = count.saturating_add(1));
        metrics::gauge!(telemetry::IN_FLIGHT).increment(1.0);
        Permit {
            _place: place,
            running: self.running.clone(),
        }
    }

    /// A place for a question that may stay open.
    pub(super) fn question(&self) -> Result<OwnedSemaphorePermit, Status> {
        let place = Arc::clone(&self.questions).try_acquire_owned();
        place.map_err(|_| Status::unavailable("too many questions are open"))
    }

    /// Ends the answers that stay open (health, reflection). Before [`Admission::drain`]: a socket drains while
    /// others still call.
    pub fn end_questions(&self) {
        self.questions_end.send_replace(true);
    }

    /// Waits until answers that stay open are to end.
    pub(super) async fn questions_end(&self) {
        // The sender is `self`: it can't be gone.
        let _ = self.questions_end.subscribe().wait_for(|end| *end).await;
    }

    /// Refuses new calls from now on.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::SeqCst);
    }

    /// Whether new calls are refused.
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::SeqCst)
    }

    /// How many calls run, those included whose caller waits no longer.
    pub fn running(&self) -> usize {
        *self.running.borrow()
    }

    /// Waits until nothing runs.
    pub async fn idle(&self) {
        // The sender is `self`: it can't be gone.
        let _ = self.running.subscribe().wait_for(|count| *count == 0).await;
    }
}
