//! Who may call, as the core's provisioning knows them: settings and keys parsed once for each revision.

use crate::settings::{EdgeError, EdgeSettings, Keys};
use map_legacy_crypto::Charset;
use map_legacy_crypto::pin_block::PosKey;
use map_proto::provisioning::v1::{self as provisioning, Role};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// A snapshot of all callers.
#[derive(Debug, Default)]
pub struct Directory {
    revision: i64,
    apps: HashMap<String, Entry>,
    networks: HashMap<String, Entry>,
}

#[derive(Debug)]
enum Entry {
    Known(Arc<Caller>),
    /// Its settings can't be used: neither known nor unknown.
    Broken,
}

/// What a look-up found.
#[derive(Debug)]
pub(crate) enum Found {
    /// An active caller.
    Active(Arc<Caller>),
    /// A known one that was deactivated: it may still give payments back (decision 17).
    Inactive(Arc<Caller>),
    /// Unknown.
    Nobody,
    /// Its settings can't be used.
    Broken,
}

/// An app or a POS network.
pub struct Caller {
    /// Its identifier.
    pub id: String,
    /// App or POS network.
    pub role: Role,
    /// Whether it may call.
    pub active: bool,
    /// Its settings.
    pub settings: EdgeSettings,
    pub(crate) keys: Keys,
    /// The PIN-block key that applies to it.
    posp: Option<PosKey>,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller")
            .field("id", &self.id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl Caller {
    fn parse(caller: &provisioning::Caller) -> Result<Self, Vec<EdgeError>> {
        let settings = EdgeSettings::parse(&caller.edge_settings_json)?;
        let keys = settings.keys()?;
        let posp = keys.posp.clone();
        let (id, role, active) = (caller.caller_id.clone(), caller.role(), caller.active);
        Ok(Self {
            id,
            role,
            active,
            settings,
            keys,
            posp,
        })
    }

    /// `app/<id>` or `network/<id>`, as the core's metadata wants it.
    pub(crate) fn on_behalf_of(&self) -> String {
        let kind = match self.role {
            Role::PosNetwork => "network",
            Role::Channel => "channel",
            Role::App | Role::Gateway | Role::Operator | Role::Unspecified => "app",
        };
        format!("{kind}/{}", self.id)
    }

    /// The key of its PIN blocks.
    pub(crate) fn posp_key(&self) -> Option<&PosKey> {
        self.posp.as_ref()
    }

    /// The charset of what it signs.
    pub(crate) fn charset(&self) -> Charset {
        self.settings.charset.into()
    }

    /// Whether it may call from this address.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        crate::listener::allowed(&self.settings.addresses, address)
    }
}

impl Directory {
    /// Parses what the core sent. A caller whose settings can't be used is reported and gets no decision.
    pub fn new(response: &provisioning::GetDirectoryResponse) -> Self {
        let mut directory = Self {
            revision: response.revision,
            ..Self::default()
        };
        let of_role = |role| {
            response
                .callers
                .iter()
                .filter(move |caller| caller.role() == role)
        };
        for caller in of_role(Role::PosNetwork) {
            directory
                .networks
                .insert(caller.caller_id.clone(), entry(caller, None));
        }
        for caller in of_role(Role::App) {
            let posp = match caller.network_ids.as_slice() {
                [only] => match directory.networks.get(only) {
                    Some(Entry::Known(network)) => network.posp.clone(),
                    Some(Entry::Broken) | None => None,
                },
                _ => None,
            };
            directory
                .apps
                .insert(caller.caller_id.clone(), entry(caller, posp));
        }
        directory
    }

    /// The catalogue's revision it is from.
    pub fn revision(&self) -> i64 {
        self.revision
    }

    /// Why calls of this POS network are refused, if they are.
    pub(crate) fn no_network(&self, id: &str) -> Option<&'static str> {
        match found(self.networks.get(id)) {
            Found::Active(_) => None,
            Found::Inactive(_) => Some("is deactivated"),
            Found::Nobody => Some("is not provisioned"),
            Found::Broken => Some("has settings that can't be used"),
        }
    }

    pub(crate) fn app(&self, id: &str) -> Found {
        let found = found(self.apps.get(id));
        // An app without a key speaks gRPC only.
        match &found {
            Found::Active(caller) | Found::Inactive(caller) if caller.settings.app_key.is_none() => {
                Found::Nobody
            }
            Found::Active(_) | Found::Inactive(_) | Found::Nobody | Found::Broken => found,
        }
    }

    pub(crate) fn network(&self, id: &str) -> Found {
        found(self.networks.get(id))
    }
}

fn entry(caller: &provisioning::Caller, inherited: Option<PosKey>) -> Entry {
    match Caller::parse(caller) {
        Ok(mut parsed) => {
            parsed.posp = parsed.posp.or(inherited);
            Entry::Known(Arc::new(parsed))
        }
        Err(errors) => {
            let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
            tracing::error!(
                caller = caller.caller_id,
                errors = errors.join("; "),
                "settings of a caller can't be used"
            );
            Entry::Broken
        }
    }
}

fn found(entry: Option<&Entry>) -> Found {
    match entry {
        Some(Entry::Known(caller)) if caller.active => Found::Active(Arc::clone(caller)),
        Some(Entry::Known(caller)) => Found::Inactive(Arc::clone(caller)),
        None => Found::Nobody,
        Some(Entry::Broken) => Found::Broken,
    }
}
