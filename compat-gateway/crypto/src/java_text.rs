//! Two habits of Java's `String` that the legacy digests depend on: which characters are whitespace, and how
//! text is ordered.

use std::cmp::Ordering;

/// `Character.isWhitespace`: separators except the no-break spaces, and the ASCII controls that separate.
///
/// Differs from [`char::is_whitespace`]: U+00A0, U+0085, U+2007 and U+202F are not whitespace here,
/// U+001C..=U+001F are. U+180E, a separator until Unicode 6.2, counts as today's Java counts it: no
/// whitespace.
pub(crate) fn is_whitespace(c: char) -> bool {
    matches!(
        c,
        '\u{0009}'..='\u{000d}'
            | '\u{001c}'..='\u{0020}'
            | '\u{1680}'
            | '\u{2000}'..='\u{2006}'
            | '\u{2008}'..='\u{200a}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{205f}'
            | '\u{3000}'
    )
}

/// True for empty text and for text of Java whitespace only: what digests leave out, so what counts as absent.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_whitespace)
}

/// `String.compareTo`: the order of UTF-16 code units.
///
/// It equals the order of the UTF-8 bytes except that characters beyond U+FFFF (surrogates, 0xD800.. in
/// UTF-16; lead byte 0xF0.. in UTF-8) come before U+E000..=U+FFFF (lead bytes 0xEE and 0xEF). So it is enough
/// to look at the first byte that differs; continuation bytes are below 0xC0 and never reach the special
/// case.
pub(crate) fn compare(a: &str, b: &str) -> Ordering {
    match a.bytes().zip(b.bytes()).find(|(x, y)| x != y) {
        None => a.len().cmp(&b.len()),
        Some((x, y)) if x >= 0xee && y >= 0xee && (x < 0xf0) != (y < 0xf0) => y.cmp(&x),
        Some((x, y)) => x.cmp(&y),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every code point for which OpenJDK 17 says `Character.isWhitespace`.
    const JAVA_WHITESPACE: [u32; 25] = [
        0x0009, 0x000a, 0x000b, 0x000c, 0x000d, 0x001c, 0x001d, 0x001e, 0x001f, 0x0020, 0x1680, 0x2000,
        0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2008, 0x2009, 0x200a, 0x2028, 0x2029, 0x205f,
        0x3000,
    ];

    #[test]
    fn whitespace_is_exactly_java_whitespace() {
        let ours: Vec<u32> = ('\0'..=char::MAX)
            .filter(|c| is_whitespace(*c))
            .map(u32::from)
            .collect();
        assert_eq!(ours, JAVA_WHITESPACE);
    }

    #[test]
    fn no_break_spaces_are_not_blank() {
        assert!(is_blank(""));
        assert!(is_blank(" \t\u{3000}\u{1f}"));
        for kept in [
            "\u{a0}", "\u{2007}", "\u{202f}", "\u{85}", "\u{200b}", "\u{feff}", " x ",
        ] {
            assert!(!is_blank(kept), "{kept:?}");
        }
    }

    #[test]
    fn astral_characters_come_before_the_end_of_the_basic_plane() {
        for basic in ["\u{e000}", "\u{f900}", "\u{ff01}", "\u{ffff}"] {
            for astral in ["\u{10000}", "😀", "\u{10ffff}"] {
                assert_eq!(compare(astral, basic), Ordering::Less, "{astral:?} {basic:?}");
                assert_eq!(compare(basic, astral), Ordering::Greater, "{astral:?} {basic:?}");
                assert_ne!(
                    compare(astral, basic),
                    astral.cmp(basic),
                    "byte order would be wrong here"
                );
            }
        }
        assert_eq!(compare("\u{d7ff}", "😀"), Ordering::Less);
        assert_eq!(compare("a", "ab"), Ordering::Less);
    }

    /// Characters from every region in which the two orders could differ.
    fn text() -> impl Strategy<Value = String> {
        let edges = "ab\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{efff}\u{f000}\u{ffff}\u{10000}\u{10ffff}";
        let edge = prop::sample::select(edges.chars().collect::<Vec<_>>());
        prop::collection::vec(edge, 0..4).prop_map(String::from_iter)
    }

    proptest! {
        #[test]
        fn compare_is_the_order_of_utf16_units(a in text(), b in text()) {
            prop_assert_eq!(compare(&a, &b), a.encode_utf16().cmp(b.encode_utf16()));
        }
    }
}
