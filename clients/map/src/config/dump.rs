//! Prints the configuration in force as a file that can be loaded again: every key with its documentation,
//! those that are not set as comments.

use super::MapConfig;
use super::schema::{self, Schema};
use toml::{Table, Value};

/// What stands in the place of a secret, as [`map_gateway::Secret`] writes itself.
pub(super) const MASK: &str = "…";

/// Longest line of a comment, in characters.
const WIDTH: usize = 110;

/// The configuration as TOML. Secrets are masked; values that are not the default say what that is.
pub(crate) fn dump(config: &MapConfig) -> Result<String, String> {
    let table = |config: &MapConfig| Table::try_from(config).map_err(|error| error.to_string());
    let (mut shown, mut defaults) = (table(config)?, table(&MapConfig::default())?);
    if config.gateway.core_key.expose().is_empty()
        && let Some(Value::Table(gateway)) = shown.get_mut("gateway")
    {
        gateway.remove("core_key");
    }
    // What is really used: it lies beside the data folder unless it is set.
    for table in [&mut shown, &mut defaults] {
        if let Some(Value::Table(core)) = table.get_mut("core") {
            let secret_file = config.secret_file().display().to_string();
            core.insert("secret_file".to_owned(), Value::String(secret_file));
        }
    }
    for value in shown.iter_mut().map(|(_, value)| value) {
        mask_urls(value);
    }
    let mut page = Page::default();
    page.line("# The configuration in force. Load it with --config; unknown keys are refused. Keys that");
    page.line("# are comments are not set.");
    if shown.to_string().contains(MASK) {
        page.line(&format!(
            "# \"{MASK}\" stands in the place of a secret and is refused: put it back, or set it by environment."
        ));
    }
    let schema = schema::of::<MapConfig>();
    page.section(Schema::new(&schema), &[], Some(&shown), Some(&defaults));
    Ok(page.text)
}

/// Masks what may be secret of every URL: all but its scheme and host.
fn mask_urls(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(masked) = masked_url(text) {
                *text = masked;
            }
        }
        Value::Array(list) => list.iter_mut().for_each(mask_urls),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| mask_urls(value)),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
    }
}

/// The URL's scheme and host, for whose it is (`user:password@`), a path and a query may be what gives access.
/// `None`: there is no more of it, or it is no URL.
fn masked_url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let (authority, behind) = match rest.find(['/', '?', '#']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("{MASK}@{host}"),
        None => authority.to_owned(),
    };
    let behind = match behind {
        "" | "/" => behind.to_owned(),
        _ => format!("/{MASK}"),
    };
    let masked = format!("{scheme}://{authority}{behind}");
    masked.contains(MASK).then_some(masked)
}

/// What is being written.
#[derive(Default)]
struct Page {
    text: String,
    /// Inside a section that is not set: all is a comment.
    unset: bool,
    /// Inside the second section of a list: what was said is not said again.
    terse: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        if self.unset {
            self.text.push_str("# ");
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// Documentation, in lines that can be read.
    fn doc(&mut self, doc: &str) {
        if self.terse {
            return;
        }
        let mut line = String::from("#");
        for word in doc.split(' ') {
            if line.chars().count().saturating_add(word.chars().count()) >= WIDTH {
                self.line(&line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(&line);
    }

    /// The keys of a section: first values, then the sections below it, as TOML wants them.
    fn section(
        &mut self,
        schema: Schema<'_>,
        path: &[&str],
        values: Option<&Table>,
        defaults: Option<&Table>,
    ) {
        let form = form(schema, values);
        let below = |key: &str| match values.and_then(|values| values.get(key)) {
            Some(Value::Array(list)) => !list.is_empty(),
            Some(_) | None => true,
        };
        let (sections, keys): (Vec<_>, Vec<_>) = form
            .keys()
            .into_iter()
            .partition(|(key, schema)| schema.has_keys() && below(key));
        for (key, schema) in keys {
            // The key that names the form says what the form is.
            let doc = schema.constant().map_or_else(|| schema.doc(), |_| form.doc());
            self.doc(&doc);
            let value = values.and_then(|values| values.get(key));
            self.value(
                key,
                schema,
                value,
                defaults.and_then(|defaults| defaults.get(key)),
            );
        }
        self.other_forms(schema, form, path);
        for (key, schema) in sections {
            let path: Vec<&str> = path.iter().copied().chain([key]).collect();
            let default = defaults.and_then(|defaults| defaults.get(key));
            self.below(schema, &path, values.and_then(|values| values.get(key)), default);
        }
    }

    fn value(&mut self, key: &str, schema: Schema<'_>, value: Option<&Value>, default: Option<&Value>) {
        let choices = schema.choices();
        if !choices.is_empty() {
            self.doc(&format!("One of {}.", choices.join(", ")));
        }
        match (value, default) {
            (Some(value), Some(default)) if value != default => {
                self.line(&format!("{key} = {value}  # default: {default}"));
            }
            (Some(value), _) => self.line(&format!("{key} = {value}")),
            (None, _) => {
                let given = schema.constant().map(|constant| format!("\"{constant}\""));
                let given = given.unwrap_or_else(|| schema.placeholder());
                let mark = if self.unset { "" } else { "# " };
                self.line(&format!("{mark}{key} = {given}"));
            }
        }
    }

    fn below(&mut self, schema: Schema<'_>, path: &[&str], value: Option<&Value>, default: Option<&Value>) {
        let name = path.join(".");
        let default = default.and_then(Value::as_table);
        match (value, schema.items()) {
            (Some(Value::Array(list)), Some(items)) => {
                let before = self.terse;
                for section in list {
                    self.text.push('\n');
                    self.doc(&schema.doc());
                    self.line(&format!("[[{name}]]"));
                    // A list's default is no default of what is in it.
                    self.section(items, path, section.as_table(), None);
                    self.terse = true;
                }
                self.terse = before;
            }
            (value, _) => {
                self.text.push('\n');
                self.doc(&schema.doc());
                let before = self.unset;
                self.unset |= value.is_none();
                self.line(&format!("[{name}]"));
                self.section(schema, path, value.and_then(Value::as_table), default);
                self.unset = before;
            }
        }
    }

    /// The forms of a section that are not in force.
    fn other_forms(&mut self, schema: Schema<'_>, form: Schema<'_>, path: &[&str]) {
        let name = |schema: Schema<'_>| {
            schema
                .keys()
                .into_iter()
                .find_map(|(_, key)| key.constant().map(str::to_owned))
        };
        let before = self.unset;
        for other in schema.forms() {
            if name(other) != name(form) {
                self.unset = before;
                self.line("# Or:");
                self.unset = true;
                self.section(other, path, None, None);
            }
        }
        self.unset = before;
    }
}

/// The form that the values have, of a section that has several.
fn form<'a>(schema: Schema<'a>, values: Option<&Table>) -> Schema<'a> {
    let fits = |form: &Schema<'_>| {
        form.keys().into_iter().all(|(key, schema)| {
            let value = values.and_then(|values| values.get(key)).and_then(Value::as_str);
            schema.constant().is_none_or(|constant| Some(constant) == value)
        })
    };
    schema.forms().into_iter().find(fits).unwrap_or(schema)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(config: &MapConfig) -> String {
        let text = dump(config).expect("dumped");
        let again: MapConfig = toml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let secret_file = config.secret_file();
        let mut expected = config.clone();
        expected.core.secret_file = secret_file;
        assert_eq!(again, expected, "{text}");
        text
    }

