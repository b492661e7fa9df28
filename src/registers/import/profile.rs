//! What a file is like, before anything is changed: what is filled, what collides, what cannot be found, what looks wrong.
//!
//! Memory: 8 bytes for each mark, to know by which of them several records go, and the letter patterns that an index counts, too.

use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{Datelike, NaiveDate};
use serde::Serialize;

use super::Reject;
use crate::domain::{Record, Scheme, keys};
use crate::registers::disclosure;
use crate::registers::index::Counter;

/// Longest lists in a report.
const LISTED_MAX: usize = 12;
/// Reasons told apart; they hold words of the file.
const REASONS_MAX: usize = 1024;
/// Before this year nothing was registered.
const FIRST_YEAR: i32 = 1900;

/// Takes a file's records and rejects, and says what they are like.
#[derive(Debug, Default)]
pub struct Profile {
    records: u64,
    filled: BTreeMap<String, u64>,
    marks: Vec<u64>,
    unusable: u64,
    crowds: Counter,
    reasons: HashMap<String, u64>,
    days: HashMap<Days, u64>,
}

/// The days of a record that may be wrong; few combinations fill a register, so they are counted and judged at the end.
type Days = [Option<NaiveDate>; 3];

/// A shape of serials (`A` for each letter, `0` for each digit, whatever their order) and how crowded it is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShapeDensity {
    /// The shape.
    pub shape: String,
    /// Serials of it.
    pub serials: u64,
    /// How many other records a serial like those of this shape meets by accident, on average: what a verdict goes by.
    pub density: f64,
}

/// What a file is like. Counts are of records unless a name says otherwise.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ProfileReport {
    /// Records that silently lack a field, by the field's name, for those fields that any record has.
    pub nulls: BTreeMap<String, u64>,
    /// Marks (serials, and plates, VINs, engine and document numbers) that several records bear.
    pub serials_shared: u64,
    /// Most records on one of them.
    pub serial_shared_most: u64,
    /// Serials by which no check can find a record (БН, 0000).
    pub serials_unusable: u64,
    /// The commonest shapes of serials, the commonest first.
    pub shapes: Vec<ShapeDensity>,
    /// Why rows were rejected, the commonest first.
    pub reasons: Vec<(String, u64)>,
    /// A day of loss or report that is still to come.
    pub in_the_future: u64,
    /// A day before 1900.
    pub before_1900: u64,
    /// Reported before it was lost.
    pub reported_before_lost: u64,
    /// Expired already; a check of it gives no more than a remark.
    pub expired: u64,
}

impl Profile {
    /// The next record.
    pub fn record(&mut self, record: &Record) {
        self.records += 1;
        for name in disclosure::whole(record).into_keys() {
            *self.filled.entry(name.into_owned()).or_default() += 1;
        }
        // The same number on several parts of one item is one.
        let mut own: Vec<(Option<Scheme>, String)> = Vec::with_capacity(record.marks.len());
        for mark in &record.marks {
            let loosely = mark.scheme.is_compared_loosely();
            let key = if loosely { keys::canonical(&mark.value) } else { keys::exact_key(mark.scheme, &mark.value) };
            if loosely && !keys::is_usable(&key) {
                self.unusable += 1;
            } else if !key.is_empty() {
                own.push(((!loosely).then_some(mark.scheme), key));
            }
        }
        own.sort_unstable();
        own.dedup();
        for key in own {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            self.marks.push(hasher.finish());
            if let (None, serial) = key {
                self.crowds.add(0, format!("S{serial}").as_bytes());
            }
        }
        let days = [record.reported_on, record.lost_on, record.expires_on];
        if days.iter().any(Option::is_some) {
            *self.days.entry(days).or_default() += 1;
        }
    }

    /// The next row that was set aside.
    pub fn reject(&mut self, reject: &Reject) {
        count(&mut self.reasons, reject.reason.clone(), REASONS_MAX);
    }

