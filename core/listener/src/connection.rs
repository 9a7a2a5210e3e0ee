//! One connection from its first byte to its last.

use super::Bounds;
use super::quiet::Requests;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use std::future::Future;
use std::io::{self, Cursor};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tower::BoxError;

/// What every HTTP/2 client says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How long a connection stays that was told to go and on which nothing runs: what was under way when it was
/// told still comes in.
const FAREWELL: Duration = Duration::from_secs(1);

/// The least that hyper buffers of an HTTP/1 connection, in bytes.
const LEAST_BUFFER: usize = 8 * 1024;

/// How a connection is served.
pub(super) struct Connection {
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) bounds: Bounds,
    /// Turns true when it must end.
    pub(super) stopped: watch::Receiver<bool>,
    pub(super) requests: Requests,
}

impl Connection {
    /// Serves it to its end, or until it is told to stop and its open requests are answered.
    pub(super) async fn serve<S, B>(self, stream: TcpStream, service: S)
    where
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: Body<Data = Bytes> + Send + Unpin + 'static,
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
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        stream.set_nodelay(true)?;
        let mut byte = [0];
        let Some(first) = self.unless_ended(stream.peek(&mut byte)).await else {
            return Ok(());
        };
        first?;
        let Some(tls) = self.tls.take() else {
            return self.requests(stream, service).await;
        };
        match self.unless_ended(tls.accept(stream)).await {
            None => Ok(()),
            Some(stream) => self.requests(stream?, service).await,
        }
    }

    /// `None`: it was told to stop before, or its time for a first request is over. What has come in already
    /// goes first.
    async fn unless_ended<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = stop(&mut self.stopped) => None,
            () = self.requests.quiet_for(self.bounds.first_request, self.bounds.idle) => None,
        }
    }

    async fn requests<I, S, B>(mut self, mut stream: I, service: S) -> Result<(), BoxError>
    where
        I: AsyncRead + AsyncWrite + Send + Unpin + 'static,
        S: Service<Request<Incoming>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<BoxError>,
    {
        let Some(begun) = self.unless_ended(begin(&mut stream)).await else {
            return Ok(());
        };
        let (read, write) = tokio::io::split(stream);
        let stream = TokioIo::new(tokio::io::join(Cursor::new(begun?).chain(read), write));
        let requests = self.requests.clone();
        let service = service_fn(move |request| {
            let open = requests.begin();
            let answer = service.call(request);
            async move { Ok::<_, S::Error>(answer.await?.map(|body| open.hold(body))) }
        });
        let Bounds {
            first_request, idle, ..
        } = self.bounds;
        let builder = builder(&self.bounds);
        let mut connection = std::pin::pin!(builder.serve_connection(stream, service));
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = stop(&mut self.stopped) => {
                connection.as_mut().graceful_shutdown();
                return connection.await;
            }
            () = self.requests.quiet_for(first_request, idle) => {}
        }
        // What comes in before the other side has heard of it is answered, even now.
        connection.as_mut().graceful_shutdown();
        self.requests.told();
        tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = self.requests.quiet_for(FAREWELL, FAREWELL) => Ok(()),
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
    let header_bytes = usize::try_from(bounds.header_bytes).unwrap_or(usize::MAX);
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        // Times are kept here, for both versions of HTTP alike.
        .header_read_timeout(None)
        .max_buf_size(header_bytes.max(LEAST_BUFFER))
        // Names of headers are not case-sensitive; clients that search for `Content-Length:` are.
        .title_case_headers(true)
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
