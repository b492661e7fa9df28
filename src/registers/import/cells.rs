//! What spreadsheets and clerks do to serials: a number becomes a decimal or is rounded, several stand in one cell. And what no
//! cell may carry to an officer's screen: characters that command a terminal, or turn the order of what is read.

use std::borrow::Cow;

use crate::domain::controls::is_control;
use crate::domain::keys;

/// What stands for control characters in a cell of marks: two serials with such between them are two.
pub(super) const BREAK: char = '\n';

/// A text with each run of control characters, and the spaces about it, as one `between`, and none at its ends. `None` when
/// there are none.
pub(super) fn without_controls(text: &str, between: char) -> Option<String> {
    if !text.contains(is_control) {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    for part in text.split(is_control).map(str::trim).filter(|part| !part.is_empty()) {
        if !plain.is_empty() {
            plain.push(between);
        }
        plain.push_str(part);
    }
    Some(plain)
}

/// The serials that a [`BREAK`] parts, where each part can be one. Any other text is one, with spaces for the breaks; nobody can say
/// whether a part of it is, too, so with `parts_alone` each that is long enough to be looked for alone is added, as beside a slash.
pub(super) fn broken(text: &str, parts_alone: bool) -> Vec<Cow<'_, str>> {
    if !text.contains(BREAK) {
        return vec![Cow::Borrowed(text)];
    }
    let parts: Vec<&str> = text.split(BREAK).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.iter().all(|part| can_be_serial(part)) {
        return parts.into_iter().map(Cow::Borrowed).collect();
    }
    let alone = parts
        .iter()
        .filter(|_| parts_alone)
        .filter(|part| can_be_serial(part) && keys::canonical(part).chars().count() >= ALONE_CHARS_MIN);
    std::iter::once(Cow::Owned(parts.join(" "))).chain(alone.map(|part| Cow::Borrowed(*part))).collect()
}

/// A number that a spreadsheet wrote as a decimal (`1234567.0`), as it was before.
pub(super) fn without_decimals(text: &str) -> &str {
    match text.split_once('.') {
        Some((number, zeros)) if is_number(number) && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => number,
        _ => text,
    }
}

/// Whether a spreadsheet rounded a number (`1.23457E+11`): the serial is lost.
pub(super) fn is_rounded(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else { return false };
    let decimals =
        mantissa.split_once(['.', ',']).is_some_and(|(one, more)| one.len() == 1 && is_number(one) && is_number(more));
    decimals && exponent.strip_prefix('+').is_some_and(is_number)
}

/// Serials in one cell, parted by commas or semicolons, each long enough to be one and with a digit in it. Any other text is
/// one serial, as it stands.
pub(super) fn several(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 && parts.iter().all(|part| can_be_serial(part)) { parts } else { vec![text] }
}

fn can_be_serial(text: &str) -> bool {
    let key = keys::canonical(text);
    key.chars().count() >= SERIAL_CHARS_MIN && key.bytes().any(|b| b.is_ascii_digit())
}

/// A shorter part of a broken text is borne by too many to be a mark by itself.
const ALONE_CHARS_MIN: usize = 5;
/// Shorter pieces between commas are pieces of one number (`12,345`).
const SERIAL_CHARS_MIN: usize = 4;

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_of_a_number_fall() {
        for (cell, serial) in [
            ("1234567.0", "1234567"),
            ("0012.00", "0012"),
            ("1234.5", "1234.5"),
            ("12.34.0", "12.34.0"),
            ("A12.0", "A12.0"),
            ("12.", "12."),
            (".0", ".0"),
        ] {
            assert_eq!(without_decimals(cell), serial);
        }
    }

    #[test]
    fn a_rounded_number_is_no_serial() {
        for (cell, is) in [
            ("1.23457E+11", true),
            ("9,9e+08", true),
            ("1E5", false),
            ("12E+3", false),
            ("1.5E-3", false),
            ("АЕ1.2E+", false),
            ("M1.12E+11", false),
        ] {
            assert_eq!(is_rounded(cell), is, "{cell}");
        }
    }

    #[test]
    fn control_characters_become_one_space_and_part_serials() {
        for (cell, plain) in [
            ("armed\u{1b}[2J \r\n call", Some("armed [2J call")),
            ("\u{202e}321\u{202c}", Some("321")),
            ("a\0\u{85}\u{2067}b", Some("a b")),
            ("\u{1b}", Some("")),
            ("שלום\u{200f} АВ\u{200d} 1234", None),
        ] {
            assert_eq!(without_controls(cell, ' ').as_deref(), plain, "{cell:?}");
        }
        for (cell, marks) in [
            ("AB1234\u{1b}CD5678", &["AB1234", "CD5678"][..]),
            ("AB1234 \u{202e}\r\n CD5678", &["AB1234", "CD5678"]),
            ("АВ\u{1f}1234", &["АВ 1234"]),
            ("AB12\u{202e}34", &["AB12 34"]),
            ("AB1234\nCD1", &["AB1234 CD1", "AB1234"]),
            ("AB1234\nworn", &["AB1234 worn", "AB1234"]),
            ("AB1234", &["AB1234"]),
        ] {
            let text = without_controls(cell, BREAK).unwrap_or_else(|| cell.to_owned());
            assert_eq!(broken(&text, true), marks, "{cell:?}");
            assert_eq!(broken(&text, false).len(), if marks[0].contains(' ') { 1 } else { marks.len() }, "{cell:?}");
        }
    }

    #[test]
    fn several_serials_of_one_cell_are_told_apart() {
        for (cell, serials) in [
            ("EE1111, EE1112", &["EE1111", "EE1112"][..]),
            ("АВ 1234; АВ 1235;", &["АВ 1234", "АВ 1235"]),
            ("12,345", &["12,345"]),
            ("AB1234, worn", &["AB1234, worn"]),
            ("AB1234/CD9999", &["AB1234/CD9999"]),
            ("AB1234", &["AB1234"]),
        ] {
            assert_eq!(several(cell), serials);
        }
    }
}
