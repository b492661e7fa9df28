//! A lot of serials that are listed by their ends: a stolen crate, a delivery (NIEM `ItemSerialIdentificationRange`).
//!
//! Both ends are folded like any serial, and the letters between them must stand still: AB1000–AB1999 is a lot, AB1000–
//! CD1999 is none, because nothing says which serials lie between. The digits are counted as one number, whatever letters
//! part them.

use serde::{Deserialize, Serialize};

use super::keys;

/// No lot has more items; a larger one is two ends that a clerk confused, and would make strangers' guns wanted.
pub const RANGE_ITEMS_MAX: u64 = 10_000_000;
/// So many digits can be counted in 64 bits.
const DIGITS_MAX: usize = 18;

/// The serials of a lot, by its first and its last, both as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SerialRange {
    /// The first serial.
    pub from: String,
    /// The last serial.
    pub to: String,
    /// Where on the items it stands, when known.
    #[serde(default)]
    pub place: Option<String>,
}

/// Why two serials are not the ends of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// Other letters, or letters in other places.
    #[error("the two ends of the range are not of one shape")]
    Shape,
    /// Numbers of different lengths, of which one is filled up with zeros.
    #[error("the ends of the range have numbers of different lengths, and one begins with a zero")]
    Lengths,
    /// The last comes before the first.
    #[error("the range ends before it begins")]
    Backwards,
    /// No digit, or more than can be counted.
    #[error("the ends of the range hold no number that can be counted")]
    NoNumber,
    /// More than [`RANGE_ITEMS_MAX`].
    #[error("the range holds more than {RANGE_ITEMS_MAX} items")]
    TooLarge,
}

/// The serials of one length within a lot: those of `shape` whose number lies from `low` to `high`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The canonical key with `0` for each of its digits.
    pub shape: String,
    /// The smallest number, inclusive.
    pub low: u64,
    /// The largest number, inclusive.
    pub high: u64,
}

impl Span {
    /// How many serials it holds.
    pub fn items(&self) -> u64 {
        self.high.saturating_sub(self.low).saturating_add(1)
    }
}

/// The shape of a canonical key (`0` for each digit) and its digits as one number; `None` when it has no digit or more than
/// can be counted.
pub fn shape_and_number(canonical: &str) -> Option<(String, u64)> {
    let digits = canonical.bytes().filter(u8::is_ascii_digit).count();
    if digits == 0 || digits > DIGITS_MAX {
        return None;
    }
    let shape = canonical.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let number = canonical.bytes().filter(u8::is_ascii_digit).fold(0, |n, b| n * 10 + u64::from(b - b'0'));
    Some((shape, number))
}

impl SerialRange {
    /// A lot of unknown place, when the two can be its ends.
    ///
    /// # Errors
    /// When nothing says which serials lie between them.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Result<Self, RangeError> {
        let range = Self { from: from.into(), to: to.into(), place: None };
        let spans = range.try_spans()?;
        let items = spans.iter().fold(0u64, |sum, span| sum.saturating_add(span.items()));
        if items > RANGE_ITEMS_MAX { Err(RangeError::TooLarge) } else { Ok(range) }
    }

    /// The serials by their lengths: one span, or several where the number grows a digit (998–1005). None when the ends
    /// make no lot, as a damaged or newer record may have it.
    pub fn spans(&self) -> Vec<Span> {
        self.try_spans().unwrap_or_default()
    }

    /// Whether a serial, however written, lies within.
    pub fn contains(&self, serial: &str) -> bool {
        let Some((shape, number)) = shape_and_number(&keys::canonical(serial)) else {
            return false;
        };
        self.spans().iter().any(|span| span.shape == shape && (span.low..=span.high).contains(&number))
    }

    fn try_spans(&self) -> Result<Vec<Span>, RangeError> {
        let (from, to) = (keys::canonical(&self.from), keys::canonical(&self.to));
        let (first, low) = shape_and_number(&from).ok_or(RangeError::NoNumber)?;
        let (last, high) = shape_and_number(&to).ok_or(RangeError::NoNumber)?;
        if first == last {
            return if low <= high { Ok(vec![Span { shape: first, low, high }]) } else { Err(RangeError::Backwards) };
        }
        grown(&from, &to, low, high)
    }
}

