//! A core over the store in memory, with a clock that stands still and callers of every role.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use map_domain::Timestamp;
use map_proto::catalog::v1 as catalog;
use map_proto::common::v1::AccountType;
use map_proto::provisioning::v1 as provisioning;
use map_proto::provisioning::v1::provisioning_service_client::ProvisioningServiceClient;
use map_server::adapters::SmsOutbox;
use map_server::caller::Role;
use map_server::catalogue::ProvisionedCaller;
use map_server::ports::{Clock, Random};
use map_server::secrets::Secrets;
use map_server::{CoreConfig, CoreServer, InProcess, Options, Ports, StartError};
use map_store::{MemoryStore, Store};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use tower::ServiceExt;

/// Bearer keys of the callers that [`document`] declares and the two configured ones.
pub(crate) const APP: &str = "key-of-app-one";
pub(crate) const OTHER_APP: &str = "key-of-app-two";
pub(crate) const IDLE_APP: &str = "key-of-the-deactivated-app";
pub(crate) const CHANNEL: &str = "key-of-the-channel";
pub(crate) const NETWORK: &str = "key-of-network-one";
pub(crate) const OPERATOR: &str = "key-of-the-operator";
pub(crate) const GATEWAY: &str = "key-of-the-gateway";

/// 2026-11-21T10:00:00+08:00.
pub(crate) const NOON: i64 = 1_795_226_400_000;

/// A clock that goes on when it is told to.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, ms: i64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// Numbers that never repeat and are the same in every run.
pub(crate) struct TestRandom(AtomicU64);

impl Random for TestRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let draw = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&Sha256::digest(draw.to_be_bytes())[..chunk.len()]);
        }
    }
}

/// A core for one test.
pub(crate) struct Fixture {
    pub(crate) server: CoreServer,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) outbox: Arc<SmsOutbox>,
}

impl Fixture {
    /// On an empty store, provisioned with [`document`].
    pub(crate) async fn new() -> Self {
        let fixture = Self::start(CoreConfig::default(), Arc::new(MemoryStore::default())).await;
        fixture.apply(document()).await.unwrap();
        fixture
    }

    /// On this store, with these settings, not provisioned.
    pub(crate) async fn start(config: CoreConfig, store: Arc<dyn Store>) -> Self {
        Self::try_start(config, store, Secrets::new([7; 32]))
            .await
            .unwrap()
    }

    /// The same with these secrets.
    pub(crate) async fn try_start(
        config: CoreConfig,
        store: Arc<dyn Store>,
        secrets: Secrets,
    ) -> Result<Self, StartError> {
        crate::log::install();
        let clock = Arc::new(TestClock(NOON.into()));
        let outbox = Arc::new(SmsOutbox::default());
        let ports = Ports {
            store,
            clock: Arc::clone(&clock) as _,
            random: Arc::new(TestRandom(AtomicU64::new(1))),
            sms: Arc::clone(&outbox) as _,
            secrets,
        };
        let options = Options {
            extra_callers: vec![
                ProvisionedCaller::configured(Role::Operator, "root", OPERATOR).unwrap(),
                ProvisionedCaller::configured(Role::Gateway, "edge", GATEWAY).unwrap(),
            ],
            edge_validator: Arc::new(|_, json| {
                let error = match json {
                    json if !json.starts_with('{') => ("", "expected a JSON object"),
                    json if json.contains(":\"\"") => ("shared_key", "expected a key"),
                    _ => return Ok(()),
                };
                Err(vec![(error.0.to_owned(), error.1.to_owned())])
            }),
        };
        Ok(Self {
            server: CoreServer::start(config, ports, options).await?,
            clock,
            outbox,
        })
    }

    /// The core without a socket.
    pub(crate) fn edge(&self) -> InProcess {
        self.server.in_process()
    }

    pub(crate) fn provisioning(&self) -> ProvisioningServiceClient<InProcess> {
        ProvisioningServiceClient::new(self.edge())
    }

    /// Applies a document as the configured operator.
    pub(crate) async fn apply(
        &self,
        document: provisioning::Document,
    ) -> Result<provisioning::ApplyResponse, Status> {
        let request = provisioning::ApplyRequest {
            document: Some(document),
            reason: "a test".to_owned(),
            idempotency_key: fresh_key(),
            ..provisioning::ApplyRequest::default()
        };
        Ok(self
            .provisioning()
            .apply(by(OPERATOR, request))
            .await?
            .into_inner())
    }
}

/// A key that nobody has used yet.
pub(crate) fn fresh_key() -> String {
    static USED: AtomicU64 = AtomicU64::new(0);
    format!("key {}", USED.fetch_add(1, Ordering::Relaxed))
}

