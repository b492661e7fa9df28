//! Control characters, in the many ways in which readers and hand scanners show them.

use std::borrow::Cow;

/// Group separator, between fields. FNC1 of a GS1 symbol is given as this too.
pub const GS: char = '\u{1D}';
/// Record separator, between format envelopes.
pub const RS: char = '\u{1E}';
/// End of transmission, the trailer of a message.
pub const EOT: char = '\u{04}';

/// Names that stand between brackets: `<GS>`, `{GS}`, `[GS]`.
const NAMES: [(&str, char); 15] = [
    ("GS", GS),
    ("RS", RS),
    ("EOT", EOT),
    ("FS", '\u{1C}'),
    ("US", '\u{1F}'),
    ("FNC1", GS),
    ("F1", GS),
    ("STX", '\u{02}'),
    ("ETX", '\u{03}'),
    ("SOH", '\u{01}'),
    ("NUL", '\0'),
    ("ESC", '\u{1B}'),
    ("CR", '\r'),
    ("LF", '\n'),
    ("TAB", '\t'),
];

/// First characters of a shown control character.
fn may_begin(c: char) -> bool {
    matches!(c, '<' | '{' | '[' | '^' | '\\' | '&' | '~' | '\u{2400}'..='\u{2421}')
}

/// The text with the control characters themselves. For texts that are known to be of a form with separators: in free
/// text `^D` may be meant.
pub fn real(text: &str) -> Cow<'_, str> {
    if !text.contains(may_begin) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, real) = may_begin(c).then(|| shown(rest)).flatten().unwrap_or((c.len_utf8(), c));
        out.push(real);
        rest = &rest[length..];
    }
    Cow::Owned(out)
}

/// The control character that a text begins with in some notation, and the length of the notation in bytes.
fn shown(text: &str) -> Option<(usize, char)> {
    let first = text.chars().next()?;
    match first {
        '\u{2400}'..='\u{241F}' => Some((first.len_utf8(), char::from_u32(first as u32 - 0x2400)?)),
        '<' | '{' | '[' => bracketed(text, first),
        '^' => caret(text),
        '\\' => escaped(text),
        '&' => entity(text),
        '~' => tilde(text),
        _ => None,
    }
}

/// `<GS>`, `{GS}`, `[GS]`, and the code in place of the name as some scanners write it: `<029>`, `{0x1D}`.
fn bracketed(text: &str, open: char) -> Option<(usize, char)> {
    let close = match open {
        '<' => '>',
        '{' => '}',
        _ => ']',
    };
    let inside = text.get(1..text.len().min(8)).or_else(|| text.get(1..5))?.split_once(close)?.0;
    let named = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(inside)).map(|(_, control)| *control);
    let hex = inside.strip_prefix("0x").or_else(|| inside.strip_prefix("0X"));
    // A number in square brackets is an application identifier, not a character.
    let coded = || match hex {
        Some(digits) => of_digits(digits, 16),
        None if open != '[' && inside.len() == 3 => of_digits(inside, 10),
        None => None,
    };
    Some((inside.len() + 2, named.or_else(coded)?))
}

/// `^]`: the key that is held with Ctrl. Only separators: any other is more likely meant as it stands.
fn caret(text: &str) -> Option<(usize, char)> {
    match text.as_bytes().get(1)? {
        b']' => Some((2, GS)),
        b'^' => Some((2, RS)),
        b'D' | b'd' => Some((2, EOT)),
        b'\\' => Some((2, '\u{1C}')),
        _ => None,
    }
}

/// `\x1d`, `\u001d`, `\u{1d}`, `\035` (octal), as programs print them.
fn escaped(text: &str) -> Option<(usize, char)> {
    let after = text.get(1..)?;
    let take = |prefix: usize, digits: usize, radix: u32| {
        Some((1 + prefix + digits, of_digits(after.get(prefix..prefix + digits)?, radix)?))
    };
    match after.as_bytes().first()? {
        b'x' | b'X' => take(1, 2, 16),
        b'u' | b'U' if after.as_bytes().get(1) == Some(&b'{') => {
            let inside = after.get(2..)?.split_once('}')?.0;
            Some((inside.len() + 4, of_digits(inside, 16)?))
        }
        b'u' | b'U' => take(1, 4, 16),
        b'0' => take(0, 3, 8),
        _ => None,
    }
}

/// `&#29;`, `&#x1D;`
fn entity(text: &str) -> Option<(usize, char)> {
    let inside = text.strip_prefix("&#")?.split_once(';')?.0;
    let control = match inside.strip_prefix(['x', 'X']) {
        Some(hex) => of_digits(hex, 16)?,
        None => of_digits(inside, 10)?,
    };
    Some((inside.len() + 3, control))
}

/// `~029` and `~d029`, as label programs write them, and `~1` for FNC1.
fn tilde(text: &str) -> Option<(usize, char)> {
    let after = text.get(1..)?;
    let prefix = usize::from(after.starts_with(['d', 'D']));
    if let Some(control) = after.get(prefix..prefix + 3).and_then(|digits| of_digits(digits, 10)) {
        return Some((1 + prefix + 3, control));
    }
    let fnc1 = after.starts_with('1') && !after[1..].starts_with(|c: char| c.is_ascii_digit());
    fnc1.then_some((2, GS))
}

/// A control character by its number; any other character is no control character and stands for itself.
fn of_digits(digits: &str, radix: u32) -> Option<char> {
    let plain = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_alphanumeric());
    let code = plain.then(|| u32::from_str_radix(digits, radix).ok()).flatten()?;
    char::from_u32(code).filter(|c| c.is_ascii_control())
}

/// Without white space and control characters at either end: scanners add line ends, tabs and separators.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notation_gives_the_separator() {
        let notations = [
            "\u{1d}", "\u{241D}", "<GS>", "<gs>", "{GS}", "[GS]", "<FNC1>", "{F1}", "^]", "\\x1d", "\\x1D", "\\u001d",
            "\\u{1d}", "\\035", "&#29;", "&#x1D;", "~029", "~d029", "~1", "<029>", "{029}", "<0x1D>", "{0x1d}",
        ];
        for notation in notations {
            assert_eq!(real(&format!("A1{notation}B2")), "A1\u{1d}B2", "{notation}");
            assert_eq!(real(notation), "\u{1d}", "{notation} alone");
        }
    }

    #[test]
    fn other_text_stays() {
        for text in [
            "<AB>", "a\\b", "^A", "[01]95", "&amp;", "~15", "<", "{", "\\", "&#;", "~", "\\x4", "\\x41", "<065>", "<é>",
        ] {
            assert_eq!(real(text), text);
        }
        assert_eq!(real("[)>\u{241E}06\u{241D}S1\u{241E}\u{2404}"), "[)>\u{1e}06\u{1d}S1\u{1e}\u{4}");
    }
}
