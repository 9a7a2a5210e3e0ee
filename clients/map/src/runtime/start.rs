//! Core, gateway and admin in one process, in any combination: bound early, started in order,
//! drained in order.

use super::admin::{self, Readiness};
use super::keys::bearer_key;
use super::ready::{GatewayAddress, Ready};
use super::ready_file::ReadyFile;
use super::serving::Serving;
use super::signals::Signals;
use super::{descriptors, exposure, ledger, private, provision, store_metrics};
use crate::config::MapConfig;
use crate::outcome::Stop;
use crate::provisioning::{Provisioning, edge_validator};
use crate::telemetry;
use crate::ui::{Ui, counted};
use crate::version;
use map_gateway::{BindError, Core as GatewayCore, Gateway, GatewayConfig, Listener, Secret};
use map_listener::{Listener as AdminListener, Listener as CoreListener};
use map_server::adapters::{OsRandom, SystemClock};
use map_server::caller::Role;
use map_server::catalogue::ProvisionedCaller;
use map_server::ports::SmsSender;
use map_server::{CoreServer, Options, Ports, secret_file};
use map_store::Store;
use map_store_embedded::EmbeddedStore;
use metrics_exporter_prometheus::PrometheusHandle;
use std::convert::Infallible;
use std::sync::Arc;
use tonic::transport::Channel;

/// What runs in this process.
pub(crate) enum Parts {
    /// Core and gateway; no socket between them.
    Both,
    /// The core alone.
    Core,
    /// The gateway alone, over this channel with this bearer key.
    Gateway(Channel, Secret),
}

/// Serves until a signal, or until a task dies.
///
/// First what can fail without a trace (files are read, then ports bound), then what changes something (the
/// ledger), and last what tells others that it serves.
pub(crate) async fn run(
    config: MapConfig,
    parts: Parts,
    mut ready_file: Option<ReadyFile>,
) -> Result<(), Stop> {
    version::tell();
    let signals = Signals::install()?;
    descriptors::take_all();
    let metrics = admin::install_metrics().map_err(Stop::Failed)?;
    version::register_metric();
    register_metrics(&parts);
    let inputs = match parts {
        Parts::Both | Parts::Core => Some(Inputs::read(&config)?),
        Parts::Gateway(..) => None,
    };
    let sockets = Sockets::bind(&config, &parts).await?;
    let ready = sockets.addresses(&config)?;
    private::warn(&config, &parts);
    if let Some(read) = inputs.as_ref().and_then(|inputs| inputs.provisioning.as_ref()) {
        private::warn_of_provisioning(read);
    }
    exposure::warn_of_settings(&config, &parts);
    let key = bearer_key();
    let core = match inputs {
        Some(inputs) => Some(start_core(&config, inputs, &key).await?),
        None => None,
    };
    let gateway = start_gateway(config.gateway.clone(), parts, core.as_ref(), key).await?;
    let mut serving = serve(sockets, core.as_ref(), gateway, metrics, &signals);
    if let Some(file) = &mut ready_file {
        file.write(&ready)?;
    }
    ready.show(
        Ui::new(),
        config.core.tls.is_some(),
        core.as_ref().map(|_| config.data_dir.as_path()),
    );
    let outcome = serving.run(&signals).await;
    let stop = async {
        let stopped = match core {
            Some(core) => core.stop().await,
            None => {
                if outcome.is_ok() {
                    tracing::info!("drained");
                }
                Ok(())
            }
        };
        telemetry::flush().await;
        stopped
    };
    // The second signal does not wait for a drain; what was acknowledged is on the disk.
    tokio::select! {
        biased;
        () = signals.ended() => {}
        stopped = stop => stopped?,
    }
    outcome
}

