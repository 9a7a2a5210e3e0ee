//! Merges the layers into one table and reads it.

use super::form::read_form;
use super::schema::{self, Schema};
use super::suggest::{closest, path_in, with_suggestion};
use super::texts;
use schemars::JsonSchema;
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

/// The prefix of environment variables: `MAP_CORE__BIND` sets `core.bind`.
const PREFIX: &str = "MAP_";

/// Variables with the prefix that are flags of the command line, not configuration keys.
const NOT_CONFIG: [&str; 6] = [
    "MAP_APP_KEY",
    "MAP_CONFIG",
    "MAP_LOG",
    "MAP_LOG_FORMAT",
    "MAP_KEY",
    "MAP_CORE_URL",
];

/// What stands between several errors.
const AND: &str = "\n     ";

/// One key that the environment or a flag sets.
struct Override {
    /// Who does, as an error names it.
    source: String,
    path: Vec<String>,
    value: String,
}

/// Reads a configuration from its layers.
pub(crate) fn load<T: DeserializeOwned + JsonSchema>(layers: &Layers<'_>) -> Result<T, String> {
    let schema = schema::of::<T>();
    let schema = Schema::new(&schema);
    let (table, mut errors) = layers.file.map(read::<T>).unwrap_or_default();
    let (mut overrides, mut unknown) = variables(schema, &layers.environment);
    for flag in layers.flags {
        match flagged(schema, flag) {
            Ok(found) => overrides.push(found),
            Err(error) => unknown.push(error),
        }
    }
    // Of a file with errors serde would tell but the first of them again.
    let base = if errors.is_empty() { table } else { Table::new() };
    errors.extend(unknown);
    let (merged, read) = read_over(&base, overrides, schema, &mut errors);
    errors.extend(texts::problems(&merged));
    match read {
        Some(read) if errors.is_empty() => Ok(read),
        Some(_) | None => Err(errors.join(AND)),
    }
}

/// Reads a table with what is set over it. Of wrong values among those each is told; `None`: it can't be read.
fn read_over<T: DeserializeOwned>(
    base: &Table,
    mut overrides: Vec<Override>,
    schema: Schema<'_>,
    errors: &mut Vec<String>,
) -> (Table, Option<T>) {
    let mut blamed = None;
    loop {
        let mut merged = base.clone();
        overrides.retain(|one| match one.set_in(&mut merged, schema) {
            Ok(()) => true,
            Err(error) => {
                errors.push(error);
                false
            }
        });
        let error = match T::deserialize(Value::Table(merged.clone())) {
            Ok(read) => return (merged, Some(read)),
            Err(error) => error,
        };
        // It may be there, in what was told already.
        if !errors.is_empty() && error.message().starts_with("missing field") {
            return (merged, None);
        }
        // Still so without what was blamed: it was another of that section.
        if blamed.replace(error.to_string()) == Some(error.to_string()) {
            errors.pop();
        }
        let at = culprit(&error, &overrides);
        let source = at.and_then(|at| overrides.get(at));
        errors.push(told(&error, schema, source.map(|set| set.source.as_str())));
        // serde stops at the first: on without what it blames.
        match at {
            Some(at) => drop(overrides.remove(at)),
            None => return (merged, None),
        }
    }
}

impl Override {
    fn set_in(&self, table: &mut Table, schema: Schema<'_>) -> Result<(), String> {
        let text = schema.at(&self.path).is_some_and(Schema::is_text);
        set(table, &self.path, &self.value, text).map_err(|error| format!("{}: {error}", self.source))
    }
}

/// Makes sure that every variable with the prefix means something, for commands that read no configuration.
pub(crate) fn check_environment<T: JsonSchema>(environment: &[(String, String)]) -> Result<(), String> {
    let schema = schema::of::<T>();
    match variables(Schema::new(&schema), environment).1 {
        errors if errors.is_empty() => Ok(()),
        errors => Err(errors.join(AND)),
    }
}

