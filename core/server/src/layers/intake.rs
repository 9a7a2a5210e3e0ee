//! Takes a call's message in, whole, before the call gets a place: who sends slowly holds no
//! place, and the memory of unfinished messages has a bound.
//!
//! The first [`FREE_BYTES`] of a message are not counted: the headers of its stream may be
//! larger. Calls about payments stay below, so that no crowd of large messages keeps them out.

use super::Limits;
use super::admission::shed;
use crate::auth::Rpc;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tonic::Status;
use tonic::body::Body;

/// A provisioning document may be larger than other messages: at least this many bytes.
pub(crate) const DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// What a message may take of the memory without being counted, in bytes.
const FREE_BYTES: usize = 4 * 1024;

/// What is counted, in bytes.
const UNIT: usize = 1024;

/// What stands before a message: compressed or not, and its length (gRPC over HTTP/2).
const PREFIX_BYTES: usize = 5;

/// Takes messages in.
pub(super) struct Intake {
    message_bytes: usize,
    memory: Arc<Semaphore>,
}

/// What a message takes of the memory; given back when its call has ended.
pub(super) type Share = Option<OwnedSemaphorePermit>;

impl Intake {
    pub(super) fn new(limits: &Limits) -> Self {
        let units = limits.total_message_bytes.div_ceil(UNIT);
        Self {
            message_bytes: limits.message_bytes,
            memory: Arc::new(Semaphore::new(units.min(Semaphore::MAX_PERMITS))),
        }
    }

    /// The message as it came, whole.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` where it is too long, `UNAVAILABLE` (overloaded) where too much is held
    /// already, what the connection says where it breaks off. Nothing was done.
    pub(super) async fn take(&self, rpc: Rpc, mut body: Body) -> Result<(Body, Share), Status> {
        let most = self.most(rpc);
        let mut share = None;
        // In process it comes in one piece, which is passed on as it is. Pieces are copied
        // together: each of them alone would keep the connection's whole buffer.
        let mut first = Bytes::new();
        let mut joined = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            let length = first.len().max(joined.len()).saturating_add(data.len());
            if length > most.saturating_add(PREFIX_BYTES) {
                return Err(Status::out_of_range(format!(
                    "the message is longer than {most} bytes"
                )));
            }
            self.count(&mut share, length).map_err(|_| shed(rpc))?;
            if first.is_empty() {
                first = data;
            } else {
                if joined.is_empty() {
                    joined.extend_from_slice(&first);
                }
                joined.extend_from_slice(&data);
            }
        }
        let whole = if joined.is_empty() { first } else { joined.freeze() };
        Ok((Body::new(Full::new(whole)), share))
    }

    /// The longest message of this rpc, in bytes.
    fn most(&self, rpc: Rpc) -> usize {
        if rpc == Rpc::Apply {
            self.message_bytes.max(DOCUMENT_BYTES)
        } else {
            self.message_bytes
        }
    }

    /// Lets a share grow to a message of this length. Never waits: those who have a part of
    /// theirs would wait for each other.
    fn count(&self, share: &mut Share, length: usize) -> Result<(), TryAcquireError> {
        let has = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let wants = length.saturating_sub(FREE_BYTES).div_ceil(UNIT);
        let more = u32::try_from(wants.saturating_sub(has)).unwrap_or(u32::MAX);
        if more == 0 {
            return Ok(());
        }
        let more = Arc::clone(&self.memory).try_acquire_many_owned(more)?;
        match share {
            Some(share) => share.merge(more),
            None => *share = Some(more),
        }
        Ok(())
    }
}
