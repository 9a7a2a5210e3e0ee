//! Turns a TOML or serde error into one that a person can act on.

/// The error with its line, and the key that was probably meant. Never shows the source
/// line: it may hold a key.
pub(crate) fn friendly_toml_error(error: &toml::de::Error, source: &str) -> String {
    let line = error.span().map(|span| {
        let before = source.get(..span.start).unwrap_or(source);
        before.matches('\n').count().saturating_add(1)
    });
    let place = line.map_or_else(String::new, |line| format!("line {line}: "));
    format!("{place}{}", with_suggestion(error.message()))
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

/// The known word that is most like the unknown one, if any is like it.
fn closest<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
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