/// The file, which is good by itself: so its errors name their lines.
fn read<T: DeserializeOwned + JsonSchema>(path: &Path) -> (Table, Vec<String>) {
    let path_shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            let told = format!("can't read configuration file {path_shown}: {error}");
            return (Table::new(), vec![told]);
        }
    };
    let errors = read_form::<T>(&text).err().unwrap_or_default();
    let told = errors.iter().map(|error| format!("{path_shown}: {error}"));
    (text.parse().unwrap_or_default(), told.collect())
}

/// What the environment sets, and the variables that set nothing.
fn variables(schema: Schema<'_>, environment: &[(String, String)]) -> (Vec<Override>, Vec<String>) {
    let (mut overrides, mut errors) = (Vec::new(), Vec::new());
    let ours = environment
        .iter()
        .filter(|(name, _)| name.starts_with(PREFIX) && !NOT_CONFIG.contains(&name.as_str()));
    for (name, value) in ours {
        let keys = name.trim_start_matches(PREFIX).split("__");
        let path: Vec<String> = keys.map(str::to_lowercase).collect();
        if schema.at(&path).is_some() {
            let (source, value) = (format!("environment variable {name}"), value.clone());
            overrides.push(Override { source, path, value });
            continue;
        }
        let variable = |path: String| format!("{PREFIX}{}", path.replace('.', "__").to_uppercase());
        let settings = schema.paths().into_iter().map(variable);
        let known: Vec<String> = settings.chain(NOT_CONFIG.map(str::to_owned)).collect();
        errors.push(format!(
            "environment variable {name} is no setting{}",
            meant(name, &known, "__")
        ));
    }
    (overrides, errors)
}

/// What a `--set` sets.
fn flagged(schema: Schema<'_>, flag: &str) -> Result<Override, String> {
    let (name, value) = flag
        .split_once('=')
        .ok_or_else(|| format!("--set {flag}: expected key.path=value, such as core.bind=127.0.0.1:50051"))?;
    let path: Vec<String> = name.split('.').map(str::to_owned).collect();
    if schema.at(&path).is_none() {
        let meant = meant(name, &schema.paths(), ".");
        return Err(format!("--set {name}: no such setting{meant}"));
    }
    Ok(Override {
        source: format!("--set {name}"),
        path,
        value: value.to_owned(),
    })
}

/// `; did you mean …?`, where a known name ends as this one does, or is like it.
fn meant(name: &str, known: &[String], between: &str) -> String {
    let last = |name: &str| {
        let name = name.trim_start_matches(PREFIX);
        name.rsplit(between).next().unwrap_or(name).to_owned()
    };
    let same_end = known.iter().filter(|known| last(known) == last(name));
    same_end
        .min_by_key(|known| strsim::damerau_levenshtein(name, known))
        .map(String::as_str)
        .or_else(|| closest(name, known.iter().map(String::as_str)))
        .map(|known| format!("; did you mean `{known}`?"))
        .unwrap_or_default()
}

/// Sets one key. The value is TOML where it parses as a value, and a string otherwise; where a text is
/// expected, only a quoted one is TOML.
fn set(table: &mut Table, keys: &[String], value: &str, text: bool) -> Result<(), String> {
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
        .and_then(|mut table| table.remove("v"))
        .filter(|parsed| !text || parsed.is_str());
    table.insert(
        last.clone(),
        parsed.unwrap_or_else(|| Value::String(value.to_owned())),
    );
    Ok(())
}

/// The variable or flag that an error comes from: the last that sets its key, one below it, or the section it is in.
fn culprit(error: &toml::de::Error, overrides: &[Override]) -> Option<usize> {
    let path = path_in(error);
    overrides
        .iter()
        .rposition(|set| set.path.iter().zip(&path).all(|(one, other)| one == other))
}

