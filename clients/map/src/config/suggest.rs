//! Turns a TOML or serde error into one that a person can act on.

use super::schema::Schema;

/// The error with its line, and the key that was probably meant. Never shows the source
/// line: it may hold a key.
pub(super) fn friendly_toml_error(error: &toml::de::Error, source: &str) -> String {
    let line = error.span().map(|span| line_of(source, span.start));
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    let key = error.span().and_then(|span| key_before(source, span.start));
    let key = key.map_or_else(String::new, |key| format!("{key}: "));
    format!("{place}{key}{}", with_suggestion(error.message()))
}

/// The same of an error in a value, with the path of its key and the default, which shows how values look.
pub(super) fn friendly_error(
    error: &toml::de::Error,
    source: &str,
    mut path: Vec<String>,
    schema: Schema<'_>,
) -> String {
    let line = error.span().map(|span| line_of(source, span.start));
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    let key = error.span().and_then(|span| key_before(source, span.start));
    if let Some(key) = key.filter(|key| path.last().is_none_or(|last| last != key)) {
        path.push(key.to_owned());
    }
    let example = schema.at(&path).and_then(Schema::example);
    let example = example.map_or_else(String::new, |example| format!("; such as {example}"));
    let key = path.join(".");
    let between = if key.is_empty() { "" } else { ": " };
    format!(
        "{place}{key}{between}{}{example}",
        with_suggestion(error.message())
    )
}

/// The path that an error of a value has: only in its text, as a last line.
pub(super) fn path_in(error: &toml::de::Error) -> Vec<String> {
    let text = error.to_string();
    let path = text
        .lines()
        .last()
        .and_then(|line| line.strip_prefix("in `")?.strip_suffix('`'));
    path.map_or_else(Vec::new, |path| path.split('.').map(str::to_owned).collect())
}

/// The line of this byte.
pub(crate) fn line_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    before.matches('\n').count().saturating_add(1)
}

/// The key whose value begins here.
fn key_before(source: &str, value: usize) -> Option<&str> {
    let line = source.get(..value)?.lines().next_back()?;
    let key = line.trim_end().strip_suffix('=')?.trim();
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (!key.is_empty() && key.chars().all(bare)).then_some(key)
}

/// Adds "did you mean" to serde's "unknown field" and "unknown variant" messages.
pub(crate) fn with_suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let suggestion = is_unknown
        .then(|| quoted.next())
        .flatten()
        .and_then(|unknown| closest(unknown, quoted));
    suggestion.map_or_else(
        || message.to_owned(),
        |known| format!("{message}; did you mean `{known}`?"),
    )
}

/// `; did you mean …?`, where a known word is like this one.
pub(crate) fn did_you_mean<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> String {
    closest(unknown, known).map_or_else(String::new, |known| format!("; did you mean `{known}`?"))
}

/// The known word that is most like the unknown one, if any is like it.
pub(super) fn closest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (unknown.chars().count() / 2).max(1);
    known
        .map(|word| (strsim::damerau_levenshtein(unknown, word), word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_gets_the_closest_known_one_and_nothing_where_none_is_close() {
        let check = |message: &str, expect: &str| assert_eq!(with_suggestion(message), expect);
        check(
            "unknown field `lisen`, expected one of `listen`, `limits`",
            "unknown field `lisen`, expected one of `listen`, `limits`; did you mean `listen`?",
        );
        check(
            "unknown field `zzz`, expected `listen`",
            "unknown field `zzz`, expected `listen`",
        );
        check(
            "invalid type: string \"x\", expected u16",
            "invalid type: string \"x\", expected u16",
        );
    }
}
