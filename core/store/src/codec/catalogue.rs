//! Products, sellers, provisioned callers, settings.

use super::account::{account_type, read_account_type};
use super::{Flaw, fen, fixed, id, list, optional_id, required, wire};
use crate::records::{CallerRecord, CallerRole, CatalogueSettings};
use map_domain::catalogue::{Product, Seller, Store, Terminal};
use map_domain::{CallerId, NetworkId, ProductId, RegionCode, SellerId, StoreId, TerminalId};

super::body!(Product, wire::Product, "product");
super::body!(Seller, wire::Seller, "seller");
super::body!(CallerRecord, wire::Caller, "caller");
super::body!(CatalogueSettings, wire::Settings, "settings");

impl From<&Product> for wire::Product {
    fn from(product: &Product) -> Self {
        Self {
            id: product.id.to_string(),
            name: product.name.clone(),
            short_name: product.short_name.clone(),
            kind: account_type(product.kind).into(),
            number_prefix: product.number_prefix.clone(),
            price_fen: product.price.get(),
            face_value_fen: product.face_value.get(),
            stages: product.stages,
            uneven: product.uneven.map(|(first, stage)| wire::UnevenPlan {
                first_fen: first.get(),
                stage_fen: stage.get(),
            }),
            validity_months: product.validity_months,
            restrictions: Some((&product.restrictions).into()),
            remark: product.remark.clone(),
            active: product.active,
        }
    }
}

impl TryFrom<wire::Product> for Product {
    type Error = Flaw;

    fn try_from(product: wire::Product) -> Result<Self, Flaw> {
        Ok(Self {
            id: id("id", &product.id, ProductId::parse)?,
            name: product.name,
            short_name: product.short_name,
            kind: read_account_type("kind", product.kind)?,
            number_prefix: product.number_prefix,
            price: fen(product.price_fen),
            face_value: fen(product.face_value_fen),
            stages: product.stages,
            uneven: product
                .uneven
                .map(|plan| (fen(plan.first_fen), fen(plan.stage_fen))),
            validity_months: product.validity_months,
            restrictions: required("restrictions", product.restrictions)?,
            remark: product.remark,
            active: product.active,
        })
    }
}

impl From<&Seller> for wire::Seller {
    fn from(seller: &Seller) -> Self {
        Self {
            id: seller.id.to_string(),
            name: seller.name.clone(),
            active: seller.active,
            stores: seller.stores.iter().map(Into::into).collect(),
        }
    }
}

impl TryFrom<wire::Seller> for Seller {
    type Error = Flaw;

    fn try_from(seller: wire::Seller) -> Result<Self, Flaw> {
        Ok(Self {
            id: id("id", &seller.id, SellerId::parse)?,
            name: seller.name,
            active: seller.active,
            stores: list(seller.stores)?,
        })
    }
}

impl From<&Store> for wire::Store {
    fn from(store: &Store) -> Self {
        Self {
            id: store.id.to_string(),
            name: store.name.clone(),
            active: store.active,
            terminals: store
                .terminals
                .iter()
                .map(|terminal| wire::Terminal {
                    id: terminal.id.to_string(),
                    network: terminal.network.to_string(),
                    active: terminal.active,
                    generation: terminal.generation,
                })
                .collect(),
        }
    }
}

impl TryFrom<wire::Store> for Store {
    type Error = Flaw;

    fn try_from(store: wire::Store) -> Result<Self, Flaw> {
        Ok(Self {
            id: id("store.id", &store.id, StoreId::parse)?,
            name: store.name,
            active: store.active,
            terminals: list(store.terminals)?,
        })
    }
}

impl TryFrom<wire::Terminal> for Terminal {
    type Error = Flaw;

    fn try_from(terminal: wire::Terminal) -> Result<Self, Flaw> {
        Ok(Self {
            id: id("terminal.id", &terminal.id, TerminalId::parse)?,
            network: id("terminal.network", &terminal.network, NetworkId::parse)?,
            active: terminal.active,
            generation: terminal.generation,
        })
    }
}

const fn role(role: CallerRole) -> wire::CallerRole {
    match role {
        CallerRole::App => wire::CallerRole::App,
        CallerRole::Channel => wire::CallerRole::Channel,
        CallerRole::PosNetwork => wire::CallerRole::PosNetwork,
        CallerRole::Gateway => wire::CallerRole::Gateway,
        CallerRole::Operator => wire::CallerRole::Operator,
    }
}

fn read_role(number: i32) -> Result<CallerRole, Flaw> {
    match wire::CallerRole::try_from(number) {
        Ok(wire::CallerRole::App) => Ok(CallerRole::App),
        Ok(wire::CallerRole::Channel) => Ok(CallerRole::Channel),
        Ok(wire::CallerRole::PosNetwork) => Ok(CallerRole::PosNetwork),
        Ok(wire::CallerRole::Gateway) => Ok(CallerRole::Gateway),
        Ok(wire::CallerRole::Operator) => Ok(CallerRole::Operator),
        Ok(wire::CallerRole::Unspecified) | Err(_) => Err(Flaw("role")),
    }
}

impl From<&CallerRecord> for wire::Caller {
    fn from(caller: &CallerRecord) -> Self {
        Self {
            id: caller.id.to_string(),
            role: role(caller.role).into(),
            name: caller.name.clone(),
            active: caller.active,
            bearer_keys: caller.bearer_keys.iter().map(|key| key.to_vec()).collect(),
            networks: caller.networks.iter().map(ToString::to_string).collect(),
            may_omit_payment_code: caller.may_omit_payment_code,
            ignore_transfer_sms_code: caller.ignore_transfer_sms_code,
            edge_settings_json: caller.edge_settings_json.clone(),
        }
    }
}

impl TryFrom<wire::Caller> for CallerRecord {
    type Error = Flaw;

    fn try_from(caller: wire::Caller) -> Result<Self, Flaw> {
        Ok(Self {
            id: id("id", &caller.id, CallerId::parse)?,
            role: read_role(caller.role)?,
            name: caller.name,
            active: caller.active,
            bearer_keys: caller
                .bearer_keys
                .iter()
                .map(|key| fixed("bearer_keys", key))
                .collect::<Result<_, _>>()?,
            networks: caller
                .networks
                .iter()
                .map(|network| id("networks", network, NetworkId::parse))
                .collect::<Result<_, _>>()?,
            may_omit_payment_code: caller.may_omit_payment_code,
            ignore_transfer_sms_code: caller.ignore_transfer_sms_code,
            edge_settings_json: caller.edge_settings_json,
        })
    }
}

impl From<&CatalogueSettings> for wire::Settings {
    fn from(settings: &CatalogueSettings) -> Self {
        Self {
            default_product: settings.default_product.as_ref().map(ToString::to_string),
            region: settings.region.as_ref().map(ToString::to_string),
        }
    }
}

impl TryFrom<wire::Settings> for CatalogueSettings {
    type Error = Flaw;

    fn try_from(settings: wire::Settings) -> Result<Self, Flaw> {
        Ok(Self {
            default_product: optional_id(
                "default_product",
                settings.default_product.as_deref(),
                ProductId::parse,
            )?,
            region: optional_id("region", settings.region.as_deref(), RegionCode::parse)?,
        })
    }
}
