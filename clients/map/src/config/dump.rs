//! Prints the configuration in force as a file that can be loaded again.

use super::MapConfig;
use toml::{Table, Value};

/// What stands in the place of a secret, as [`map_gateway::Secret`] writes itself.
const MASK: &str = "…";

/// The configuration as TOML. Secrets are masked; values that are not the default say what that is.
pub(crate) fn dump(config: &MapConfig) -> Result<String, String> {
    let table = |config: &MapConfig| Table::try_from(config).map_err(|error| error.to_string());
    let mut shown = table(config)?;
    let defaults = table(&MapConfig::default())?;
    if config.gateway.core_key.expose().is_empty() {
        remove(&mut shown, &["gateway", "core_key"]);
    }
    let (mut defaults, secret_file) = (defaults, config.secret_file().display().to_string());
    for table in [&mut shown, &mut defaults] {
        set(table, "secret_file", &secret_file);
    }
    let text = toml::to_string(&shown).map_err(|error| error.to_string())?;
    let mut lines =
        vec!["# The configuration in force. Load it with --config; unknown keys are refused.".to_owned()];
    if text.contains(MASK) {
        lines.push(format!(
            "# \"{MASK}\" stands in the place of a secret: put it back, or set it by environment."
        ));
    }
    let mut section: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            section = header
                .trim_matches(['[', ']'])
                .split('.')
                .map(str::to_owned)
                .collect();
        }
        lines.push(annotate(line, &section, &defaults));
    }
    lines.push(String::new());
    Ok(lines.join("\n"))
}

/// The line with its default, where it has another value than that.
fn annotate(line: &str, section: &[String], defaults: &Table) -> String {
    let Some((key, value)) = line.split_once(" = ") else {
        return line.to_owned();
    };
    let mut table = Some(defaults);
    for name in section {
        table = table.and_then(|table| table.get(name)).and_then(Value::as_table);
    }
    match table.and_then(|table| table.get(key)) {
        Some(default)
            if !matches!(default, Value::Array(_) | Value::Table(_)) && default.to_string() != value =>
        {
            format!("{line}  # default: {default}")
        }
        Some(_) | None => line.to_owned(),
    }
}

fn remove(table: &mut Table, path: &[&str]) {
    if let [section, key] = path
        && let Some(Value::Table(section)) = table.get_mut(*section)
    {
        section.remove(*key);
    }
}

/// Sets a key of the core's section to what is really used.
fn set(table: &mut Table, key: &str, value: &str) {
    if let Some(Value::Table(core)) = table.get_mut("core") {
        core.insert(key.to_owned(), Value::String(value.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dumped_loads_again_as_the_same() {
        let mut config = MapConfig::default();
        config.core.poll_ms = 123;
        config.provisioning_file = Some("p.toml".into());
        let first = dump(&config).expect("dumped");
        assert!(first.contains("poll_ms = 123  # default: 1000"), "{first}");
        let again: MapConfig = toml::from_str(&first).expect("loads");
        assert_eq!(dump(&again).expect("dumped"), first);
    }

    #[test]
    fn a_secret_is_masked() {
        let mut config = MapConfig::default();
        config.gateway.core_key = map_gateway::Secret::new("topsecret");
        let text = dump(&config).expect("dumped");
        assert!(
            !text.contains("topsecret") && text.contains("core_key = \"…\""),
            "{text}"
        );
    }
}
