//! Makes a JSON text short enough to read, keeping its keys and their order.
//!
//! Works on the text, not on a parsed value: what is shown is what was on the wire.

/// Longer strings are cut.
const LONGEST: usize = 36;
/// How much of a cut string is kept.
const KEPT: usize = 28;
/// Columns of a line.
const WIDTH: usize = 92;

/// The text in lines: one for each top-level key, wrapped where it is long.
pub(super) fn abridge(json: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut depth: usize = 0;
    let mut rest = json.trim();
    while let Some(first) = rest.chars().next() {
        let token = token(rest, first);
        rest = rest.get(token.len()..).unwrap_or_default();
        match first {
            '{' | '[' => depth = depth.saturating_add(1),
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match first {
            '"' => push(&mut lines, &shortened(token), value_after(rest)),
            ',' if depth <= 1 => {
                append(&mut lines, ",");
                lines.push(" ".to_owned());
            }
            ',' => append(&mut lines, ", "),
            ':' => append(&mut lines, ": "),
            c if c.is_whitespace() => {}
            _ => append(&mut lines, token),
        }
    }
    lines
}

/// The token at the start: a string as a whole, anything else by characters.
fn token(text: &str, first: char) -> &str {
    if first != '"' {
        return text.get(..first.len_utf8()).unwrap_or(text);
    }
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(..=index).unwrap_or(text),
            _ => {}
        }
    }
    text
}

fn shortened(string: &str) -> String {
    if string.chars().count() <= LONGEST {
        return string.to_owned();
    }
    let kept: String = string.chars().take(KEPT).collect();
    format!("{kept}…\"")
}

fn append(lines: &mut [String], text: &str) {
    if let Some(line) = lines.last_mut() {
        line.push_str(text);
    }
}

/// How wide the text is; Chinese characters take two columns.
fn columns(text: &str) -> usize {
    text.chars()
        .map(|c| if c.is_ascii() { 1 } else { 2 })
        .fold(0, usize::saturating_add)
}

/// The columns of the value that belongs to the key before `rest`, with colon and comma.
fn value_after(rest: &str) -> usize {
    let Some(value) = rest.trim_start().strip_prefix(':').map(str::trim_start) else {
        return 1;
    };
    match value.chars().next() {
        Some('"') => columns(&shortened(token(value, '"'))).saturating_add(3),
        Some(_) | None => value.find([',', '}', ']']).unwrap_or(0).saturating_add(3),
    }
}

/// Appends a string, on a new line where the last one would get too long with what follows.
fn push(lines: &mut Vec<String>, text: &str, following: usize) {
    let wanted = columns(text).saturating_add(following);
    let is_full = lines
        .last()
        .is_some_and(|line| line.ends_with(", ") && columns(line).saturating_add(wanted) > WIDTH);
    if is_full {
        if let Some(line) = lines.last_mut() {
            line.truncate(line.trim_end().len());
        }
        lines.push("    ".to_owned());
    }
    append(lines, text);
}

#[cfg(test)]
mod tests {
    use super::abridge;

    #[test]
    fn a_long_string_is_cut_and_the_order_of_keys_stays() {
        let check = |json: &str, expect: &[&str]| assert_eq!(abridge(json), expect, "{json}");
        check(r#"{"b":1,"a":[1,2]}"#, &[r#"{"b": 1,"#, r#" "a": [1, 2]}"#]);
        check(r#"{"a":"x\",y"}"#, &[r#"{"a": "x\",y"}"#]);
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(60));
        check(&long, &[&format!(r#"{{"a": "{}…"}}"#, "x".repeat(27))]);
        check(
            r#"{"o":{"a":"1","b":"支付"}}"#,
            &[r#"{"o": {"a": "1", "b": "支付"}}"#],
        );
    }

    #[test]
    fn a_long_object_is_wrapped() {
        let members: Vec<String> = (0..12).map(|n| format!(r#""field{n}":"value{n}""#)).collect();
        let lines = abridge(&format!(r#"{{"order":{{{}}}}}"#, members.join(",")));
        assert!(
            lines.len() >= 3 && lines.iter().all(|line| line.chars().count() <= 94),
            "{lines:#?}"
        );
    }
}
