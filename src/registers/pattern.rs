//! Searching by a pattern: `?` one character, `*` any number.
//!
//! Such a search is a leak of police data waiting to happen, so a pattern needs four fixed characters and the answer is
//! short; whoever offers the search also writes it to the ledger.

use super::index::Follow;
use super::{RecordRef, Registers};
use crate::domain::keys;

/// Fewest fixed characters of a pattern.
pub const FIXED_CHARS_MIN: usize = 4;
/// Why a pattern was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Too wide.
    #[error("a pattern needs at least {FIXED_CHARS_MIN} fixed characters beside ? and *")]
    TooWide,
    /// Longer than any mark.
    #[error("the pattern is longer than any mark")]
    TooLong,
}

/// Records that bear a matching mark, at most as many as asked for, in the order of their marks, then those of lots that hold one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    /// The records.
    pub records: Vec<RecordRef>,
    /// There were more.
    pub cut: bool,
}

/// Finds marks by a pattern; letters fold as in every other comparison.
pub fn search(index: &Registers, pattern: &str, limit: usize) -> Result<Matches, PatternError> {
    let pattern = Pattern::new(fold(pattern)?);
    let mut records: Vec<RecordRef> = Vec::new();
    let whole = index.matching(&pattern, &mut |key| {
        for record in index.records_of(key) {
            if !records.contains(&record) {
                if records.len() >= limit {
                    return false;
                }
                records.push(record);
            }
        }
        true
    });
    let (lots, more_lots) = index.lots_matching(&pattern);
    let new: Vec<RecordRef> = lots.into_iter().map(|lot| lot.record).filter(|r| !records.contains(r)).collect();
    let cut = !whole || more_lots || new.len() > limit - records.len();
    records.extend(new.into_iter().take(limit - records.len()));
    Ok(Matches { records, cut })
}

/// The pattern with its fixed parts as canonical keys are.
fn fold(pattern: &str) -> Result<Vec<char>, PatternError> {
    let mut out: Vec<char> = Vec::new();
    let mut fixed = String::new();
    let (mut count, mut closed) = (0, false);
    for c in pattern.chars().chain(std::iter::once('*')) {
        if matches!(c, '?' | '*') {
            let folded = keys::canonical(&fixed);
            count += folded.chars().count();
            out.extend(folded.chars());
            fixed.clear();
            closed = c == '?' || out.last() != Some(&'*');
            if closed {
                out.push(c);
            }
        } else {
            fixed.push(c);
        }
    }
    // The star that ended the last part was not asked for, unless one stands before it.
    if closed {
        out.pop();
    }
    match () {
        () if count < FIXED_CHARS_MIN => Err(PatternError::TooWide),
        () if out.len() > 63 => Err(PatternError::TooLong),
        () => Ok(out),
    }
}

/// A folded pattern: one bit a place, so that all ways to read a key by it are followed at once.
pub(super) struct Pattern {
    places: Vec<char>,
    /// Places that are stars, and places that any character passes.
    stars: u64,
    any: u64,
}

impl Pattern {
    /// At most 63 places, as [`fold`] sees to.
    fn new(places: Vec<char>) -> Self {
        let bits =
            |of: char| places.iter().enumerate().filter(|(_, p)| **p == of).fold(0, |bits, (n, _)| bits | 1 << n);
        Self { stars: bits('*'), any: bits('?'), places }
    }

    /// What a key is asked for at its beginning.
    pub fn begin(&self) -> Reading<'_> {
        Reading { pattern: self, at: self.past_stars(1) }
    }

    /// Whether it says nothing about how a key begins.
    pub fn begins_anywhere(&self) -> bool {
        self.places.first() == Some(&'*')
    }

    /// The fixed characters at its end.
    pub fn fixed_end(&self) -> String {
        let fixed = self.places.iter().rev().take_while(|c| !matches!(c, '?' | '*')).count();
        self.places[self.places.len() - fixed..].iter().collect()
    }

    /// Whether it fits any serial of a shape (`0` for each digit) whose number lies from `low` to `high`.
    pub fn fits_any(&self, shape: &str, low: u64, high: u64) -> bool {
        // Places reached, by whether all digits so far are the lowest number's, and whether they are the highest's.
        let mut reached = [[0, 0], [0, self.begin().at]];
        let mut unit = 10u64.saturating_pow(shape.bytes().filter(|&b| b == b'0').count() as u32);
        let high = high.min(unit - 1);
        for c in shape.chars() {
            let mut next = [[0; 2]; 2];
            let mut pass = |at, c, lowest: bool, highest: bool| {
                Reading { pattern: self, at }
                    .after(c, &mut |to| next[usize::from(lowest)][usize::from(highest)] |= to.at);
            };
            unit = if c == '0' { unit / 10 } else { unit };
            let digit = |number: u64| number.checked_div(unit).map_or(0, |n| (n % 10) as u8);
            for (lowest, highest) in [(false, false), (false, true), (true, false), (true, true)] {
                let at = reached[usize::from(lowest)][usize::from(highest)];
                if c != '0' {
                    pass(at, c, lowest, highest);
                    continue;
                }
                let (first, last) = (if lowest { digit(low) } else { 0 }, if highest { digit(high) } else { 9 });
                for d in first..=last {
                    pass(at, char::from(b'0' + d), lowest && d == first, highest && d == last);
                }
            }
            reached = next;
        }
        reached.iter().flatten().any(|&at| Reading { pattern: self, at }.is_done())
    }

    /// A star may also stand for nothing.
    fn past_stars(&self, at: u64) -> u64 {
        at | (at & self.stars) << 1
    }
}

