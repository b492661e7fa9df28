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
    let alone = parts.iter().filter(|part| parts_alone && is_alone(part));
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

/// Serials in one cell, parted by commas or semicolons, each long enough to be one and with a digit in it; or by spaces, where
/// all are built alike (`QC200001 QC200002`). Any other text is one serial, as it stands; nobody can say whether a part of it between
/// commas is, too (`QC100001, worn`), so with `parts_alone` each that is long enough to be looked for alone is added.
pub(super) fn several(text: &str, parts_alone: bool) -> Vec<&str> {
    let parts: Vec<&str> = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > 1 {
        if parts.iter().all(|part| can_be_serial(part)) {
            return parts;
        }
        return std::iter::once(text).chain(parts.into_iter().filter(|part| parts_alone && is_alone(part))).collect();
    }
    let words = || text.split_ascii_whitespace();
    let first = words().next().unwrap_or_default();
    let is_serial =
        |word: &str| word.chars().count() >= SPACED_CHARS_MIN && word.contains(char::is_alphabetic) && is_alone(word);
    let several =
        parts_alone && words().nth(1).is_some() && words().all(|word| is_serial(word) && form(word).eq(form(first)));
    if several { words().collect() } else { vec![text] }
}

/// Digits and letters of a text, one apart from the other.
fn form(text: &str) -> impl Iterator<Item = bool> {
    text.chars().filter(|c| c.is_alphanumeric()).map(|c| c.is_ascii_digit())
}

/// The ends of a lot that stands in a cell of serials (`QC100003-QC100999`): both with the same letters and as many digits, the
/// second one later.
pub(super) fn lot(text: &str) -> Option<(&str, &str)> {
    let (from, to) = text.split_once(['-', '–', '—', '…']).map(|(from, to)| (from.trim(), to.trim()))?;
    let (from_key, to_key) = (keys::canonical(from), keys::canonical(to));
    let letters = from_key.find(|c: char| c.is_ascii_digit()).filter(|&at| at > 0)?;
    let same = from_key.get(..letters) == to_key.get(..letters) && from_key.len() == to_key.len();
    let are_numbers = [&from_key, &to_key].iter().all(|key| key.get(letters..).is_some_and(is_number));
    (same && are_numbers && from_key.len() - letters >= LOT_DIGITS_MIN && from_key < to_key).then_some((from, to))
}

/// Texts that are joined to one serial, as series and number: words that mean nothing fall, and so do decimals. Where one was rounded
/// that one alone, for the serial is lost.
pub(super) fn joined<'t>(parts: impl IntoIterator<Item = &'t str>) -> String {
    let mut whole = String::new();
    for part in parts.into_iter().map(str::trim).filter(|part| !is_nothing(part)) {
        if is_rounded(part) {
            return part.to_owned();
        }
        whole.push_str(without_decimals(part));
    }
    whole
}

fn is_alone(text: &str) -> bool {
    can_be_serial(text) && keys::canonical(text).chars().count() >= ALONE_CHARS_MIN
}

fn can_be_serial(text: &str) -> bool {
    let key = keys::canonical(text);
    key.chars().count() >= SERIAL_CHARS_MIN && key.bytes().any(|b| b.is_ascii_digit())
}

/// A shorter part of a broken text is borne by too many to be a mark by itself.
const ALONE_CHARS_MIN: usize = 5;
/// Shorter words are parts of one text (`M1911 A1234`).
const SPACED_CHARS_MIN: usize = 6;
/// Shorter pieces between commas are pieces of one number (`12,345`).
const SERIAL_CHARS_MIN: usize = 4;
/// Shorter numbers on both sides of a dash are pieces of one number (`AK12-AK74`).
const LOT_DIGITS_MIN: usize = 4;
/// Words that sources write where they mean nothing.
const NOTHING: [&str; 7] = ["", "-", "null", "NULL", "Null", "N/A", "n/a"];

/// Whether a text stands where nothing was to be said.
pub(super) fn is_nothing(text: &str) -> bool {
    NOTHING.contains(&text.trim())
}

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
            ("AB1234, worn", &["AB1234, worn", "AB1234"]),
            ("AB1234, B2", &["AB1234, B2", "AB1234"]),
            ("AB12; worn", &["AB12; worn"]),
            ("QC200001 QC200002", &["QC200001", "QC200002"]),
            ("АВ 1234", &["АВ 1234"]),
            ("12345 67890", &["12345 67890"]),
            ("M1911 A1234", &["M1911 A1234"]),
            ("M19111 A1", &["M19111 A1"]),
            ("AB1234/CD9999", &["AB1234/CD9999"]),
            ("AB1234", &["AB1234"]),
        ] {
            assert_eq!(several(cell, true), serials);
        }
        assert_eq!(several("FF111111, FF111112", false), ["FF111111", "FF111112"]);
        assert_eq!(several("FF111111, worn", false), ["FF111111, worn"]);
        assert_eq!(several("AA 111 BB 222", false), ["AA 111 BB 222"]);
    }

    #[test]
    fn a_lot_in_a_cell_is_told_from_a_number_with_a_dash() {
        for (cell, ends) in [
            ("QC100003-QC100999", Some(("QC100003", "QC100999"))),
            ("АВ 1000 – AB 1999", Some(("АВ 1000", "AB 1999"))),
            ("QC100999-QC100003", None),
            ("QC100003-QD100999", None),
            ("100003-100999", None),
            ("AK12-AK74", None),
            ("QC1000-QC10999", None),
            ("AB-1234", None),
            ("AB1234", None),
        ] {
            assert_eq!(lot(cell), ends, "{cell}");
        }
    }

    #[test]
    fn series_and_number_are_mended_before_they_are_joined() {
        for (parts, serial) in [
            (["ЕВ", "4110009.0"], "ЕВ4110009"),
            (["NULL", "4110001"], "4110001"),
            (["N/A", " 4110001 "], "4110001"),
            (["-", "-"], ""),
            (["ЕВ", "1.23457E+11"], "1.23457E+11"),
            (["AB.0", "12"], "AB.012"),
        ] {
            assert_eq!(joined(parts), serial);
        }
    }
}
