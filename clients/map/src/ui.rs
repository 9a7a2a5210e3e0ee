//! What people read: plain lines on standard output, coloured on a terminal.
//!
//! Colour is off where the output is not a terminal or `NO_COLOR` is set
//! (<https://no-color.org>). Writing to a closed pipe ends quietly.

use std::io::{IsTerminal, Write};

/// A colour or weight of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As it is.
    Plain,
    /// Headings.
    Bold,
    /// What matters less.
    Dim,
    /// Sent.
    Cyan,
    /// Received.
    Yellow,
    /// Proved.
    Green,
    /// Failed.
    Red,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Cyan => "36",
            Self::Yellow => "33",
            Self::Green => "32",
            Self::Red => "31",
        }
    }
}

/// Writes to standard output.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ui {
    colour: bool,
}

impl Ui {
    /// Decides on colour once.
    pub(crate) fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            colour: wanted && std::io::stdout().is_terminal(),
        }
    }

    /// The text in a style, where colour is on.
    pub(crate) fn paint(self, style: Style, text: &str) -> String {
        if self.colour && style != Style::Plain {
            format!("\u{1b}[{}m{text}\u{1b}[0m", style.code())
        } else {
            text.to_owned()
        }
    }

    /// One line, or several.
    pub(crate) fn line(self, text: &str) {
        // Nobody reads any more: there is nothing to do about it, and nobody to tell.
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// One line in a style.
    pub(crate) fn styled(self, style: Style, text: &str) {
        self.line(&self.paint(style, text));
    }
}

/// Progress and errors: standard error, so that the output stays clean for a pipe.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// So many of a thing that is called so: `1 change`, `2 changes`.
pub(crate) fn counted(count: impl std::fmt::Display, thing: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{ending}")
}

/// Fen as yuan, such as `1,234.56`.
pub(crate) fn yuan(fen: i64) -> String {
    let digits = fen.unsigned_abs().to_string();
    let digits = format!("{digits:0>3}");
    let (whole, cents) = digits.split_at(digits.len().saturating_sub(2));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        let rest = whole.len().saturating_sub(index);
        if index > 0 && rest.is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{grouped}.{cents}")
}

#[cfg(test)]
mod tests {
    use super::{counted, yuan};

    #[test]
    fn one_is_one_and_everything_else_is_many() {
        let check = |count: u64, expect: &str| assert_eq!(counted(count, "change"), expect);
        check(0, "0 changes");
        check(1, "1 change");
        check(11, "11 changes");
    }

    #[test]
    fn fen_are_printed_as_yuan_without_losing_one() {
        let check = |fen: i64, expect: &str| assert_eq!(yuan(fen), expect);
        check(0, "0.00");
        check(5, "0.05");
        check(-5, "-0.05");
        check(100, "1.00");
        check(123_456, "1,234.56");
        check(-100_000_000, "-1,000,000.00");
        check(i64::MIN, "-92,233,720,368,547,758.08");
    }
}
