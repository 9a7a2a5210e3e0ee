//! Questions that anybody may ask: about health and descriptors. Of their heads next to nothing is held, and of a
//! message that does not end no more than was sent.
//!
//! Some stay open: who watches health, or asks reflection one thing after another. They hold no
//! place and have no deadline, and a drain would wait for them to its limit; so it ends them.

use super::intake::{PREFIX_BYTES, too_long};
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Uri};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Full};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use tonic::body::Body;

/// The headers that tonic reads of a question, or could.
const NEEDED: [&str; 4] = ["content-type", "te", "grpc-encoding", "grpc-timeout"];

/// The longest of them, in bytes; a longer one says nothing that is known.
const NEEDED_BYTES: usize = 64;

/// The question with no more of its head than its answer needs. Tonic holds the head until the message is there,
/// and who never ends it would have all of its headers held to the deadline. What is left is copied, for
/// what came shares the memory of all that came with it.
pub(super) fn bare(asked: Request<Body>) -> Request<Body> {
    let (head, body) = asked.into_parts();
    let mut bare = Request::new(body);
    // Nobody looks at a method or at more of the address than its path.
    *bare.method_mut() = http::Method::POST;
    *bare.version_mut() = head.version;
    *bare.uri_mut() = Uri::try_from(head.uri.path()).unwrap_or_default();
    for name in NEEDED {
        let value = head.headers.get(name).map(HeaderValue::as_bytes);
        let short = value.filter(|value| value.len() <= NEEDED_BYTES);
        if let Some(Ok(value)) = short.map(HeaderValue::from_bytes) {
            bare.headers_mut().insert(name, value);
        }
    }
    bare
}

/// The longest question about health or descriptors, in bytes: anybody may send one.
pub(crate) const QUESTION_BYTES: usize = 4 * 1024;

/// The message as it came, whole. Tonic takes 8 KiB for one before anything of it is there, and whoever asks at once on
/// all streams and ends none would have that held for each. Pieces are copied, as those of a head.
///
/// # Errors
/// `OUT_OF_RANGE` where it is too long; what the connection says where it breaks off.
pub(super) async fn whole(mut asked: Body) -> Result<Body, Status> {
    let mut whole = BytesMut::new();
    while let Some(frame) = asked.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if whole.len().saturating_add(data.len()) > QUESTION_BYTES.saturating_add(PREFIX_BYTES) {
            return Err(too_long(QUESTION_BYTES));
        }
        whole.extend_from_slice(&data);
    }
    Ok(Body::new(Full::new(whole.freeze())))
}

/// One side of such a call: it ends by itself, or once there is nothing more of it and a drain has begun.
pub(super) struct UntilDrained {
    inner: Body,
    draining: Pin<Box<dyn Future<Output = ()> + Send>>,
    ended: bool,
    /// What is said then.
    last_word: Option<Status>,
    /// Its place among the open questions.
    _place: Option<OwnedSemaphorePermit>,
}

impl UntilDrained {
    /// What is asked. `draining` comes to its end when a drain begins.
    pub(super) fn asked(inner: Body, draining: impl Future<Output = ()> + Send + 'static) -> Body {
        Self::body(inner, Box::pin(draining), None, None)
    }

    /// What is answered, which holds the question's place; in the end `UNAVAILABLE`.
    pub(super) fn answered(
        inner: Body,
        draining: impl Future<Output = ()> + Send + 'static,
        place: Option<OwnedSemaphorePermit>,
    ) -> Body {
        let last_word = Status::unavailable("the server stops");
        Self::body(inner, Box::pin(draining), Some(last_word), place)
    }

    fn body(
        inner: Body,
        draining: Pin<Box<dyn Future<Output = ()> + Send>>,
        last_word: Option<Status>,
        place: Option<OwnedSemaphorePermit>,
    ) -> Body {
        Body::new(Self {
            inner,
            draining,
            ended: false,
            last_word,
            _place: place,
        })
    }
}

impl HttpBody for UntilDrained {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        // What is there to say goes first: that the server is not serving any more.
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(context) {
            return Poll::Ready(frame);
        }
        std::task::ready!(self.draining.as_mut().poll(context));
        self.ended = true;
        Poll::Ready(self.last_word.take().map(|status| {
            let mut trailers = HeaderMap::new();
            status.add_header(&mut trailers)?;
            Ok(Frame::trailers(trailers))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
