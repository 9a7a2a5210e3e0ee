//! Questions that stay open: who watches health, or asks reflection one thing after another. They hold no
//! place and have no deadline, and a drain would wait for them to its limit; so it ends them.

use bytes::Bytes;
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::OwnedSemaphorePermit;
use tonic::Status;
use tonic::body::Body;

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
