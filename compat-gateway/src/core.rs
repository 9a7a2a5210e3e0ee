//! The canonical services, behind any gRPC service: an in-process router or a channel.

use crate::secret::Secret;
use bytes::Bytes;
use http::uri::PathAndQuery;
use http_body_util::BodyExt;
use map_proto::metadata::{ON_BEHALF_OF, PROOF_DIGEST, REQUEST_ID};
use prost::Message;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tonic::body::Body;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Request, Status};
use tonic_prost::ProstCodec;
use tower::{BoxError, Service, ServiceExt, util::BoxCloneSyncService};

/// How much longer than its deadline a call is waited for: in process nobody else enforces it.
const GRACE: Duration = Duration::from_millis(500);

/// Longest answer, in bytes. Most are short; the directory isn't, and tonic's 4 MiB would leave a gateway with
/// what it had. A provisioning document may have 16 MiB, and callers that it no longer names stay in the
/// directory, deactivated. The core is trusted: the limit is against nonsense.
const MAX_ANSWER: usize = 64 << 20;

/// The service failed without a status. A type of its own, since a bare boxed error as a service's error
/// keeps the compiler from proving the call's future to be `Send`.
#[derive(Debug, thiserror::Error)]
#[error("the core can't be reached")]
struct Unreachable(#[source] BoxError);

/// The core, as the gateway calls it.
#[derive(Clone)]
pub struct Core {
    service: BoxCloneSyncService<http::Request<Body>, http::Response<Body>, Unreachable>,
    bearer: Option<MetadataValue<Ascii>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Core(…)")
    }
}

/// What accompanies a call.
pub(crate) struct Meta<'a> {
    /// `app/<id>` or `network/<id>`; none: the gateway for itself.
    pub on_behalf_of: Option<String>,
    pub request_id: &'a str,
    /// What that caller presented to authorise the call, as 64 hex digits: bound to its first use by the core.
    pub proof: Option<&'a str>,
    pub deadline: Duration,
}

impl Core {
    /// Wraps a service, such as `tonic::service::Routes` or `tonic::transport::Channel`. `key` is the
    /// gateway's own bearer key.
    pub fn new<S, B>(service: S, key: &Secret) -> Self
    where
        S: Service<http::Request<Body>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let service = service
            .map_response(|response: http::Response<B>| {
                response.map(|body| Body::new(body.map_err(Into::into)))
            })
            .map_err(|error| Unreachable(error.into()));
        let bearer = format!("Bearer {}", key.expose()).parse().ok();
        Self {
            service: BoxCloneSyncService::new(service),
            bearer,
        }
    }

    /// Calls a method; the deadline holds in process too.
    pub(crate) async fn unary<Q, R>(
        &self,
        rpc: &'static str,
        message: Q,
        meta: &Meta<'_>,
    ) -> Result<R, Status>
    where
        Q: Message + Send + Sync + 'static,
        R: Message + Default + Send + Sync + 'static,
    {
        let mut request = Request::new(message);
        request.set_timeout(meta.deadline);
        let headers = request.metadata_mut();
        if let Some(bearer) = &self.bearer {
            headers.insert("authorization", bearer.clone());
        }
        if let Ok(id) = meta.request_id.parse() {
            headers.insert(REQUEST_ID, id);
        }
        if let Some(proof) = meta.proof {
            let proof = proof.parse().map_err(|_| Status::unknown("no digest"))?;
            headers.insert(PROOF_DIGEST, proof);
        }
        map_trace::carry(headers.as_mut());
        if let Some(caller) = &meta.on_behalf_of {
            let caller = caller
                .parse()
                .map_err(|_| Status::unknown("caller id is not ASCII"))?;
            headers.insert(ON_BEHALF_OF, caller);
        }
        let mut client = tonic::client::Grpc::new(self.service.clone()).max_decoding_message_size(MAX_ANSWER);
        let call = async {
            client.ready().await.map_err(|error| {
                let mut status = Status::unavailable(error.to_string());
                status.set_source(Arc::new(error));
                status
            })?;
            client
                .unary(
                    request,
                    PathAndQuery::from_static(rpc),
                    ProstCodec::<Q, R>::default(),
                )
                .await
        };
        match tokio::time::timeout(meta.deadline.saturating_add(GRACE), call).await {
            Ok(response) => response.map(tonic::Response::into_inner),
            Err(_) => Err(Status::deadline_exceeded("the core did not answer in time")),
        }
    }
}

/// Why a call was not answered, with what lies below: a certificate that is not trusted, a connection refused.
pub(crate) fn reason(status: &Status) -> String {
    let below = std::iter::successors(status.source(), |&error| error.source());
    let texts = std::iter::once(status.message().to_owned()).chain(below.map(ToString::to_string));
    // The one above often says it, too.
    let mut reasons: Vec<String> = Vec::new();
    for text in texts {
        if !reasons.contains(&text) {
            reasons.push(text);
        }
    }
    reasons.join(": ")
}
