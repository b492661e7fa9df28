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

/// Records that bear a matching mark, at most as many as asked for, in the order of their marks.
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
    Ok(Matches { records, cut: !whole })
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
    fn a_wide_pattern_is_refused() {
        for pattern in ["", "*", "AB?", "A*B*1", "???????"] {
            assert_eq!(fold(pattern), Err(PatternError::TooWide), "{pattern}");
        }
    }
}
