//! Callers and the gateway that the tests share.

pub use super::declared::payload;
use super::fake_core::FakeCore;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use map_gateway::{Clock, Core, Gateway, GatewayConfig, ListenerConfig, ListenerContext, NoAnswer, Secret};
use map_legacy_client::generated::ENDPOINTS;
use map_legacy_client::{Algorithm, Caller, Endpoint, Signer, Stamps};
use map_proto::provisioning::v1::{self as provisioning, Role};
use serde_json::{Map, Value, json};
use std::net::{IpAddr, Ipv4Addr};

pub const APP: &str = "zjhtwallet";
pub const APP_KEY: &str = "Wq7!x2@b9#d4%z8Rm3Np6Hs1";
pub const POSP_KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
pub const NETWORK: &str = "zjht";
pub const PIN: &str = "246810";
pub const MOBILE: &str = "13912345678";
pub const CARD: &str = "2010888123412341";
/// 2015-01-02 12:12:00 in Shanghai.
pub const NOW: i64 = 1_420_171_920;
pub const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3));
const PRIVATE_KEY: &str = include_str!("../keys/app.private.pem");
const PUBLIC_KEY: &str = include_str!("../keys/app.public.pem");

/// Stamps that never change, so that golden files don't either.
pub struct FixedStamps(pub &'static str);

impl Stamps for FixedStamps {
    fn next(&self) -> (String, String) {
        (self.0.to_owned(), "NONCE".to_owned())
    }
}

struct FixedClock;

impl Clock for FixedClock {
    fn unix_seconds(&self) -> i64 {
        NOW
    }
}

/// A gateway on a fake core.
pub struct Bench {
    pub gateway: Gateway,
    pub core: FakeCore,
    pub context: ListenerContext,
}

/// What came back.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    Answer(String),
    Closed,
    Status(u16),
}

impl Reply {
    pub fn text(&self) -> &str {
        match self {
            Self::Answer(text) => text,
            other => panic!("no answer: {other:?}"),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(self.text()).unwrap()
    }

    pub fn errcode(&self) -> i64 {
        self.json()["errcode"].as_i64().unwrap()
    }

    pub fn errmsg(&self) -> String {
        self.json()["errmsg"].as_str().unwrap().to_owned()
    }
}

/// The directory: settings are merged over the usual ones.
pub fn callers(app: Value, network: Value) -> Vec<provisioning::Caller> {
    let merged = |mut base: Value, over: Value| {
        base.as_object_mut()
            .unwrap()
            .extend(over.as_object().unwrap().clone());
        base.to_string()
    };
    let app_settings = merged(json!({ "app_key": APP_KEY, "rsa_public_key": PUBLIC_KEY }), app);
    let network_settings = merged(json!({ "posp_key": POSP_KEY }), network);
    let caller = |id: &str, role: Role, active, edge_settings_json: String| provisioning::Caller {
        caller_id: id.into(),
        role: role.into(),
        active,
        edge_settings_json,
        network_ids: if role == Role::App {
            vec![NETWORK.into()]
        } else {
            Vec::new()
        },
        ..Default::default()
    };
    vec![
        caller(APP, Role::App, true, app_settings.clone()),
        caller("asleep", Role::App, false, app_settings.clone()),
        provisioning::Caller {
            network_ids: vec![NETWORK.into(), "asleep".into()],
            ..caller("of-two", Role::App, true, app_settings.clone())
        },
        caller("grpc-only", Role::App, true, String::new()),
        caller("broken", Role::App, true, "{\"nonsense\":1}".into()),
        caller(NETWORK, Role::PosNetwork, true, network_settings),
        caller("asleep", Role::PosNetwork, false, "{}".into()),
    ]
}

pub fn config() -> GatewayConfig {
    GatewayConfig {
        core_key: Secret::new("gateway-key"),
        core_timeout_ms: 5_000,
        ..Default::default()
    }
}

pub fn listener() -> ListenerConfig {
    ListenerConfig {
        bind: (Ipv4Addr::LOCALHOST, 0).into(),
        network: Some(NETWORK.into()),
        ..Default::default()
    }
}

pub async fn bench() -> Bench {
    bench_with(json!({}), json!({}), config(), &listener()).await
}

pub async fn bench_with(
    app: Value,
    network: Value,
    config: GatewayConfig,
    listener: &ListenerConfig,
) -> Bench {
    let core = FakeCore::new(callers(app, network));
    let gateway = Gateway::with_clock(
        config.clone(),
        Core::new(core.clone(), &config.core_key),
        FixedClock,
    )
    .unwrap();
    assert!(gateway.refresh().await.unwrap());
    Bench {
        gateway,
        core,
        context: ListenerContext::detached(listener, PEER),
    }
}

impl Bench {
    pub async fn post(&self, path: &str, body: impl Into<Vec<u8>>) -> Reply {
        self.send(
            Request::post(path)
                .body(Full::new(Bytes::from(body.into())))
                .unwrap(),
        )
        .await
    }

    pub async fn send(&self, request: Request<Full<Bytes>>) -> Reply {
        reply(self.gateway.handle(&self.context, request).await).await
    }

    /// Signs a payload and sends it.
    pub async fn call(&self, endpoint: &'static Endpoint, payload: &Map<String, Value>) -> Reply {
        let body = signer(endpoint).sign_json(endpoint, payload).unwrap();
        self.post(endpoint.path, body).await
    }
}

pub async fn reply(response: Response<Full<Bytes>>) -> Reply {
    if response.extensions().get::<NoAnswer>().is_some() {
        return Reply::Closed;
    }
    let status = response.status().as_u16();
    if status != 200 {
        return Reply::Status(status);
    }
    assert_eq!(
        response.headers()["content-type"],
        "application/json; charset=UTF-8"
    );
    let body = response.into_body().collect().await.unwrap().to_bytes();
    Reply::Answer(String::from_utf8(body.into()).unwrap())
}

/// The signer of an endpoint's usual caller.
pub fn signer(endpoint: &Endpoint) -> Signer {
    Signer::with_stamps(caller(endpoint), FixedStamps("TIMESTAMP"))
}

pub fn caller(endpoint: &Endpoint) -> Caller {
    match endpoint.credential {
        map_legacy_client::contract::Credential::Network => Caller::network(POSP_KEY).unwrap(),
        map_legacy_client::contract::Credential::App | map_legacy_client::contract::Credential::AppTsig => {
            app(Algorithm::Sha1WithRsa)
        }
    }
}

pub fn app(algorithm: Algorithm) -> Caller {
    let app = Caller::app(APP, APP_KEY)
        .unwrap()
        .private_key(PRIVATE_KEY, algorithm)
        .unwrap();
    app.pin_blocks(POSP_KEY).unwrap()
}

pub fn endpoint(name: &str) -> &'static Endpoint {
    ENDPOINTS.iter().find(|endpoint| endpoint.name == name).unwrap()
}
