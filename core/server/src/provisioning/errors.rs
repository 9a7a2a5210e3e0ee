//! Errors of a document, each at its place, all at once.

use map_domain::IdError;

/// Longest name or remark, in bytes.
const MAX_TEXT: usize = 512;

/// Collects what is wrong and where.
#[derive(Default)]
pub(super) struct Errors(pub(super) Vec<(String, String)>);

impl Errors {
    /// One more error.
    pub(super) fn add(&mut self, at: &str, what: impl Into<String>) {
        self.0.push((at.to_owned(), what.into()));
    }

    /// An error where this does not hold.
    pub(super) fn require(&mut self, holds: bool, at: &str, what: &str) {
        if !holds {
            self.add(at, what);
        }
    }

    /// An identifier, or an error.
    pub(super) fn id<T>(&mut self, at: &str, text: &str, parse: fn(&str) -> Result<T, IdError>) -> Option<T> {
        parse(text).map_err(|error| self.add(at, error.to_string())).ok()
    }

    /// A text for people: no control characters, at most 512 bytes, not empty where needed.
    pub(super) fn text(&mut self, at: &str, text: &str, needed: bool) {
        let fits =
            text.len() <= MAX_TEXT && !text.chars().any(char::is_control) && !(needed && text.is_empty());
        let first = u8::from(needed);
        self.require(
            fits,
            at,
            &format!("expected {first} to {MAX_TEXT} bytes without control characters"),
        );
    }

    /// Errors where a key comes a second time.
    pub(super) fn unique<'a, K: Ord + 'a>(
        &mut self,
        keys: impl IntoIterator<Item = (String, K)>,
        what: &str,
    ) {
        let mut seen = std::collections::BTreeSet::new();
        for (at, key) in keys {
            if !seen.insert(key) {
                self.add(&at, format!("{what} a second time"));
            }
        }
    }
}
