//! The callers of a document.

use super::EdgeValidator;
use super::errors::Errors;
use crate::auth::digest_of_hex;
use crate::caller::Role;
use map_domain::{CallerId, NetworkId};
use map_proto::provisioning::v1 as wire;
use map_store::records::{CallerRecord, CallerRole};
use std::collections::BTreeSet;

/// The networks that a document declares, for what refers to them.
pub(super) fn networks(callers: &[wire::Caller]) -> BTreeSet<&str> {
    let networks = callers
        .iter()
        .filter(|caller| caller.role() == wire::Role::PosNetwork);
    networks.map(|caller| caller.caller_id.as_str()).collect()
}

/// The callers; what is wrong with them goes to `errors`.
pub(super) fn callers(
    callers: &[wire::Caller],
    validate: &EdgeValidator,
    errors: &mut Errors,
) -> Vec<CallerRecord> {
    let declared = networks(callers);
    let at = |index: usize, field: &str| format!("callers[{index}].{field}");
    errors.unique(
        callers
            .iter()
            .enumerate()
            .map(|(n, caller)| (at(n, "caller_id"), (caller.role, &caller.caller_id))),
        "the same role and identifier",
    );
    errors.unique(
        callers.iter().enumerate().flat_map(|(n, caller)| {
            let keys = caller.bearer_key_sha256.iter().enumerate();
            keys.map(move |(k, key)| (format!("callers[{n}].bearer_key_sha256[{k}]"), key))
        }),
        "the same bearer key",
    );
    let read = |(n, caller): (usize, &wire::Caller)| {
        one(&format!("callers[{n}]"), caller, &declared, validate, errors)
    };
    callers.iter().enumerate().filter_map(read).collect()
}

fn one(
    at: &str,
    caller: &wire::Caller,
    declared: &BTreeSet<&str>,
    validate: &EdgeValidator,
    errors: &mut Errors,
) -> Option<CallerRecord> {
    errors.text(&format!("{at}.name"), &caller.name, false);
    let id = errors.id(&format!("{at}.caller_id"), &caller.caller_id, NetworkId::parse);
    let Some((role, record)) = role(caller.role()) else {
        errors.add(&format!("{at}.role"), "expected a role");
        return None;
    };
    let app = role == Role::App;
    errors.require(
        app || caller.network_ids.is_empty(),
        &format!("{at}.network_ids"),
        "only for apps",
    );
    errors.require(
        app || !caller.may_omit_payment_code,
        &format!("{at}.may_omit_payment_code"),
        "only for apps",
    );
    errors.require(
        app || !caller.ignore_transfer_sms_code,
        &format!("{at}.ignore_transfer_sms_code"),
        "only for apps",
    );
    let mut networks = named_networks(at, caller, declared, errors);
    let bearer_keys = bearer_keys(at, caller, errors);
    edge_settings(at, role, &caller.edge_settings_json, validate, errors);
    let own = id?;
    if role == Role::PosNetwork {
        networks = vec![own.clone()];
    }
    Some(CallerRecord {
        id: errors.id(
            &format!("{at}.caller_id"),
            &format!("{}/{own}", role.prefix()),
            CallerId::parse,
        )?,
        role: record,
        name: caller.name.clone(),
        active: caller.active,
        bearer_keys,
        networks,
        may_omit_payment_code: caller.may_omit_payment_code,
        ignore_transfer_sms_code: caller.ignore_transfer_sms_code,
        edge_settings_json: caller.edge_settings_json.clone(),
    })
}

const fn role(role: wire::Role) -> Option<(Role, CallerRole)> {
    match role {
        wire::Role::App => Some((Role::App, CallerRole::App)),
        wire::Role::Channel => Some((Role::Channel, CallerRole::Channel)),
        wire::Role::PosNetwork => Some((Role::PosNetwork, CallerRole::PosNetwork)),
        wire::Role::Gateway => Some((Role::Gateway, CallerRole::Gateway)),
        wire::Role::Operator => Some((Role::Operator, CallerRole::Operator)),
        wire::Role::Unspecified => None,
    }
}

fn named_networks(
    at: &str,
    caller: &wire::Caller,
    declared: &BTreeSet<&str>,
    errors: &mut Errors,
) -> Vec<NetworkId> {
    let mut networks = Vec::new();
    for (n, network) in caller.network_ids.iter().enumerate() {
        let at = format!("{at}.network_ids[{n}]");
        errors.require(
            declared.contains(network.as_str()),
            &at,
            "no POS network of this document has this identifier",
        );
        networks.extend(errors.id(&at, network, NetworkId::parse));
    }
    networks
}

fn bearer_keys(at: &str, caller: &wire::Caller, errors: &mut Errors) -> Vec<[u8; 32]> {
    let mut keys = Vec::new();
    for (n, key) in caller.bearer_key_sha256.iter().enumerate() {
        match digest_of_hex(key) {
            Some(hash) => keys.push(hash),
            None => {
                errors.add(
                    &format!("{at}.bearer_key_sha256[{n}]"),
                    "expected a SHA-256, 64 lower-case hex digits",
                );
            }
        }
    }
    keys
}

/// An edge speaks for apps, channels and networks; nobody else has settings for it.
fn edge_settings(at: &str, role: Role, json: &str, validate: &EdgeValidator, errors: &mut Errors) {
    if json.is_empty() {
        return;
    }
    let at = format!("{at}.edge_settings_json");
    if !role.behind_a_gateway() {
        errors.add(&at, "only for apps, channels and POS networks");
    } else if let Err(problems) = validate(role, json) {
        for (setting, problem) in problems {
            let dot = if setting.is_empty() { "" } else { "." };
            errors.add(&format!("{at}{dot}{setting}"), problem);
        }
    }
}