    #[test]
    fn what_is_dumped_loads_again_as_the_same() {
        let defaults = check(&MapConfig::default());
        for part in [
            "# provisioning_file = \"\"",
            "# [core.tls]\n",
            "# client_ca_file = \"\"",
            "\n# node = 0",
            "One of \"close\", \"http_503\".",
            "\n# # By a signed HTTP POST.\n# adapter = \"webhook\"\n",
            "\n# timeout_ms = 5000\n",
        ] {
            assert!(defaults.contains(part), "{part:?} is not in\n{defaults}");
        }
        let set = "provisioning_file = \"p.toml\"\n[core]\npoll_ms = 123\nsms = { adapter = \"webhook\", url = \"http://a/\", key_file = \"k\" }\n\
                   tls = { cert_file = \"c\", key_file = \"k\", client_ca_file = \"a\" }\n[core.ledger]\nnode = 7\n\
                   [[gateway.listeners]]\nnetwork = \"posp1\"\naddresses = [\"10.0.0.0/8\"]\n[gateway.listeners.tls]\ncert_file = \"c\"\nkey_file = \"k\"\n\
                   [[gateway.listeners]]\nbind = \"127.0.0.1:1\"\n";
        let dumped = check(&toml::from_str(set).expect("a configuration"));
        assert!(dumped.contains("poll_ms = 123  # default: 1000"), "{dumped}");
        assert_eq!(
            dumped.matches("The POS network whose calls").count(),
            1,
            "{dumped}"
        );
        check(&toml::from_str("[gateway]\nlisteners = []").expect("a configuration"));
    }

    #[test]
    fn what_is_not_set_can_be_set_by_removing_the_marks() {
        let text = dump(&MapConfig::default()).expect("dumped");
        let section = text
            .split("# [core.tls]\n")
            .nth(1)
            .expect("the section")
            .split("\n\n")
            .next();
        let lines = section.expect("lines").lines();
        let unmarked: Vec<_> = lines
            .map(|line| line.strip_prefix("# ").expect("a comment"))
            .collect();
        let tls: Table = unmarked.join("\n").parse().expect("TOML");
        assert_eq!(
            tls.keys().collect::<Vec<_>>(),
            ["cert_file", "client_ca_file", "key_file"]
        );
    }

    #[test]
    fn of_a_url_the_scheme_and_host_are_shown_and_what_may_be_secret_is_not() {
        let check = |url: &str, expect: &str| {
            let set = format!("[core.sms]\nadapter = \"webhook\"\nurl = \"{url}\"\nkey_file = \"k\"\n");
            let text = dump(&toml::from_str(&set).expect("a configuration")).expect("dumped");
            assert!(text.contains(&format!("\nurl = \"{expect}\"")), "{url}: {text}");
            assert!(!text.contains("topsecret"), "{url}: {text}");
            assert_eq!(text.contains("put it back"), url != expect, "{url}: {text}");
        };
        check("https://u:topsecret@h:1/p@q", "https://…@h:1/…");
        check("https://h/p?token=topsecret", "https://h/…");
        check("https://topsecret@h?topsecret", "https://…@h/…");
        check("https://h#topsecret", "https://h/…");
        check("https://h:443/hooks/topsecret", "https://h:443/…");
        check("https://h:443/", "https://h:443/");
        check("https://h:443", "https://h:443");
        let mut config = MapConfig::default();
        config.telemetry.otlp_endpoint = Some("http://topsecret@h:1".to_owned());
        let text = dump(&config).expect("dumped");
        assert!(
            text.contains("http://…@h:1") && !text.contains("topsecret"),
            "{text}"
        );
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
