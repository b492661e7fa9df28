//! Control characters, in the many ways in which readers show them.

use std::borrow::Cow;

/// Group separator, between fields. FNC1 of a GS1 symbol is given as this too.
pub const GS: char = '\u{1D}';
/// Record separator, between format envelopes.
pub const RS: char = '\u{1E}';
/// End of transmission, the trailer of a message.
pub const EOT: char = '\u{04}';

/// How readers and hand scanners show them: control pictures, names in brackets, caret notation.
const SHOWN_AS: [(&str, char); 18] = [
    ("\u{241D}", GS),
    ("\u{241E}", RS),
    ("\u{2404}", EOT),
    ("<GS>", GS),
    ("<RS>", RS),
    ("<EOT>", EOT),
    ("{GS}", GS),
    ("{RS}", RS),
    ("{EOT}", EOT),
    ("[GS]", GS),
    ("[RS]", RS),
    ("[EOT]", EOT),
    ("^]", GS),
    ("^^", RS),
    ("^D", EOT),
    ("<F1>", GS),
    ("{FNC1}", GS),
    ("<FNC1>", GS),
];

/// The text with the control characters themselves. For texts that are known to be of a form with separators: in free
/// text `^D` may be meant.
pub fn real(text: &str) -> Cow<'_, str> {
    let shown = |rest: &str| -> Option<(usize, char)> {
        SHOWN_AS.iter().find_map(|(name, control)| {
            let head = rest.get(..name.len())?;
            head.eq_ignore_ascii_case(name).then_some((name.len(), *control))
        })
    };
    let may_begin = |c: char| matches!(c, '<' | '{' | '[' | '^' | '\u{2404}' | '\u{241D}' | '\u{241E}');
    if !text.contains(may_begin) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let (length, real) = shown(rest).filter(|_| may_begin(c)).unwrap_or((c.len_utf8(), c));
        out.push(real);
        rest = &rest[length..];
    }
    Cow::Owned(out)
}

/// Without white space and control characters at either end: scanners add line ends, tabs and separators.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{FEFF}')
}