/// The error with its source, and with an example where there is one.
fn told(error: &toml::de::Error, schema: Schema<'_>, source: Option<&str>) -> String {
    let example = schema.at(&path_in(error)).and_then(Schema::example);
    let example = example.map_or_else(String::new, |example| format!("; such as {example}"));
    format!(
        "{}: {}{example}",
        source.unwrap_or("configuration"),
        with_suggestion(error.message())
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, JsonSchema, PartialEq, Eq)]
    #[serde(deny_unknown_fields)]
    struct Config {
        #[serde(default)]
        core: Core,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema, PartialEq, Eq)]
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
            Err("line 3: core.limti: unknown key"),
        );
        check("[core]\nlimti = 1", &[], &[], Err("did you mean `limit`?"));
        for (name, expect) in [
            (
                "MAP_CORE__LISTN",
                "MAP_CORE__LISTN is no setting; did you mean `MAP_CORE__LISTEN`?",
            ),
            ("MAP_CONFG", "MAP_CONFG is no setting; did you mean `MAP_CONFIG`?"),
            ("MAP_LIMIT", "did you mean `MAP_CORE__LIMIT`?"),
            ("MAP_CORE_LIMIT", "did you mean `MAP_CORE__LIMIT`?"),
            (
                "MAP_8080_TCP_ADDR_OF_A_CLUSTER",
                "MAP_8080_TCP_ADDR_OF_A_CLUSTER is no setting",
            ),
        ] {
            check("", &[(name, "x")], &[], Err(expect));
        }
        check(
            "",
            &[],
            &["core.limits=5"],
            Err("--set core.limits: no such setting; did you mean `core.limit`?"),
        );
        check("", &[], &["limit=5"], Err("did you mean `core.limit`?"));
        check("", &[], &["core.limit"], Err("expected key.path=value"));
    }

    #[test]
    fn a_value_that_can_not_be_names_its_source_and_its_key() {
        check(
            "[core]\nlimit = \"x\"",
            &[],
            &[],
            Err("line 2: core.limit: expected a whole number"),
        );
        check(
            "",
            &[],
            &["core.limit=x"],
            Err("--set core.limit: invalid type: string \"x\", expected u32"),
        );
        check(
            "[core]\nlimit = 1",
            &[("MAP_CORE__LIMIT", "-1"), ("MAP_CORE__LISTEN", "a")],
            &["core.listen=b"],
            Err("environment variable MAP_CORE__LIMIT: invalid value"),
        );
        check("", &[], &["core=5"], Err("--set core: invalid type"));
        check(
            "",
            &[],
            &["core.limit.x=5"],
            Err("--set core.limit.x: no such setting"),
        );
    }

    #[test]
    fn several_wrong_values_are_told_at_once() {
        check(
            "[core]\nlimit = 1",
            &[("MAP_CORE__LIMIT", "-1")],
            &["core.limit=x"],
            Err(
                "--set core.limit: invalid type: string \"x\", expected u32; such as 0\n     environment variable MAP_CORE__LIMIT: invalid value",
            ),
        );
        check(
            "[core]\nlimti = 1",
            &[],
            &["core.limit=x"],
            Err("did you mean `limit`?\n     --set core.limit: invalid type"),
        );
    }

    #[test]
    fn several_errors_are_told_at_once() {
        let flags = &["core.limits=5"];
        check(
            "",
            &[("MAP_LGO", "x")],
            flags,
            Err("`MAP_LOG`?\n     --set core.limits"),
        );
        check(
            "[core]\nlimti = 1\nlisten = 5",
            &[("MAP_LGO", "x")],
            &[],
            Err("line 3: core.listen: expected a text in quotes\n     environment variable MAP_LGO"),
        );
    }

    #[test]
    fn a_text_needs_no_quotes_whatever_it_looks_like() {
        for (given, meant) in [
            ("123", "123"),
            ("true", "true"),
            ("\"a\"", "a"),
            ("a = b", "a = b"),
        ] {
            check("", &[], &[&format!("core.listen={given}")], Ok((meant, 0)));
        }
    }

    #[test]
    fn the_mask_of_a_dumped_secret_is_no_secret() {
        check(
            "[core]\nlisten = \"…\"",
            &[],
            &[],
            Err("core.listen: \"…\" is what a dump shows"),
        );
    }
}
