//! What spreadsheets and clerks do to serials: a number becomes a decimal or is rounded, several stand in one cell.

use crate::domain::keys;

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

/// Serials in one cell, parted by commas, semicolons or line ends, each long enough to be one and with a digit in it. Any
/// other text is one serial, as it stands.
pub(super) fn several(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split([',', ';', '\n']).map(str::trim).filter(|part| !part.is_empty()).collect();
    let is_serial = |part: &&str| {
        let key = keys::canonical(part);
        key.chars().count() >= SERIAL_CHARS_MIN && key.bytes().any(|b| b.is_ascii_digit())
    };
    if parts.len() > 1 && parts.iter().all(is_serial) { parts } else { vec![text] }
}

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
    fn several_serials_of_one_cell_are_told_apart() {
        for (cell, serials) in [
            ("EE1111, EE1112", &["EE1111", "EE1112"][..]),
            ("АВ 1234; АВ 1235;\nКМ7788", &["АВ 1234", "АВ 1235", "КМ7788"]),
            ("12,345", &["12,345"]),
            ("AB1234, worn", &["AB1234, worn"]),
            ("AB1234/CD9999", &["AB1234/CD9999"]),
            ("AB1234", &["AB1234"]),
        ] {
            assert_eq!(several(cell), serials);
        }
    }
}