/// A request with this bearer key.
pub(crate) fn by<T>(key: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

/// A request of the gateway for somebody.
pub(crate) fn for_whom<T>(whom: &str, message: T) -> Request<T> {
    let mut request = by(GATEWAY, message);
    request
        .metadata_mut()
        .insert("map-on-behalf-of", whom.parse().unwrap());
    request
}

/// The reason that a refusal carries.
pub(crate) fn reason(status: &Status) -> String {
    status
        .get_error_details()
        .error_info()
        .map(|info| info.reason.clone())
        .unwrap_or_default()
}

/// The code and reason of a refusal.
pub(crate) fn refused<T: std::fmt::Debug>(answer: Result<T, Status>) -> (Code, String) {
    let status = answer.unwrap_err();
    (status.code(), reason(&status))
}

/// Calls a path with an empty message: what comes of it.
pub(crate) async fn call_empty(edge: InProcess, path: &str, headers: &[(&str, &str)]) -> Status {
    // One message of no bytes.
    call(edge, path, headers, &[0; 5]).await
}

/// Calls a path with these bytes as its body: what comes of it.
pub(crate) async fn call(edge: InProcess, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Status {
    let mut request = http::Request::post(path).header("content-type", "application/grpc");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = tonic::body::Body::new(Full::new(Bytes::copy_from_slice(body)));
    let response = edge.oneshot(request.body(body).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&parts.headers) {
        return status;
    }
    let trailers = body
        .collect()
        .await
        .unwrap()
        .trailers()
        .cloned()
        .unwrap_or_default();
    Status::from_header_map(&trailers).unwrap_or_else(|| Status::unknown("no status"))
}

fn key_hash(key: &str) -> String {
    Sha256::digest(key.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

pub(crate) fn caller(role: provisioning::Role, id: &str, key: &str) -> provisioning::Caller {
    provisioning::Caller {
        caller_id: id.to_owned(),
        role: role.into(),
        name: format!("caller {id}"),
        active: true,
        bearer_key_sha256: vec![key_hash(key)],
        ..provisioning::Caller::default()
    }
}

pub(crate) fn app(id: &str, key: &str, network: &str) -> provisioning::Caller {
    provisioning::Caller {
        network_ids: vec![network.to_owned()],
        ..caller(provisioning::Role::App, id, key)
    }
}

pub(crate) fn terminal(id: &str, network: &str) -> catalog::Terminal {
    catalog::Terminal {
        terminal_id: id.to_owned(),
        network_id: network.to_owned(),
        active: true,
        generation: 0,
    }
}

pub(crate) fn seller(id: &str, store: &str, terminals: Vec<catalog::Terminal>) -> catalog::Seller {
    catalog::Seller {
        seller_id: id.to_owned(),
        name: format!("seller {id}"),
        active: true,
        stores: vec![catalog::Store {
            store_id: store.to_owned(),
            name: format!("store {store}"),
            terminals,
        }],
    }
}

/// Two networks, three apps (one deactivated), a channel; two sellers, one in each network; an
/// instalment and a discount card.
pub(crate) fn document() -> provisioning::Document {
    let instalment = catalog::Product {
        product_id: "1010".to_owned(),
        name: "分期卡4000".to_owned(),
        short_name: "分期卡".to_owned(),
        account_type: AccountType::Instalment.into(),
        number_prefix: "2001".to_owned(),
        price_fen: 350_000,
        face_value_fen: 400_000,
        total_stages: 4,
        validity_months: 12,
        active: true,
        ..catalog::Product::default()
    };
    let discount = catalog::Product {
        product_id: "2610".to_owned(),
        name: "柴油折扣卡".to_owned(),
        short_name: "折扣卡".to_owned(),
        account_type: AccountType::Discount.into(),
        number_prefix: "2601".to_owned(),
        price_fen: 450_000,
        face_value_fen: 500_000,
        validity_months: 6,
        restrictions: Some(catalog::Restrictions {
            seller_ids: vec!["S1".to_owned()],
            fuel_product_ids: vec!["D0".to_owned()],
            hours: vec!["6-22".to_owned()],
            ..catalog::Restrictions::default()
        }),
        active: true,
        ..catalog::Product::default()
    };
    provisioning::Document {
        callers: vec![
            caller(provisioning::Role::PosNetwork, "net1", NETWORK),
            caller(provisioning::Role::PosNetwork, "net2", "key-of-network-two"),
            app("app1", APP, "net1"),
            app("app2", OTHER_APP, "net2"),
            provisioning::Caller {
                active: false,
                ..app("idle", IDLE_APP, "net1")
            },
            caller(provisioning::Role::Channel, "c1", CHANNEL),
        ],
        products: vec![instalment, discount],
        fuel_products: vec![catalog::FuelProduct {
            fuel_product_id: "D0".to_owned(),
            name: "0号柴油".to_owned(),
        }],
        sellers: vec![
            seller("S1", "ST1", vec![terminal("T1", "net1"), terminal("T2", "net1")]),
            seller("S2", "ST1", vec![terminal("T1", "net2")]),
        ],
        default_product_id: "1010".to_owned(),
        region_code: String::new(),
    }
}