/// Places of a pattern at which a key may stand after some of its characters.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pattern: &'a Pattern,
    at: u64,
}

impl Follow for Reading<'_> {
    fn after(self, c: char, go: &mut dyn FnMut(Self)) {
        let Pattern { places, stars, any } = self.pattern;
        let mut passed = self.at & any;
        let mut left = self.at & !any & !stars;
        while left != 0 {
            let place = left.trailing_zeros() as usize;
            left &= left - 1;
            if places.get(place) == Some(&c) {
                passed |= 1 << place;
            }
        }
        let at = self.pattern.past_stars(passed << 1 | self.at & stars);
        if at != 0 {
            go(Self { at, ..self });
        }
    }

    fn is_done(self) -> bool {
        self.at >> self.pattern.places.len() & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::index::reads;

    #[test]
    fn wildcards_match_as_they_should() {
        let table = [
            ("АВ12??", "AB1234", true),
            ("АВ12??", "AB123", false),
            ("*1234", "AB1234", true),
            ("AB*34", "AB1234", true),
            ("AB*34", "AB345", false),
            ("*B12*4", "AB1234", true),
            ("a-b 1234*", "AB1234", true),
            ("AB1?34*", "AB1234", true),
            ("1234", "AB1234", false),
            ("AB12*-", "AB1234", true),
            ("ЖД?45*", "ЖДЮ456", true),
            ("*ЖД?45", "АЖДЮ45", true),
            ("*23*3*", "ABX23423", true),
        ];
        for (pattern, key, expected) in table {
            match fold(pattern) {
                Ok(folded) => assert_eq!(reads(key, Pattern::new(folded).begin()), expected, "{pattern} {key}"),
                Err(_) => assert_eq!(pattern.replace(['*', '?'], "").len(), 3, "{pattern} was refused"),
            }
        }
    }

    #[test]
    fn a_lot_is_fitted_when_one_of_its_serials_is() {
        let lots =
            [("АВ 1180", "АВ 1213"), ("998", "1005"), ("A1B200", "A1B299"), ("000", "007"), ("ЖД12А0", "ЖД12А9")];
        let patterns = [
            "AB12??",
            "AB1?0*",
            "*1213",
            "*1214",
            "AB??99",
            "AB*8?",
            "A1?2??",
            "A1B3*",
            "????",
            "1005",
            "1006",
            "9?9?",
            "*005",
            "ЖД??А5",
            "*Д1*",
            "AB1*3",
            "AB12140",
            "*00*",
            "0*0*",
            "A*1*8*",
            "1*0*0*",
            "AB1?9?",
        ];
        for (from, to) in lots {
            let range = crate::domain::SerialRange::new(from, to).unwrap();
            let spans = range.spans();
            let serials: Vec<String> = spans.iter().flat_map(serials_of).collect();
            assert!(serials.iter().all(|serial| range.contains(serial)));
            for pattern in patterns {
                let pattern = Pattern::new(pattern.chars().collect());
                let fits = spans.iter().any(|span| pattern.fits_any(&span.shape, span.low, span.high));
                let expected = serials.iter().any(|serial| reads(serial, pattern.begin()));
                assert_eq!(fits, expected, "{from} to {to}, {:?}", pattern.places);
            }
        }
    }

    fn serials_of(span: &crate::domain::range::Span) -> Vec<String> {
        let digits = span.shape.matches('0').count();
        let serial = |number: u64| {
            let mut number = format!("{number:0digits$}").into_bytes().into_iter().map(char::from);
            span.shape.chars().map(|c| if c == '0' { number.next().unwrap() } else { c }).collect()
        };
        (span.low..=span.high).map(serial).collect()
    }

    #[test]
    fn a_wide_pattern_is_refused() {
        for pattern in ["", "*", "AB?", "A*B*1", "???????"] {
            assert_eq!(fold(pattern), Err(PatternError::TooWide), "{pattern}");
        }
    }
}
