//! The core as a whole: started on a store, served over a socket or in process, drained.

use crate::catalogue::{Catalogue, ProvisionedCaller};
use crate::config::{ConfigError, CoreConfig};
use crate::core::Core;
use crate::cors;
use crate::failure::Failure;
use crate::health::Health;
use crate::layers::{Admission, Edge, QUESTION_BYTES};
use crate::ledger::{self, Ledger};
use crate::ports::{Clock, Random, SmsSender};
use crate::provisioning::EdgeValidator;
use crate::secrets::{Secrets, SecretsError};
use crate::services;
use crate::socket;
use crate::watcher::Watcher;
use map_domain::Policy;
use map_listener::Listener;
use map_store::Store;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tower::Layer;
use tower::util::option_layer;

/// What the core needs of the world.
pub struct Ports {
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<dyn Random>,
    /// Sends SMS codes.
    pub sms: Arc<dyn SmsSender>,
    /// Makes keyed digests; see [`crate::secret_file`].
    pub secrets: Secrets,
}

/// What the embedding program adds.
pub struct Options {
    /// Callers besides the provisioned ones: the gateway in the same process, an operator who
    /// provisions an empty ledger.
    pub extra_callers: Vec<ProvisionedCaller>,
    /// Checks a caller's edge settings, which the core does not understand, before they are
    /// stored. What it returns is shown to the operator.
    pub edge_validator: EdgeValidator,
}

impl Default for Options {
    /// No extra callers; edge settings must be empty.
    fn default() -> Self {
        Self {
            extra_callers: Vec::new(),
            edge_validator: Arc::new(|_, json| {
                if json.is_empty() {
                    Ok(())
                } else {
                    Err(vec![(String::new(), "this installation has no edge".to_owned())])
                }
            }),
        }
    }
}

/// Why the core does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Settings that make no sense; all of them.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Config(Vec<ConfigError>),
    /// The secrets are not the ledger's.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// The catalogue can't be read.
    #[error("the catalogue can't be read: {0:?}")]
    Catalogue(Failure),
    /// The descriptors for reflection are not what they should be.
    #[error("reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
}

/// The core, running. Dropping it stops its background work, not the calls that run.
pub struct CoreServer {
    core: Arc<Core>,
    config: CoreConfig,
    admission: Arc<Admission>,
    edge: Edge<Routes>,
    health: Arc<Health>,
    watcher: Mutex<Option<JoinHandle<()>>>,
}

/// The core without a socket; implements what generated clients need. Cheap to clone.
pub type InProcess = Edge<Routes>;

impl CoreServer {
    /// Makes sure that the secrets are the ledger's, reads the catalogue and starts watching it and the
    /// store's health.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(config: CoreConfig, ports: Ports, options: Options) -> Result<Self, StartError> {
        let errors = config.validate();
        if !errors.is_empty() {
            return Err(StartError::Config(errors));
        }
        ports.secrets.require_own(&*ports.store).await?;
        let catalogue = Catalogue::load(&*ports.store, None, &options.extra_callers).await;
        let catalogue = catalogue.map_err(StartError::Catalogue)?.unwrap_or_default();
        let core = Arc::new(Core {
            store: ports.store,
            clock: ports.clock,
            random: ports.random,
            sms: ports.sms,
            secrets: ports.secrets,
            policy: Policy::from(config.rules),
            extra_callers: options.extra_callers,
            catalogue: RwLock::new(Arc::new(catalogue)),
        });
        let (health, health_service) = Health::new();
        let health = Arc::new(health);
        let admission = Arc::new(Admission::new(&config.limits));
        let mut watcher = Watcher::new(Arc::clone(&core), Arc::clone(&health), Arc::clone(&admission));
        watcher.look_at_store().await;
        let ledger = Arc::new(Ledger::new(
            Arc::clone(&core),
            ledger::Options::from(config.ledger),
        ));
        let routes = services::routes(&ledger, options.edge_validator, config.limits.message_bytes)
            .add_service(health_service.max_decoding_message_size(QUESTION_BYTES))
            .add_service(services::reflection()?.max_decoding_message_size(QUESTION_BYTES))
            .prepare();
        let edge = Edge::new(routes, Arc::clone(&core), Arc::clone(&admission), config.timeouts);
        let watcher = tokio::spawn(watcher.run(Duration::from_millis(config.poll_ms)));
        Ok(Self {
            core,
            config,
            admission,
            edge,
            health,
            watcher: Mutex::new(Some(watcher)),
        })
    }

    /// What the services share.
    pub fn core(&self) -> &Arc<Core> {
        &self.core
    }

    /// The core without a socket: the same layers, deadlines included. Must be called within a
    /// tokio runtime.
    pub fn in_process(&self) -> InProcess {
        self.edge.clone()
    }

    /// Serves gRPC and gRPC-web on this listener until `shutdown`, then drains: health says
    /// not-serving, answers that stay open (health, reflection) end, connections finish what runs on them,
    /// within `timeouts.drain_ms`.
    pub async fn serve(&self, listener: Listener, shutdown: impl Future<Output = ()>) {
        let service = tonic_web::GrpcWebLayer::new().layer(self.edge.clone());
        let service = option_layer(cors::layer(&self.config.cors_origins)).layer(service);
        let shutdown = async {
            shutdown.await;
            self.not_serving().await;
        };
        let (limits, timeouts) = (&self.config.limits, &self.config.timeouts);
        let service = |_| Some(socket::Counted::new(service.clone()));
        listener
            .serve(
                socket::bounds(limits, timeouts),
                service,
                socket::crowded,
                shutdown,
            )
            .await;
    }

    /// Refuses new calls and waits for those that run, at most `timeouts.drain_ms`. Says how
    /// many still ran then: 0 is a clean end. To be called when no edge sends any more.
    pub async fn drain(&self) -> usize {
        self.not_serving().await;
        self.admission.drain();
        let limit = Duration::from_millis(self.config.timeouts.drain_ms);
        let _ = tokio::time::timeout(limit, self.admission.idle()).await;
        self.admission.running()
    }

    /// How many calls run, those included whose caller waits no longer.
    pub fn running(&self) -> usize {
        self.admission.running()
    }

    async fn not_serving(&self) {
        // The watcher must have ended: it would say "serving" once more.
        if let Some(watcher) = self.take_watcher() {
            let _ = watcher.await;
        }
        self.health.say(false).await;
        self.admission.end_questions();
    }
}

impl CoreServer {
    /// The watcher, told to end; `None`: it was told before.
    fn take_watcher(&self) -> Option<JoinHandle<()>> {
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner).take();
        watcher.inspect(JoinHandle::abort)
    }
}

impl Drop for CoreServer {
    fn drop(&mut self) {
        self.take_watcher();
    }
}
