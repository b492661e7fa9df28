//! Days and years as sources write them, and what becomes of a text that tells none.

use chrono::{Datelike, NaiveDate};

use super::cells::is_nothing;
use super::mapping::Mapping;

/// Names of a row's fields that its record does without, because they cannot be read.
pub(super) type Unread = Vec<&'static str>;

/// What of a row's fields its record has otherwise than the row, or not at all.
#[derive(Default)]
pub(super) struct Remarks {
    /// Fields that cannot be read.
    pub unread: Unread,
    /// Fields with control characters in them.
    pub controls: Vec<&'static str>,
}

impl Remarks {
    /// Notes control characters in a field.
    pub fn control_in(&mut self, name: &'static str) {
        if !self.controls.contains(&name) {
            self.controls.push(name);
        }
    }
}

/// What was read, or the field's name among those that were not.
pub(super) fn read<T>(unread: &mut Unread, name: &'static str, value: Option<T>) -> Option<T> {
    if value.is_none() {
        unread.push(name);
    }
    value
}

/// A day under a source's own name for it. A wanted item is not set aside because a clerk wrote 31.02.2020.
pub(super) fn named_day(
    name: &'static str,
    text: Option<String>,
    mapping: &Mapping,
    unread: &mut Unread,
) -> Option<NaiveDate> {
    let text = text.filter(|text| !is_nothing(text))?;
    read(unread, name, day_of(&text, mapping).ok())
}

/// The year that a text tells.
pub(super) fn named_year(text: Option<String>, unread: &mut Unread) -> Option<u16> {
    let text = text.filter(|text| !is_nothing(text))?;
    read(unread, "year", year_of(&text))
}

/// The first group of exactly four digits that is a year in which a weapon, vehicle or document can have been made.
/// What does not hold one is no year: a wanted item is not set aside because a clerk wrote "1970-ті".
pub(super) fn year_of(text: &str) -> Option<u16> {
    text.split(|c: char| !c.is_ascii_digit())
        .filter(|group| group.len() == 4)
        .find_map(|group| group.parse().ok().filter(|year| (1700..=2100).contains(year)))
}

/// A day on which a record expires. What databases write for "no day" (0001-01-01, 1900-01-01, 1970-01-01) is none: no record
/// expired before there were any.
pub(super) fn day_of_expiry(text: Option<String>, mapping: &Mapping, unread: &mut Unread) -> Option<NaiveDate> {
    let day = named_day("expires_on", text, mapping, unread)?;
    read(unread, "expires_on", Some(day).filter(|day| day.year() > 1970))
}

/// A day as sources write it; a time behind it is cut off.
pub(super) fn day_of(text: &str, mapping: &Mapping) -> Result<NaiveDate, ()> {
    let text = text.trim();
    if let Some(format) = &mapping.date_format {
        let (day, rest) = NaiveDate::parse_and_remainder(text, format).map_err(|_| ())?;
        // `%y` reads 20 out of 2030.
        return if rest.is_empty() || rest.starts_with(['T', 't', ' ']) { Ok(day) } else { Err(()) };
    }
    let bytes = text.as_bytes();
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = bytes.get(range)?;
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |n, d| n * 10 + u32::from(d - b'0')))
    };
    let ends = |at: usize| bytes.get(at).is_none_or(|b| matches!(b, b'T' | b' ' | b't'));
    let day = match (bytes.get(4), bytes.get(2)) {
        (Some(b'-' | b'/' | b'.'), _) if bytes.get(7) == bytes.get(4) && ends(10) => {
            (number(0..4), number(5..7), number(8..10))
        }
        (_, Some(b'.')) if bytes.get(5) == Some(&b'.') && ends(10) => (number(6..10), number(3..5), number(0..2)),
        _ => return Err(()),
    };
    match day {
        (Some(y), Some(m), Some(d)) => NaiveDate::from_ymd_opt(y as i32, m, d).ok_or(()),
        _ => Err(()),
    }
}