/// The spans of a lot whose number grows digits: one run of digits in each, no leading zero, the same letters around it.
fn grown(from: &str, to: &str, low: u64, high: u64) -> Result<Vec<Span>, RangeError> {
    let (before, digits, after) = around_digits(from).ok_or(RangeError::Shape)?;
    let (before_last, digits_last, after_last) = around_digits(to).ok_or(RangeError::Shape)?;
    if (before, after) != (before_last, after_last) {
        return Err(RangeError::Shape);
    }
    // A maker that fills up with zeros counts in one length, and one of the ends is misspelt.
    let length_of_number = |n: u64| n.checked_ilog10().map_or(1, |log| log as usize + 1);
    if length_of_number(low) != digits || length_of_number(high) != digits_last {
        return Err(RangeError::Lengths);
    }
    if low > high {
        return Err(RangeError::Backwards);
    }
    let spans = (digits..=digits_last).map(|length| {
        let smallest = 10u64.pow(length as u32 - 1);
        Span {
            shape: format!("{before}{}{after}", "0".repeat(length)),
            low: low.max(smallest),
            high: high.min(smallest.saturating_mul(10) - 1),
        }
    });
    Ok(spans.collect())
}

/// What stands before the only run of digits, the run's length, and what stands behind it.
fn around_digits(canonical: &str) -> Option<(&str, usize, &str)> {
    let begin = canonical.find(|c: char| c.is_ascii_digit())?;
    let rest = &canonical[begin..];
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let after = &rest[length..];
    (!after.contains(|c: char| c.is_ascii_digit())).then_some((&canonical[..begin], length, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_within_a_lot() {
        let table = [
            ("AB1000", "AB1999", "АВ 1500", true),
            ("AB1000", "AB1999", "AB1000", true),
            ("AB1000", "AB1999", "AB1999", true),
            ("AB1000", "AB1999", "AB2000", false),
            ("AB1000", "AB1999", "AB999", false),
            ("AB1000", "AB1999", "AB01500", false),
            ("AB1000", "AB1999", "AC1500", false),
            ("AB1000", "AB1999", "1500", false),
            ("998", "1005", "999", true),
            ("998", "1005", "1000", true),
            ("998", "1005", "0999", false),
            ("998", "1005", "1006", false),
            ("A1B200", "A1B299", "A1B250", true),
            ("A1B200", "A1B299", "A2B250", false),
            ("0001", "0100", "0050", true),
            ("0001", "0100", "50", false),
        ];
        for (from, to, serial, within) in table {
            assert_eq!(SerialRange::new(from, to).unwrap().contains(serial), within, "{serial} in {from}–{to}");
        }
    }

    #[test]
    fn two_serials_that_are_no_lot() {
        let table = [
            ("AB1000", "CD1999", RangeError::Shape),
            ("AB1000", "AB199A", RangeError::Shape),
            ("AB0998", "AB10000", RangeError::Lengths),
            ("AB0100", "AB200", RangeError::Lengths),
            ("AB100", "AB0200", RangeError::Lengths),
            ("AB1999", "AB1000", RangeError::Backwards),
            ("AB1000", "AB999", RangeError::Backwards),
            ("ABC", "ABD", RangeError::NoNumber),
            ("", "AB1", RangeError::NoNumber),
            ("1234567890123456789", "1234567890123456790", RangeError::NoNumber),
            ("00000000", "99999999", RangeError::TooLarge),
        ];
        for (from, to, expected) in table {
            assert_eq!(SerialRange::new(from, to), Err(expected), "{from}–{to}");
        }
    }
}