/// Begins to serve all that was started, each on its sockets.
fn serve(
    sockets: Sockets,
    core: Option<&RunningCore>,
    gateway: Option<Gateway>,
    metrics: PrometheusHandle,
    signals: &Signals,
) -> Serving {
    let mut serving = Serving::default();
    if let (Some(core), Some(socket)) = (core, sockets.core) {
        let (server, drained) = (Arc::clone(&core.server), signals.clone().drained());
        serving.spawn("the core", async move {
            server.serve(socket, drained).await;
            Ok::<_, Infallible>(())
        });
    }
    if let Some(gateway) = gateway.clone() {
        let drained = signals.clone().drained();
        serving.spawn("the gateway", async move {
            gateway.serve(sockets.gateway, drained).await;
            Ok::<_, Infallible>(())
        });
    }
    let store = core.map(|core| Arc::clone(&core.store));
    let readiness = readiness(signals.clone(), store.clone(), gateway);
    let collect = Arc::new(move || {
        store
            .iter()
            .for_each(|store| store_metrics::count(&store.stats()))
    });
    let admin = admin::serve(sockets.admin, metrics, readiness, collect);
    serving.spawn_aside("the admin listener", admin);
    serving
}

/// Everything that is listened on, bound before anything is started.
struct Sockets {
    core: Option<CoreListener>,
    gateway: Vec<Listener>,
    admin: AdminListener,
}

impl Sockets {
    async fn bind(config: &MapConfig, parts: &Parts) -> Result<Self, Stop> {
        let core = match parts {
            Parts::Both | Parts::Core => {
                let bound = CoreListener::bind(config.core.bind, config.core.tls.as_ref()).await;
                Some(bound.map_err(|error| unbound("core", &error))?)
            }
            Parts::Gateway(..) => None,
        };
        let mut gateway = Vec::new();
        match parts {
            Parts::Core => {}
            Parts::Both | Parts::Gateway(..) => {
                if config.gateway.listeners.is_empty() {
                    return Err(Stop::usage(
                        "gateway.listeners is empty: use `map core` for a core alone",
                    ));
                }
                for (at, listener) in config.gateway.listeners.iter().enumerate() {
                    let bound = Listener::bind(listener).await;
                    let section = format!("gateway.listeners[{at}]");
                    gateway.push(bound.map_err(|error| unbound(&section, &error))?);
                }
            }
        }
        Ok(Self {
            core,
            gateway,
            admin: AdminListener::bind(config.admin.bind, None)
                .await
                .map_err(|error| unbound("admin", &error))?,
        })
    }

    fn addresses(&self, config: &MapConfig) -> Result<Ready, Stop> {
        let gateway = self
            .gateway
            .iter()
            .zip(&config.gateway.listeners)
            .map(|(bound, listener)| {
                Ok(GatewayAddress {
                    address: bound.local_addr()?,
                    network: listener.network.clone(),
                    tls: listener.tls.is_some(),
                })
            });
        let addresses = || {
            Ok(Ready {
                pid: std::process::id(),
                core: self.core.as_ref().map(CoreListener::local_addr).transpose()?,
                gateway: gateway.collect::<std::io::Result<_>>()?,
                admin: self.admin.local_addr()?,
            })
        };
        addresses().map_err(|error: std::io::Error| Stop::failed(format!("a socket has no address: {error}")))
    }
}

/// A TLS file that can't be used is the operator's mistake; a port in use may be free the next time.
fn unbound(section: &str, error: &BindError) -> Stop {
    match error {
        BindError::Tls(_) => Stop::usage(format!("{section}.{error}")),
        BindError::Address(..) => Stop::failed(format!("{section}.bind {error}")),
    }
}

/// What the core's start reads. Reading changes nothing.
struct Inputs {
    sms: Arc<dyn SmsSender>,
    provisioning: Option<Provisioning>,
}

impl Inputs {
    fn read(config: &MapConfig) -> Result<Self, Stop> {
        let sms = config.core.sms.sender().map_err(Stop::usage)?;
        let file = config.provisioning_file.as_deref();
        let provisioning = file
            .map(Provisioning::read_valid)
            .transpose()
            .map_err(Stop::usage)?;
        // Whether one may be made is known when the ledger is open; one that is there must be good, and where there
        // is none there must be a place for it.
        let secret_file = config.secret_file();
        if secret_file::load(&secret_file).map_err(Stop::failed)?.is_none() {
            secret_file::require_place(&secret_file).map_err(Stop::failed)?;
        }
        Ok(Self { sms, provisioning })
    }
}

