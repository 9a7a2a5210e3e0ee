//! The world of a run: two servers over one store with faults, one clock, one phone for each customer.

use crate::client::{APP, CHANNEL, GATEWAY, NETWORK, OPERATOR};
use crate::plan::CUSTOMERS;
use crate::planted::Planted;
use crate::ports::{SimClock, SimRandom};
use crate::request::SELLER;
use map_proto::catalog::v1 as catalog;
use map_proto::common::v1::AccountType;
use map_proto::provisioning::v1 as provisioning;
use map_proto::provisioning::v1::provisioning_service_client::ProvisioningServiceClient;
use map_server::adapters::SmsOutbox;
use map_server::caller::Role;
use map_server::catalogue::ProvisionedCaller;
use map_server::ports::SmsSender;
use map_server::secrets::Secrets;
use map_server::{CoreConfig, CoreServer, InProcess, Options, Ports};
use map_store::faulty::{FaultyStore, Odds, Process, Seeded};
use map_store::{BulkRow, BulkTable, Store};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// The store of a run.
pub type SimStore = FaultyStore<Seeded>;

/// A server that runs.
pub struct Server {
    core: CoreServer,
    process: Arc<Process<Seeded>>,
    /// Closed when it crashes: its connections are gone. (It wakes who waits in the order of their coming.)
    connections: Arc<Semaphore>,
}

/// The world.
pub struct World {
    /// The store.
    pub store: Arc<SimStore>,
    /// The clock.
    pub clock: Arc<SimClock>,
    random: Arc<SimRandom>,
    phones: Arc<SmsOutbox>,
    planted: Option<Planted>,
    settle_ms: u64,
    servers: Vec<Server>,
}

/// How long a server takes to start anew, in ms.
const RESTART_MS: i64 = 1_000;

/// The mobile number of a customer.
pub fn mobile(customer: u8) -> String {
    format!("139123456{customer:02}")
}

/// The ID number of everybody: the rules do not look at who is who.
pub const ID_NUMBER: &str = "110101199003070015";

impl World {
    /// Two servers over a provisioned store, nobody there.
    pub async fn new(seed: u64, planted: Option<Planted>, provisioned: &[BulkRow]) -> Self {
        let store = Arc::new(SimStore::new(Seeded::new(seed, Odds::NONE)));
        store.import(provisioned.to_vec()).await.unwrap();
        let mut world = Self {
            store,
            clock: Arc::default(),
            random: Arc::new(SimRandom::new(seed)),
            phones: Arc::default(),
            planted,
            // Some servers are patient, some leave an outcome open soon.
            settle_ms: [30, 300, 3_000][usize::try_from(seed % 3).unwrap()],
            servers: Vec::new(),
        };
        for number in 0..2 {
            let server = world.start(number).await;
            world.servers.push(server);
        }
        world
    }

    /// What an operator provisions, as the rows of a store: the same for every run.
    pub async fn provisioned() -> Vec<BulkRow> {
        let mut world = Self::new(0, None, &[]).await;
        let request = provisioning::ApplyRequest {
            document: Some(document()),
            validate_only: false,
            reason: "the simulated world".to_owned(),
            idempotency_key: "world".to_owned(),
            ..provisioning::ApplyRequest::default()
        };
        let applied = ProvisioningServiceClient::new(world.edge(0))
            .apply(crate::client::by(OPERATOR, request))
            .await;
        applied.unwrap();
        world.servers.clear();
        let snapshot = world.store.snapshot().await.unwrap();
        let mut all = Vec::new();
        for table in [BulkTable::Partitions, BulkTable::Claims, BulkTable::Index] {
            let mut from = None;
            loop {
                let (rows, next) = snapshot.scan(table, from, 1000).await.unwrap();
                all.extend(rows);
                from = next;
                if from.is_none() {
                    break;
                }
            }
        }
        all
    }

