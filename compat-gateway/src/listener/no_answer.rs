//! A call without an answer: its connection closes, and nothing is sent.

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use std::future::Future;
use std::pin::Pin;
use tower::BoxError;

/// Marks a response that must not be sent: its connection closes instead (HTTP/2: its stream is reset).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the outcome is unknown: no answer")]
pub struct NoAnswer;

/// Turns a marked response into an error, at which hyper closes the connection or resets the stream.
pub(super) struct Answering<S>(pub(super) S);

impl<S, B> Service<Request<Incoming>> for Answering<S>
where
    S: Service<Request<Incoming>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
{
    type Response = Response<B>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let response = answer.await.map_err(Into::into)?;
            match response.extensions().get::<NoAnswer>() {
                Some(mark) => Err(BoxError::from(*mark)),
                None => Ok(response),
            }
        })
    }
}
