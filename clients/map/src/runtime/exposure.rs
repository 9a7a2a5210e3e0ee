//! What is served all the same and only good for trying things out, or in a network of one's own: told at the start, a
//! line each.

use super::Parts;
use crate::config::MapConfig;
use map_server::catalogue::{Catalogue, ProvisionedCaller};
use map_server::config::SmsConfig;
use sha2::{Digest, Sha256};
use std::net::SocketAddr;

/// The bearer keys of `docs/provisioning.example.toml`.
const PUBLISHED_BEARERS: [&str; 2] = ["app-key-for-trying-out", "operator-key-for-trying-out"];

/// The other keys in it.
const PUBLISHED_KEYS: [&str; 2] = ["Wq7!x2@b9#d4%z8Rm3Np6Hs1", "0123456789ABCDEFFEDCBA9876543210"];

/// Warns of settings.
pub(super) fn warn_of_settings(config: &MapConfig, parts: &Parts) {
    let runs_core = !matches!(parts, Parts::Gateway(..));
    of_settings(config, runs_core)
        .iter()
        .for_each(|told| tracing::warn!("{told}"));
}

/// Warns of who may call, beside those of this process.
pub(super) fn warn_of_callers(catalogue: &Catalogue, never_provisioned: &[ProvisionedCaller]) {
    let provisioned = catalogue.callers.values().filter(|caller| {
        caller.active
            && !never_provisioned
                .iter()
                .any(|one| one.caller.id == caller.caller.id)
    });
    of_callers(provisioned)
        .iter()
        .for_each(|told| tracing::warn!("{told}"));
}

fn of_settings(config: &MapConfig, runs_core: bool) -> Vec<String> {
    let mut told = Vec::new();
    let is_reached = |address: SocketAddr| !address.ip().to_canonical().is_loopback();
    if runs_core && config.core.tls.is_none() && is_reached(config.core.bind) {
        told.push(format!(
            "core.bind = {}: gRPC without TLS on an address that others reach, bearer keys and payment codes in clear: set core.tls, or bind to loopback",
            config.core.bind
        ));
    }
    if is_reached(config.admin.bind) {
        told.push(format!(
            "admin.bind = {}: metrics and probes, without TLS and for everybody, on an address that others reach: bind to loopback",
            config.admin.bind
        ));
    }
    if runs_core && config.core.sms == SmsConfig::Outbox {
        told.push(
            "core.sms.adapter = outbox: SMS codes are sent to nobody and kept for operators to read: for trying things out only"
                .to_owned(),
        );
    }
    told
}

fn of_callers<'a>(active: impl Iterator<Item = &'a ProvisionedCaller>) -> Vec<String> {
    let mut callers = active.peekable();
    if callers.peek().is_none() {
        return vec![
            "nobody is provisioned, so every call is refused: name a file as provisioning_file, such as docs/provisioning.example.toml, and start again"
                .to_owned(),
        ];
    }
    let published = callers.filter(|caller| has_published_key(caller));
    let published: Vec<String> = published.map(|caller| caller.caller.id.to_string()).collect();
    if published.is_empty() {
        return Vec::new();
    }
    vec![format!(
        "keys that are published in docs/provisioning.example.toml let anybody call as {}: make others with map key",
        published.join(", ")
    )]
}

fn has_published_key(caller: &ProvisionedCaller) -> bool {
    let bearer = |key: &&str| {
        caller
            .bearer_keys
            .contains(&Sha256::digest(key.as_bytes()).into())
    };
    let edge = |key: &&str| caller.edge_settings_json.contains(*key);
    PUBLISHED_BEARERS.iter().any(bearer) || PUBLISHED_KEYS.iter().any(edge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use map_server::caller::Role;

    #[test]
    fn what_is_published_is_what_the_example_says() {
        let example = include_str!("../../../../docs/provisioning.example.toml");
        for key in PUBLISHED_BEARERS.iter().chain(&PUBLISHED_KEYS) {
            assert!(example.contains(key), "{key}");
        }
    }

    #[test]
    fn an_address_that_others_reach_is_told_where_nothing_is_encrypted() {
        let check = |bind: &str, runs_core: bool, expect: &[&str]| {
            let mut config = MapConfig::default();
            (config.core.bind, config.admin.bind) = (bind.parse().expect("one"), bind.parse().expect("one"));
            let told = of_settings(&config, runs_core);
            assert_eq!(told.len(), expect.len(), "{told:?}");
            for (told, expect) in told.iter().zip(expect) {
                assert!(told.starts_with(expect), "{told}");
            }
        };
        let sms = "core.sms.adapter = outbox";
        check("127.0.0.1:1", true, &[sms]);
        check("[::1]:1", true, &[sms]);
        check("[::ffff:127.0.0.1]:1", true, &[sms]);
        check(
            "0.0.0.0:1",
            true,
            &["core.bind = 0.0.0.0:1", "admin.bind = 0.0.0.0:1", sms],
        );
        check("10.0.0.5:1", true, &["core.bind", "admin.bind", sms]);
        check("10.0.0.5:1", false, &["admin.bind"]);
    }

    #[test]
    fn nobody_and_everybody_may_call_is_told() {
        let caller = |key: &str, edge: &str| {
            let made = ProvisionedCaller::configured(Role::App, "a", key).expect("a caller");
            let edge_settings_json = edge.to_owned();
            ProvisionedCaller {
                edge_settings_json,
                ..made
            }
        };
        let check = |callers: &[ProvisionedCaller], expect: Option<&str>| {
            let told = of_callers(callers.iter());
            assert_eq!(told.len(), usize::from(expect.is_some()), "{told:?}");
            assert!(
                told.iter().all(|told| told.contains(expect.unwrap_or_default())),
                "{told:?}"
            );
        };
        check(&[], Some("nobody is provisioned"));
        check(&[caller("mine", "")], None);
        check(&[caller("app-key-for-trying-out", "")], Some("call as app/a:"));
        check(
            &[caller("mine", "{\"app_key\":\"Wq7!x2@b9#d4%z8Rm3Np6Hs1\"}")],
            Some("call as app/a:"),
        );
    }
}
