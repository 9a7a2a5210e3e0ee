//! A core that records what it is asked and answers from a script: a plain gRPC service.

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use map_proto::provisioning::v1::{Caller, GetDirectoryRequest, GetDirectoryResponse};
use prost::Message;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tonic::Status;
use tonic::body::Body;
use tonic_health::pb::HealthCheckResponse;
use tonic_health::pb::health_check_response::ServingStatus;

pub type Reply = Pin<Box<dyn Future<Output = Result<Vec<u8>, Status>> + Send>>;
/// An answer to the question for health; none: it never comes.
pub type Health = Option<Result<ServingStatus, Status>>;
type Script = Arc<dyn Fn(&CoreCall) -> Reply + Send + Sync>;

/// A recorded call.
#[derive(Clone)]
pub struct CoreCall {
    pub rpc: String,
    pub message: Bytes,
    pub metadata: http::HeaderMap,
}

impl CoreCall {
    pub fn decode<M: Message + Default>(&self) -> M {
        M::decode(self.message.clone()).unwrap()
    }

    pub fn header(&self, name: &str) -> &str {
        self.metadata
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// The core.
#[derive(Clone)]
pub struct FakeCore {
    calls: Arc<Mutex<Vec<CoreCall>>>,
    script: Arc<Mutex<Script>>,
    directory: Arc<Mutex<Directory>>,
    health: Arc<Mutex<(Health, usize)>>,
    health_takes: Arc<Mutex<Duration>>,
}

/// The directory, and the one that takes its place once a page was asked for.
struct Directory {
    revision: i64,
    callers: Vec<Caller>,
    next: Option<Vec<Caller>>,
    missing: bool,
}

impl Directory {
    /// A page; its token is how many callers went before.
    fn page(&mut self, asked: &GetDirectoryRequest) -> GetDirectoryResponse {
        if let Some(callers) = self.next.take_if(|_| !asked.page_token.is_empty()) {
            (self.revision, self.callers) = (self.revision + 1, callers);
        }
        let begin: usize = asked.page_token.parse().unwrap_or_default();
        let end = self
            .callers
            .len()
            .min(begin + usize::try_from(asked.page_size).unwrap());
        GetDirectoryResponse {
            revision: self.revision,
            callers: self.callers[begin.min(end)..end].to_vec(),
            next_page_token: if end < self.callers.len() {
                end.to_string()
            } else {
                String::new()
            },
        }
    }
}

impl FakeCore {
    pub fn new(callers: Vec<Caller>) -> Self {
        let directory = Directory {
            revision: 1,
            callers,
            next: None,
            missing: false,
        };
        let core = Self {
            calls: Arc::default(),
            script: Arc::new(Mutex::new(Arc::new(|_| {
                Box::pin(async { Err(Status::unimplemented("no script")) })
            }))),
            directory: Arc::new(Mutex::new(directory)),
            health: Arc::new(Mutex::new((Some(Ok(ServingStatus::Serving)), 0))),
            health_takes: Arc::default(),
        };
        core.answers(|call| Ok(super::declared::response(&call.rpc)));
        core
    }

    pub fn answers(&self, script: impl Fn(&CoreCall) -> Result<Vec<u8>, Status> + Send + Sync + 'static) {
        self.scripted(move |call| Box::pin(std::future::ready(script(call))));
    }

    pub fn scripted(&self, script: impl Fn(&CoreCall) -> Reply + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    /// Provisions these callers as soon as a second page of the directory is asked for.
    pub fn provision_between_pages(&self, callers: Vec<Caller>) {
        self.directory.lock().unwrap().next = Some(callers);
    }

    /// Whether it gives no directory from now on.
    pub fn without_directory(&self, missing: bool) {
        self.directory.lock().unwrap().missing = missing;
    }

    /// What it says of itself from now on. How often it was asked until now.
    pub fn says(&self, health: Health) -> usize {
        std::mem::replace(&mut *self.health.lock().unwrap(), (health, 0)).1
    }

    /// How long its answers to the question for health take from now on.
    pub fn says_after(&self, time: Duration) {
        *self.health_takes.lock().unwrap() = time;
    }

    /// The calls since the last time, those for directory and health not counted.
    pub fn take_calls(&self) -> Vec<CoreCall> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn reply(&self, call: CoreCall) -> Reply {
        if call.rpc.ends_with("/GetDirectory") {
            let mut directory = self.directory.lock().unwrap();
            if directory.missing {
                return Box::pin(std::future::ready(Err(Status::unavailable("no directory"))));
            }
            let page = directory.page(&call.decode());
            return Box::pin(async move { Ok(page.encode_to_vec()) });
        }
        if call.rpc == "/grpc.health.v1.Health/Check" {
            let mut health = self.health.lock().unwrap();
            health.1 += 1;
            let Some(answer) = health.0.clone() else {
                return Box::pin(std::future::pending());
            };
            let answer = answer.map(|status| {
                let status = status.into();
                HealthCheckResponse { status }.encode_to_vec()
            });
            let takes = *self.health_takes.lock().unwrap();
            return Box::pin(async move {
                tokio::time::sleep(takes).await;
                answer
            });
        }
        let script = Arc::clone(&self.script.lock().unwrap());
        let reply = script(&call);
        self.calls.lock().unwrap().push(call);
        reply
    }
}

impl tower::Service<http::Request<Body>> for FakeCore {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let core = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            let call = CoreCall {
                rpc: head.uri.path().to_owned(),
                message: body.slice(5..),
                metadata: head.headers,
            };
            let message = match core.reply(call).await {
                Ok(message) => message,
                Err(status) => return Ok(status.into_http()),
            };
            let mut frame = BytesMut::new();
            frame.put_u8(0);
            frame.put_u32(u32::try_from(message.len()).unwrap());
            frame.put_slice(&message);
            let mut trailers = http::HeaderMap::new();
            trailers.insert("grpc-status", http::HeaderValue::from_static("0"));
            let body = Full::new(frame.freeze()).with_trailers(std::future::ready(Some(Ok(trailers))));
            let mut response = http::Response::new(Body::new(body));
            let grpc = http::HeaderValue::from_static("application/grpc");
            response.headers_mut().insert(http::header::CONTENT_TYPE, grpc);
            Ok(response)
        })
    }
}
