//! A core that records what it is asked and answers from a script: a plain gRPC service.

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use map_proto::provisioning::v1::{Caller, GetDirectoryResponse};
use prost::Message;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tonic::Status;
use tonic::body::Body;

pub type Reply = Pin<Box<dyn Future<Output = Result<Vec<u8>, Status>> + Send>>;
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
    directory: Arc<Mutex<GetDirectoryResponse>>,
}

impl FakeCore {
    pub fn new(callers: Vec<Caller>) -> Self {
        let directory = GetDirectoryResponse { revision: 1, callers };
        let core = Self {
            calls: Arc::default(),
            script: Arc::new(Mutex::new(Arc::new(|_| {
                Box::pin(async { Err(Status::unimplemented("no script")) })
            }))),
            directory: Arc::new(Mutex::new(directory)),
        };
        core.answers(|call| Ok(super::fixture::response(&call.rpc)));
        core
    }

    pub fn answers(&self, script: impl Fn(&CoreCall) -> Result<Vec<u8>, Status> + Send + Sync + 'static) {
        self.scripted(move |call| Box::pin(std::future::ready(script(call))));
    }

    pub fn scripted(&self, script: impl Fn(&CoreCall) -> Reply + Send + Sync + 'static) {
        *self.script.lock().unwrap() = Arc::new(script);
    }

    /// The calls since the last time, directory calls not counted.
    pub fn take_calls(&self) -> Vec<CoreCall> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn reply(&self, call: CoreCall) -> Reply {
        if call.rpc.ends_with("/GetDirectory") {
            let directory = self.directory.lock().unwrap().encode_to_vec();
            return Box::pin(async { Ok(directory) });
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
