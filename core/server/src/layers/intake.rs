//! Takes a call's message in, whole, before the call gets a place: who sends slowly holds no
//! place, and the memory of unfinished messages has a bound.

use super::Limits;
use super::admission::shed;
use crate::auth::Rpc;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use map_listener::Share;
use tonic::Status;
use tonic::body::Body;

/// A provisioning document may be larger than other messages: at least this many bytes.
pub(crate) const DOCUMENT_BYTES: usize = 16 * 1024 * 1024;

/// What stands before a message: compressed or not, and its length (gRPC over HTTP/2).
pub(super) const PREFIX_BYTES: usize = 5;

/// What is said of a message that is longer than this.
pub(super) fn too_long(most: usize) -> Status {
    Status::out_of_range(format!("the message is longer than {most} bytes"))
}

/// Takes messages in.
pub(super) struct Intake {
    message_bytes: usize,
    memory: map_listener::Intake,
}

impl Intake {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            message_bytes: limits.message_bytes,
            memory: map_listener::Intake::new(limits.total_message_bytes),
        }
    }

    /// The message as it came, whole, and what it takes of the memory, to be held until its call has ended.
    ///
    /// # Errors
    /// `OUT_OF_RANGE` where it is too long, `UNAVAILABLE` (overloaded) where too much is held
    /// already, what the connection says where it breaks off. Nothing was done.
    pub(super) async fn take(&self, rpc: Rpc, mut body: Body) -> Result<(Body, Share), Status> {
        let most = self.most(rpc);
        let mut share = self.memory.share();
        // In process it comes in one piece, which is passed on as it is. Pieces are copied
        // together: each of them alone would keep the connection's whole buffer.
        let mut first = Bytes::new();
        let mut joined = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            let length = first.len().max(joined.len()).saturating_add(data.len());
            if length > most.saturating_add(PREFIX_BYTES) {
                return Err(too_long(most));
            }
            share.grow(length).map_err(|_| shed(rpc))?;
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
}
