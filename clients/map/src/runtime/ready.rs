//! Where the process listens, for people and for scripts.

use crate::ui::{Style, Ui};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::Path;

/// Where the process listens: what `--ready-file` holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// The process.
    pub(crate) pid: u32,
    /// gRPC and gRPC-web, where the core runs here.
    pub(crate) core: Option<SocketAddr>,
    /// The documented JSON calls, in the order of the configuration.
    pub(crate) gateway: Vec<GatewayAddress>,
    /// Metrics and probes.
    pub(crate) admin: SocketAddr,
}

/// One listener of the gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GatewayAddress {
    /// Where.
    pub(crate) address: SocketAddr,
    /// The POS network whose calls without credential arrive here.
    pub(crate) network: Option<String>,
    /// Whether it speaks TLS.
    pub(crate) tls: bool,
}

impl Ready {
    /// Says it to whoever started the process.
    pub(crate) fn show(&self, ui: Ui, core_tls: bool, ledger: Option<&Path>) {
        let scheme = |tls: bool| if tls { "https" } else { "http" };
        ui.styled(Style::Bold, "MAP serves");
        if let Some(core) = self.core {
            ui.line(&format!("  gRPC    {}://{core}", scheme(core_tls)));
        }
        for listener in &self.gateway {
            let network = match &listener.network {
                Some(network) => format!("POS network {network}"),
                None => "apps; `network` is not set, so /front/offline is refused".to_owned(),
            };
            ui.line(&format!(
                "  JSON    {}://{}  ({network})",
                scheme(listener.tls),
                listener.address
            ));
        }
        ui.line(&format!(
            "  admin   http://{}/metrics  /healthz  /readyz",
            self.admin
        ));
        if let Some(folder) = ledger {
            ui.line(&format!("  ledger  {}", folder.display()));
        }
    }
}