/// The core, and the ledger under it.
struct RunningCore {
    server: Arc<CoreServer>,
    store: Arc<EmbeddedStore>,
}

impl RunningCore {
    /// Waits for the calls that run, then syncs and closes the ledger.
    async fn stop(self) -> Result<(), Stop> {
        let running = self.server.drain().await;
        drop(self.server);
        ledger::close(self.store).await?;
        if running > 0 {
            let calls = counted(running, "call");
            return Err(Stop::failed(format!(
                "{calls} still ran after core.timeouts.drain_ms"
            )));
        }
        tracing::info!("drained");
        Ok(())
    }
}

/// Opens the ledger, starts the core and applies the provisioning file. `gateway_key` is what
/// the gateway of this process calls with.
async fn start_core(config: &MapConfig, inputs: Inputs, gateway_key: &str) -> Result<RunningCore, Stop> {
    let (store, secrets) = ledger::open(config).await?;
    private::warn_of_ledger(&config.data_dir);
    let operator_key = bearer_key();
    // Never provisioned, with keys that nobody else ever sees: the gateway of this process, and the
    // operator that applies the file.
    let extra_callers = vec![
        ProvisionedCaller::configured(Role::Gateway, "in-process", gateway_key).map_err(Stop::failed)?,
        ProvisionedCaller::configured(Role::Operator, "provisioning-file", &operator_key)
            .map_err(Stop::failed)?,
    ];
    let ledger: Arc<dyn Store> = Arc::<EmbeddedStore>::clone(&store);
    let ports = Ports {
        store: ledger,
        clock: Arc::new(SystemClock),
        random: Arc::new(OsRandom),
        sms: inputs.sms,
        secrets,
    };
    let options = Options {
        extra_callers: extra_callers.clone(),
        edge_validator: edge_validator(),
    };
    let server = CoreServer::start(config.core.clone(), ports, options)
        .await
        .map_err(Stop::failed)?;
    if let Some(read) = inputs.provisioning {
        provision::apply(&server, read, &operator_key).await?;
    }
    exposure::warn_of_callers(&server.core().catalogue(), &extra_callers);
    Ok(RunningCore {
        server: Arc::new(server),
        store,
    })
}

/// The gateway, where one runs here: before a core that runs apart, or before that of this process, which it calls
/// with `key` and whose directory it has from the first request on.
async fn start_gateway(
    config: GatewayConfig,
    parts: Parts,
    core: Option<&RunningCore>,
    key: String,
) -> Result<Option<Gateway>, Stop> {
    match (parts, core) {
        (Parts::Gateway(channel, key), _) => {
            let gateway = Gateway::new(config, GatewayCore::new(channel, &key));
            gateway.map(Some).map_err(Stop::usage)
        }
        (Parts::Both, Some(core)) => {
            let in_process = GatewayCore::new(core.server.in_process(), &Secret::new(key));
            let gateway = Gateway::new(config, in_process).map_err(Stop::usage)?;
            gateway.refresh().await.map_err(Stop::failed)?;
            Ok(Some(gateway))
        }
        (Parts::Core | Parts::Both, _) => Ok(None),
    }
}

/// Ready: not draining, the ledger takes commits, the gateway knows its callers and its core serves.
fn readiness(signals: Signals, store: Option<Arc<EmbeddedStore>>, gateway: Option<Gateway>) -> Readiness {
    Arc::new(move || {
        let (draining, store) = (signals.draining(), store.clone());
        let obstacle = gateway.as_ref().and_then(Gateway::obstacle);
        Box::pin(async move {
            if draining {
                return Some("draining".to_owned());
            }
            if let Some(store) = store
                && let Err(error) = store.health().await
            {
                return Some(format!("the ledger takes no commits: {error}"));
            }
            obstacle
        })
    })
}

/// Begins every series that this process counts.
fn register_metrics(parts: &Parts) {
    match parts {
        Parts::Core => map_server::telemetry::register(),
        Parts::Both => {
            map_server::telemetry::register();
            map_gateway::telemetry::register();
        }
        Parts::Gateway(..) => map_gateway::telemetry::register(),
    }
}
