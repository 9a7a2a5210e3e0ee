//! Merges the layers into one table and reads it.

use super::suggest::{friendly_toml_error, with_suggestion};
use serde::de::DeserializeOwned;
use std::path::Path;
use toml::{Table, Value};

/// What a configuration is read from, besides its defaults.
#[derive(Debug, Default)]
pub(crate) struct Layers<'a> {
    /// The file, where one is named.
    pub(crate) file: Option<&'a Path>,
    /// Environment variables: name and value.
    pub(crate) environment: Vec<(String, String)>,
    /// `--set key.path=value` flags, in order.
    pub(crate) flags: &'a [String],
}

/// The prefix of environment variables: `MAP_CORE__LISTEN` sets `core.listen`.
const PREFIX: &str = "MAP_";

/// Variables with the prefix that are flags of the command line, not configuration keys.
const NOT_CONFIG: [&str; 5] = [
    "MAP_CONFIG",
    "MAP_LOG",
    "MAP_LOG_FORMAT",
    "MAP_KEY",
    "MAP_CORE_URL",
];

/// Reads a configuration from its layers.
pub(crate) fn load<T: DeserializeOwned>(layers: &Layers<'_>) -> Result<T, String> {
    let mut table = Table::new();
    if let Some(path) = layers.file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("can't read configuration file {}: {error}", path.display()))?;
        table = text
            .parse()
            .map_err(|error| format!("{}: {}", path.display(), friendly_toml_error(&error, &text)))?;
        // Read once by itself, so that an error names its line in the file.
        toml::from_str::<T>(&text)
            .map_err(|error| format!("{}: {}", path.display(), friendly_toml_error(&error, &text)))?;
    }
    for (name, value) in &layers.environment {
        let Some(path) = name
            .strip_prefix(PREFIX)
            .filter(|_| !NOT_CONFIG.contains(&name.as_str()))
        else {
            continue;
        };
        let keys: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        set(&mut table, &keys, value).map_err(|error| format!("environment variable {name}: {error}"))?;
    }
    for flag in layers.flags {
        let (path, value) = flag.split_once('=').ok_or_else(|| {
            format!("--set {flag}: expected key.path=value, such as core.listen=127.0.0.1:50051")
        })?;
        let keys: Vec<String> = path.split('.').map(str::to_owned).collect();
        set(&mut table, &keys, value).map_err(|error| format!("--set {path}: {error}"))?;
    }
    T::deserialize(Value::Table(table)).map_err(|error| {
        format!(
            "configuration from file, environment and flags: {}",
            with_suggestion(error.message())
        )
    })
}

/// Sets one key. The value is TOML where it parses as a value, and a string otherwise.
fn set(table: &mut Table, keys: &[String], value: &str) -> Result<(), String> {
    let Some((last, path)) = keys.split_last() else {
        return Err("empty key".to_owned());
    };
    let mut table = table;
    for key in path {
        table = table
            .entry(key.as_str())
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| format!("`{key}` is a value, not a section"))?;
    }
    let parsed = format!("v = {value}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("v"));
    table.insert(
        last.clone(),
        parsed.unwrap_or_else(|| Value::String(value.to_owned())),
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    struct Config {
        #[serde(default)]
        core: Core,
    }

    #[derive(Debug, Default, Deserialize, PartialEq, Eq)]
    #[serde(deny_unknown_fields, default)]
    struct Core {
        listen: String,
        limit: u32,
    }

    fn check(file: &str, environment: &[(&str, &str)], flags: &[&str], expect: Result<(&str, u32), &str>) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("map.toml");
        std::fs::write(&path, file).expect("written");
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let environment = environment
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect();
        let layers = Layers {
            file: Some(&path),
            environment,
            flags: &flags,
        };
        match (load::<Config>(&layers), expect) {
            (Ok(config), Ok((listen, limit))) => {
                assert_eq!(
                    config,
                    Config {
                        core: Core {
                            listen: listen.to_owned(),
                            limit
                        }
                    }
                );
            }
            (Err(error), Err(part)) => assert!(error.contains(part), "{error:?} lacks {part:?}"),
            (got, _) => panic!("{got:?}"),
        }
    }

    #[test]
    fn flags_override_the_environment_which_overrides_the_file() {
        check("[core]\nlisten = \"a\"\nlimit = 1", &[], &[], Ok(("a", 1)));
        check(
            "[core]\nlisten = \"a\"\nlimit = 1",
            &[("MAP_CORE__LIMIT", "2")],
            &[],
            Ok(("a", 2)),
        );
        check(
            "[core]\nlimit = 1",
            &[("MAP_CORE__LIMIT", "2")],
            &["core.limit=3"],
            Ok(("", 3)),
        );
        check(
            "",
            &[("MAP_CORE__LISTEN", "127.0.0.1:1"), ("MAP_LOG", "debug")],
            &[],
            Ok(("127.0.0.1:1", 0)),
        );
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_place_and_a_suggestion() {
        check(
            "[core]\nlisten = \"a\"\nlimti = 1",
            &[],
            &[],
            Err("line 3: unknown field `limti`"),
        );
        check("[core]\nlimti = 1", &[], &[], Err("did you mean `limit`?"));
        check(
            "",
            &[("MAP_CORE__LISTN", "x")],
            &[],
            Err("did you mean `listen`?"),
        );
        check("", &[], &["core.limit"], Err("expected key.path=value"));
        check("", &[], &["core.limit=x"], Err("invalid type"));
    }
}
