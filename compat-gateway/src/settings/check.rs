//! What is wrong with a caller's settings: everything at once, each by its name, none with its value, which may be a
//! key.

use super::{AppSignature, BindSignatures, DigestList, EdgeSettings, TripleDesKey, TsigAlgorithm};
use map_proto::provisioning::v1::Role;

/// A setting that can't be used. Holds no value of any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeError {
    /// Which; empty: the settings as a whole.
    pub setting: String,
    /// What is wrong with it, for the operator.
    pub problem: String,
}

impl EdgeError {
    pub(super) fn of(setting: &str, problem: impl std::fmt::Display) -> Self {
        Self {
            setting: setting.to_owned(),
            problem: problem.to_string(),
        }
    }
}

impl std::fmt::Display for EdgeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.setting.as_str() {
            "" => write!(f, "edge settings: {}", self.problem),
            setting => write!(f, "edge settings: {setting}: {}", self.problem),
        }
    }
}

/// Whether a caller's settings can be used, so that provisioning refuses bad ones before anything changes.
///
/// # Errors
/// Everything that is wrong with them.
pub fn validate_edge_settings(role: Role, json: &str) -> Result<(), Vec<EdgeError>> {
    if json.trim().is_empty() {
        return Ok(());
    }
    let (settings, mut errors) = EdgeSettings::read(json);
    errors.extend(settings.misplaced(role));
    errors.extend(settings.keys().err().into_iter().flatten());
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

impl EdgeSettings {
    /// Settings that say nothing about a caller of this role.
    fn misplaced(&self, role: Role) -> Vec<EdgeError> {
        let app_only = [
            ("rsa_public_key", self.rsa_public_key.is_some()),
            ("tsig_algorithm", self.tsig_algorithm != TsigAlgorithm::default()),
            ("legacy_key", self.legacy_key),
            ("digest", self.digest != DigestList::default()),
            ("app_signature", self.app_signature != AppSignature::default()),
            (
                "bind_signatures",
                self.bind_signatures != BindSignatures::default(),
            ),
            ("freshness_window_s", self.freshness_window_s != 0),
        ];
        let keyed = [
            ("app_key", self.app_key.is_some()),
            ("triple_des_key", self.triple_des_key != TripleDesKey::default()),
        ];
        let (keyed, whose) = match role {
            Role::App => return Vec::new(),
            Role::Channel => (&[][..], "not for channels"),
            Role::PosNetwork => (&keyed[..], "not for POS networks"),
            Role::Gateway | Role::Operator | Role::Unspecified => {
                return vec![EdgeError::of("", "not for gateways and operators")];
            }
        };
        let set = app_only.iter().chain(keyed).filter(|(_, set)| *set);
        set.map(|(setting, _)| EdgeError::of(setting, whose)).collect()
    }
}

/// What a setting should be. serde's words begin with what it is, which may be a key.
pub(super) fn expected(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(", expected ") {
        Some((unknown, known)) if unknown.starts_with("unknown field") => {
            format!("unknown setting; expected {known}")
        }
        Some((_, expected)) => format!("expected {expected}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of these settings, a line each.
    fn told(role: Role, json: &str) -> Vec<String> {
        let errors = validate_edge_settings(role, json).err().unwrap_or_default();
        errors.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_bad_setting_is_refused_by_its_name_and_without_its_value() {
        for (role, json, complaint) in [
            (
                Role::App,
                r#"{"app_key":"k","colour":1}"#,
                "colour: unknown setting; expected one of `app_key`",
            ),
            (Role::App, r#"{"app_key":""}"#, "app_key: "),
            (
                Role::App,
                r#"{"app_key":123456789}"#,
                "app_key: a secret must be text",
            ),
            (
                Role::App,
                r#"{"app_key":"short","payment_code":"des"}"#,
                "app_key: payment_code = \"des\" needs 8 bytes",
            ),
            (
                Role::App,
                r#"{"rsa_public_key":"hello there"}"#,
                "rsa_public_key: ",
            ),
            (Role::App, r#"{"addresses":["1.123456789.3"]}"#, "addresses: "),
            (
                Role::App,
                r#"{"tsig_algorithm":"123456789"}"#,
                "tsig_algorithm: expected one of `sha1`, `sha256`, `md5`",
            ),
            (
                Role::App,
                r#"{"freshness_window_s":"123456789"}"#,
                "freshness_window_s: expected u32",
            ),
            (
                Role::App,
                r#"{"legacy_key":"123456789"}"#,
                "legacy_key: expected a boolean",
            ),
            (Role::PosNetwork, r#"{"posp_key":"0123"}"#, "posp_key: "),
            (
                Role::PosNetwork,
                r#"{"app_key":"appKey08"}"#,
                "app_key: not for POS networks",
            ),
            (
                Role::PosNetwork,
                r#"{"triple_des_key":"two_key"}"#,
                "triple_des_key: not for POS networks",
            ),
            (
                Role::App,
                r#"{"app_key":"123456789","triple_des_key":"two_key"}"#,
                "app_key: ",
            ),
            (
                Role::Channel,
                r#"{"digest":"extended"}"#,
                "digest: not for channels",
            ),
            (
                Role::Channel,
                r#"{"bind_signatures":"off"}"#,
                "bind_signatures: not for channels",
            ),
            (Role::Operator, r#"{}"#, "not for gateways and operators"),
            (Role::App, r#"[]"#, "must be a JSON object"),
            (Role::App, r#"{"#, "must be a JSON object"),
            (
                Role::App,
                r#"{"app_key":"k1","app_key":"k2"}"#,
                "a setting stands there twice",
            ),
        ] {
            let [error] = &told(role, json)[..] else {
                panic!("{json}: {:?}", told(role, json));
            };
            let expected = format!("edge settings: {complaint}");
            assert!(error.starts_with(&expected), "{json}: {error}");
            assert!(!error.contains("123456789"), "{error}");
        }
        for (role, json) in [
            (Role::Operator, ""),
            (
                Role::App,
                r#"{"app_key":"appKey08","payment_code":"des","unknown_answer":"http_503"}"#,
            ),
            (
                Role::PosNetwork,
                r#"{"posp_key":"0123456789abcdef","addresses":["10.0.0.0/8","::1/128"]}"#,
            ),
        ] {
            assert_eq!(told(role, json), Vec::<String>::new(), "{json}");
        }
    }

    #[test]
    fn every_bad_setting_is_told_at_once() {
        let json = r#"{"app_key":"","rsa_public_key":"x","posp_key":"y","tsig_algorithm":"sha3","colour":1,
            "legacy_key":"yes","addresses":["here"],"digest":"extended"}"#;
        let settings = |role| {
            let errors = validate_edge_settings(role, json).expect_err("refused");
            let mut names: Vec<_> = errors.into_iter().map(|error| error.setting).collect();
            names.sort();
            names.join(" ")
        };
        let bad = "addresses app_key colour legacy_key posp_key rsa_public_key tsig_algorithm";
        assert_eq!(settings(Role::App), bad);
        assert_eq!(
            settings(Role::PosNetwork),
            "addresses app_key app_key colour digest legacy_key posp_key rsa_public_key rsa_public_key tsig_algorithm"
        );
    }
}
