//! One connection from its first byte to its last.

use super::Bounds;
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::future::Future;
use std::io::{self, Cursor};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::BoxError;

/// What every HTTP/2 client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How a connection is served.
pub(super) struct Connection {
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) bounds: Bounds,
    /// Turns true when it must end.
    pub(super) stopped: watch::Receiver<bool>,
}

impl Connection {
    /// Serves it to its end, or until it is told to stop and its open requests are answered.
    pub(super) async fn serve<S, B>(self, stream: TcpStream, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        if let Err(error) = self.try_serve(stream, service).await {
            tracing::debug!(error, "connection ended");
        }
    }

    async fn try_serve<S, B>(mut self, stream: TcpStream, service: S) -> Result<(), BoxError>
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        stream.set_nodelay(true)?;
        let mut byte = [0];
        let first = tokio::time::timeout(self.bounds.first_byte, stream.peek(&mut byte));
        match self.unless_stopped(first).await {
            None => return Ok(()),
            Some(first) => first??,
        };
        let Some(tls) = self.tls.take() else {
            return self.requests(stream, service).await;
        };
        let handshake = tokio::time::timeout(self.bounds.handshake, tls.accept(stream));
        match self.unless_stopped(handshake).await {
            None => Ok(()),
            Some(stream) => self.requests(stream??, service).await,
        }
    }

    /// `None`: it was told to stop before. What has come in already goes first.
    async fn unless_stopped<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = stop(&mut self.stopped) => None,
        }
    }

    async fn requests<I, S, B>(mut self, mut stream: I, service: S) -> Result<(), BoxError>
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let begun = tokio::time::timeout(self.bounds.head, begin(&mut stream));
        let begun = match self.unless_stopped(begun).await {
            None => return Ok(()),
            Some(begun) => Cursor::new(begun??),
        };
        let (read, write) = tokio::io::split(stream);
        let stream = TokioIo::new(tokio::io::join(begun.chain(read), write));
        let builder = builder(&self.bounds);
        let mut connection = std::pin::pin!(builder.serve_connection(stream, service));
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop(&mut self.stopped) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    }
}

/// Reads until it is clear which HTTP is spoken. hyper-util waits for that without a limit, and its own
/// limits begin behind it.
async fn begin(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut begun = Vec::with_capacity(PREFACE.len());
    while begun.len() < PREFACE.len() && PREFACE.starts_with(&begun) {
        let missing = PREFACE.len().saturating_sub(begun.len());
        let mut rest = (&mut *stream).take(u64::try_from(missing).unwrap_or(u64::MAX));
        if rest.read_buf(&mut begun).await? == 0 {
            break;
        }
    }
    Ok(begun)
}

fn builder(bounds: &Bounds) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        // Who closes their side behind the request still reads the answer.
        .half_close(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(bounds.keep_alive))
        .keep_alive_timeout(bounds.keep_alive)
        .max_concurrent_streams(bounds.streams)
        .max_header_list_size(bounds.header_bytes);
    builder
}

/// Waits until it turns true, or nobody is left to turn it.
async fn stop(stopped: &mut watch::Receiver<bool>) {
    let _nobody_left = stopped.wait_for(|stopped| *stopped).await.is_err();
}