    async fn start(&self, number: u16) -> Server {
        let process = self.store.process();
        let store: Arc<dyn Store> = process.clone();
        let ports = Ports {
            store: match self.planted {
                Some(planted) => planted.around(store),
                None => store,
            },
            clock: self.clock.clone(),
            random: self.random.clone(),
            sms: self.phones.clone(),
            secrets: Secrets::new([7; 32]),
        };
        let mut config = CoreConfig::default();
        config.ledger.node = Some(number);
        config.ledger.settle_ms = self.settle_ms;
        config.rules.sms_interval_ms = 0;
        let options = Options {
            extra_callers: vec![
                ProvisionedCaller::configured(Role::Operator, "root", OPERATOR).unwrap(),
                ProvisionedCaller::configured(Role::Gateway, "edge", GATEWAY).unwrap(),
            ],
            ..Options::default()
        };
        Server {
            core: CoreServer::start(config, ports, options).await.unwrap(),
            process,
            connections: Arc::new(Semaphore::new(0)),
        }
    }

    /// A server without a socket.
    pub fn edge(&self, server: usize) -> InProcess {
        self.servers[server].core.in_process()
    }

    /// Waits for the crash of the server that runs now.
    pub fn crash_of(&self, server: usize) -> impl Future<Output = ()> + use<> {
        let connections = Arc::clone(&self.servers[server].connections);
        async move {
            assert!(
                connections.acquire().await.is_err(),
                "there is nothing to get but the end"
            )
        }
    }

    /// The server crashes and is started anew. Of the commits that wait to be synced, those are kept that
    /// `chance` says.
    pub async fn crash(&mut self, server: usize, chance: u64) {
        let mut chance = fastrand::Rng::with_seed(chance);
        let old = &self.servers[server];
        old.process.crash(|| chance.bool()).await;
        old.connections.close();
        let number = u16::try_from(server).unwrap();
        // Longer than the 10 ms in which order numbers of one process differ by nothing but their count.
        self.clock.advance(RESTART_MS);
        // A server that can't read the catalogue does not start; whoever starts it tries again.
        self.store.faults.reseed(0, Odds::NONE);
        self.servers[server] = self.start(number).await;
    }

    /// The last SMS code that came to a customer's phone.
    pub fn last_sms(&self, mobile: &str) -> Option<String> {
        let codes = self.phones.outbox().unwrap_or_default();
        codes
            .into_iter()
            .find(|sent| sent.mobile.as_str() == mobile)
            .map(|sent| sent.code)
    }
}

/// The customers that are there when a run begins; the last one comes by itself.
pub const fn founders() -> std::ops::Range<u8> {
    0..CUSTOMERS - 1
}

fn key_hash(key: &str) -> String {
    Sha256::digest(key.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn caller(role: provisioning::Role, id: &str, key: &str, networks: &[&str]) -> provisioning::Caller {
    provisioning::Caller {
        caller_id: id.to_owned(),
        role: role.into(),
        name: id.to_owned(),
        active: true,
        network_ids: networks.iter().map(|id| (*id).to_owned()).collect(),
        bearer_key_sha256: vec![key_hash(key)],
        ..provisioning::Caller::default()
    }
}

/// One network with one terminal, an app, a channel, a card of each sort.
fn document() -> provisioning::Document {
    let card = |id: &str, kind: AccountType, prefix: &str, stages, price_fen| catalog::Product {
        product_id: id.to_owned(),
        name: id.to_owned(),
        short_name: id.to_owned(),
        account_type: kind.into(),
        number_prefix: prefix.to_owned(),
        price_fen,
        face_value_fen: 400_000,
        total_stages: stages,
        validity_months: 5,
        active: true,
        ..catalog::Product::default()
    };
    provisioning::Document {
        callers: vec![
            caller(provisioning::Role::PosNetwork, "net1", NETWORK, &[]),
            caller(provisioning::Role::App, "app1", APP, &["net1"]),
            caller(provisioning::Role::Channel, "c1", CHANNEL, &[]),
        ],
        products: vec![
            card("1010", AccountType::Instalment, "2001", 4, 350_000),
            card("2610", AccountType::Discount, "2601", 0, 360_000),
        ],
        fuel_products: Vec::new(),
        sellers: vec![catalog::Seller {
            seller_id: SELLER.to_owned(),
            name: SELLER.to_owned(),
            active: true,
            stores: vec![catalog::Store {
                store_id: "ST1".to_owned(),
                name: "ST1".to_owned(),
                terminals: vec![catalog::Terminal {
                    terminal_id: "T1".to_owned(),
                    network_id: "net1".to_owned(),
                    active: true,
                    generation: 0,
                }],
            }],
        }],
        default_product_id: "1010".to_owned(),
        region_code: String::new(),
    }
}