    /// What it all came to, on a day.
    pub fn finish(mut self, today: NaiveDate) -> ProfileReport {
        self.marks.sort_unstable();
        let groups = self.marks.chunk_by(|a, b| a == b).map(|group| group.len() as u64);
        let (shared, most) = groups.filter(|&n| n > 1).fold((0, 0), |(count, most), n| (count + 1, n.max(most)));
        let of_shape = |((letters, digits), serials, density): ((u8, u8), u64, f64)| ShapeDensity {
            shape: "A".repeat(usize::from(letters)) + &"0".repeat(usize::from(digits)),
            serials,
            density,
        };
        let mut shapes: Vec<_> = self.crowds.by_shape().into_iter().map(of_shape).collect();
        shapes.sort_by(|a, b| b.serials.cmp(&a.serials).then_with(|| a.shape.cmp(&b.shape)));
        shapes.truncate(LISTED_MAX);
        let days = |wrong: &dyn Fn(&Days) -> bool| -> u64 {
            self.days.iter().filter(|(days, _)| wrong(days)).map(|(_, records)| records).sum()
        };
        ProfileReport {
            nulls: self.filled.iter().map(|(name, filled)| (name.clone(), self.records - filled)).collect(),
            serials_shared: shared,
            serial_shared_most: most,
            serials_unusable: self.unusable,
            in_the_future: days(&|d| d[..2].iter().flatten().any(|day| *day > today)),
            before_1900: days(&|d| d.iter().flatten().any(|day| day.year() < FIRST_YEAR)),
            reported_before_lost: days(&|d| matches!(d, [Some(reported), Some(lost), _] if reported < lost)),
            expired: days(&|d| d[2].is_some_and(|day| day < today)),
            shapes,
            reasons: commonest(self.reasons),
        }
    }
}

fn count(counts: &mut HashMap<String, u64>, what: String, max: usize) {
    if let Some(n) = counts.get_mut(&what) {
        *n += 1;
    } else if counts.len() < max {
        counts.insert(what, 1);
    }
}

fn commonest(counts: HashMap<String, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    counts.truncate(LISTED_MAX);
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Mark;

    #[test]
    fn a_file_is_seen_as_it_is() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d);
        let record = |serial: &str, reported_on, lost_on, expires_on| Record {
            marks: vec![Mark::new(Scheme::Serial, serial)],
            reported_on,
            lost_on,
            expires_on,
            ..Record::default()
        };
        let mut profile = Profile::default();
        for record in [
            record("AB 1234", day(2020, 1, 1), day(2020, 1, 2), None),
            record("АВ1234", day(2030, 1, 1), None, day(2026, 1, 1)),
            record("AB1234", None, day(1899, 1, 1), day(2026, 6, 1)),
            record("1234", None, None, None),
            record("БН", None, None, None),
        ] {
            profile.record(&record);
        }
        let part = |place: &str| Mark { place: Some(place.into()), ..Mark::new(Scheme::Serial, "PP1001") };
        profile.record(&Record { marks: vec![part("frame"), part("slide")], ..Record::default() });
        let vin = |n: u32| Mark::new(Scheme::Vin, format!("WVWZZZ1JZ3W38675{n}"));
        for n in [0, 1, 1] {
            profile.record(&Record { marks: vec![vin(n)], ..Record::default() });
        }
        profile.reject(&Reject { line: 7, id: None, reason: "it has no serial".into() });
        let report = profile.finish(day(2026, 6, 1).unwrap());
        assert_eq!((report.nulls["serial"], report.nulls["reported_on"]), (3, 7));
        assert_eq!((report.serials_shared, report.serial_shared_most, report.serials_unusable), (2, 3, 1));
        assert_eq!((report.in_the_future, report.before_1900), (1, 1));
        assert_eq!((report.reported_before_lost, report.expired), (1, 1));
        assert_eq!((report.shapes[0].shape.as_str(), report.shapes[0].serials), ("AA0000", 4));
        // As a verdict takes it: bare numbers of one length are never taken for fewer than two hundred.
        assert!((report.shapes[1].density - 0.02).abs() < 1e-9, "{:?}", report.shapes);
        assert_eq!(report.reasons, [("it has no serial".to_owned(), 1)]);
    }
}
