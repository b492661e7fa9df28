//! How crowded a key's surroundings are: what an equal key is worth.
//!
//! A register tells its own density (`domain.md`, "Why specificity matters"): records of a shape over the keys that the
//! shape allows. A shape counts letters and digits; the keys it allows are the letter patterns really seen in it times
//! ten to the number of digits, because series are given out one after the other and most pairs of letters never were.
//! A pattern (`АВ####`) has a density of its own, and where series are uneven it is forty times that of the shape, or a
//! fortieth: so the pattern counts. What a shape tells stands in where the pattern has few records.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::table;
use crate::registers::as_it_is::ByHash;

/// Letters and digits of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Shape {
    register: u8,
    class: u8,
    letters: u8,
    digits: u8,
}

/// A key with every digit as `#`, hashed, and its shape.
fn pattern_of(register: u8, key: &[u8]) -> (u64, Shape) {
    let (class, text) = key.split_first().map_or((0, &[][..]), |(class, text)| (*class, text));
    let digits = text.iter().filter(|b| b.is_ascii_digit()).count();
    // Each character has one byte that continues no other.
    let chars = text.iter().filter(|&&b| b & 0xc0 != 0x80).count();
    let pattern = text.iter().map(|&b| if b.is_ascii_digit() { b'#' } else { b });
    let count = |n: usize| u8::try_from(n).unwrap_or(u8::MAX);
    let shape = Shape { register, class, letters: count(chars - digits), digits: count(digits) };
    (table::hash_of([register, class].into_iter().chain(pattern)), shape)
}

/// Counts patterns and shapes while an index is built.
#[derive(Debug, Default)]
pub(in crate::registers) struct Counter {
    /// Patterns are hashes already.
    patterns: ByHash<u64, (Shape, u32)>,
}

impl Counter {
    pub fn add(&mut self, register: u8, key: &[u8]) {
        self.add_some(register, key, 1);
    }

    /// So many records at once.
    pub fn add_some(&mut self, register: u8, key: &[u8], records: u32) {
        let (pattern, shape) = pattern_of(register, key);
        self.patterns.entry(pattern).or_insert((shape, 0)).1 += records;
    }

    /// How many records there are of each shape (letters, digits), and how dense keys like theirs are on average.
    pub fn by_shape(self) -> Vec<((u8, u8), u64, f64)> {
        let patterns: Vec<(u64, Shape, u32)> = self.patterns.iter().map(|(hash, (s, n))| (*hash, *s, *n)).collect();
        let density = self.finish();
        let mut shapes: HashMap<(u8, u8), (u64, f64)> = HashMap::new();
        for (pattern, shape, records) in patterns {
            let entry = shapes.entry((shape.letters, shape.digits)).or_default();
            entry.0 += u64::from(records);
            entry.1 += f64::from(records) * density.of(pattern, shape).density();
        }
        shapes.into_iter().map(|(shape, (records, sum))| (shape, records, sum / records as f64)).collect()
    }

    pub(in crate::registers::index) fn finish(self) -> Density {
        let mut shapes: HashMap<Shape, (u32, u32)> = HashMap::new();
        for (shape, records) in self.patterns.values() {
            let entry = shapes.entry(*shape).or_default();
            entry.0 = entry.0.saturating_add(*records);
            entry.1 += 1;
        }
        let mut crowded: Vec<(u64, u32)> =
            self.patterns.into_iter().filter(|(_, (_, n))| *n > 1).map(|(pattern, (_, n))| (pattern, n)).collect();
        crowded.sort_unstable();
        let mut shapes: Vec<_> = shapes.into_iter().collect();
        shapes.sort_unstable();
        Density { crowded, shapes }
    }
}

/// The counts, sorted for searching.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Density {
    /// Patterns with more than one record, by hash.
    crowded: Vec<(u64, u32)>,
    /// Records and patterns of each shape.
    shapes: Vec<(Shape, (u32, u32))>,
}

impl Density {
    /// What is held of marks like a key (with its class before it).
    pub fn around(&self, register: u8, key: &[u8]) -> Crowd {
        let (pattern, shape) = pattern_of(register, key);
        self.of(pattern, shape)
    }

    fn of(&self, pattern: u64, shape: Shape) -> Crowd {
        let at = self.crowded.binary_search_by_key(&pattern, |(hash, _)| *hash);
        let in_pattern = at.map_or(0, |i| self.crowded[i].1);
        let at = self.shapes.binary_search_by_key(&shape, |(shape, _)| *shape);
        let (in_shape, patterns) = at.map_or((0, 0), |i| self.shapes[i].1);
        Crowd { digits: shape.digits, has_letters: shape.letters > 0, in_pattern, in_shape, patterns }
    }
}

/// A register holds a part of what exists, and a small one, or one that never met such a mark, cannot say that there are
/// none: so many records of a pattern with letters are counted in any case,
const FEWEST_WITH_LETTERS: f64 = 1.0;
/// and so many of bare numbers of one length, which belong to every series at once and run from 1.
const FEWEST_NUMBERS: f64 = 200.0;

/// The records of one pattern and of its shape, in one index or in several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::registers) struct Crowd {
    digits: u8,
    has_letters: bool,
    /// Records of the pattern; 0 stands for one, too.
    in_pattern: u32,
    in_shape: u32,
    patterns: u32,
}

impl Crowd {
    /// What two indexes hold of marks like one key. Patterns that stand in both are counted twice, which is at most half the
    /// truth about the usual one, and nothing about the key's own.
    pub fn and(self, other: Self) -> Self {
        Self {
            in_pattern: self.in_pattern.saturating_add(other.in_pattern),
            in_shape: self.in_shape.saturating_add(other.in_shape),
            patterns: self.patterns.max(other.patterns),
            ..self
        }
    }

    /// Records of the shape over the keys that it allows.
    pub fn density_of_shape(self) -> f64 {
        f64::from(self.in_shape) / f64::from(self.patterns.max(1)) / 10f64.powi(i32::from(self.digits))
    }

    /// Whether there is a letter in it.
    pub fn has_letters(self) -> bool {
        self.has_letters
    }

    /// How many *other* records one may expect under a key that was drawn at random among those like it. 0.01 means:
    /// one such key in a hundred is taken by chance. Never 0: what was never met is not known.
    pub fn density(self) -> f64 {
        let usual = f64::from(self.in_shape) / f64::from(self.patterns.max(1));
        // A pattern's true number of records is taken to be spread about the shape's usual one as waiting times are. Seen from
        // one of them, which the asked key may be, the mean of what else is there comes out so.
        let expected = f64::from(self.in_pattern.max(1)) * usual / (usual + 1.0);
        let fewest = if self.has_letters { FEWEST_WITH_LETTERS } else { FEWEST_NUMBERS };
        expected.max(fewest) / 10f64.powi(i32::from(self.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn density_follows_the_register() {
        let mut counter = Counter::default();
        for n in 0..8000 {
            counter.add(0, format!("S{:04}", n % 10_000).as_bytes());
        }
        for n in 0..500 {
            counter.add(0, format!("SAB{n:06}").as_bytes());
        }
        counter.add(1, b"S1234");
        let density = counter.finish();
        let of = |register, key: &str| density.around(register, key.as_bytes()).density();
        assert!((of(0, "S1234") - 0.8).abs() < 1e-3);
        assert!((of(0, "SAB000001") - 0.0005).abs() < 1e-5);
    }

    #[test]
    fn what_a_register_never_met_is_not_rare_for_that() {
        let mut counter = Counter::default();
        counter.add(0, b"SAB1234");
        counter.add(0, b"S123");
        let density = counter.finish();
        // The key and the least that its density is, known or not.
        for (key, least) in
            [("S7B", 0.1), ("SB12", 0.01), ("S123", 0.2), ("S1234", 0.02), ("SAB1234", 1e-4), ("SXY123456", 1e-6)]
        {
            for register in [0, 1] {
                let got = density.around(register, key.as_bytes()).density();
                assert!((got / least - 1.0).abs() < 1e-9, "{key} in {register}: {got}");
            }
        }
        assert!(density.around(7, b"").density() > 1.0, "nothing tells nothing");
    }

    #[test]
    fn two_indexes_count_together() {
        let counted = |numbers: std::ops::Range<u32>| {
            let mut counter = Counter::default();
            numbers.for_each(|n| counter.add(0, format!("SAB{n:04}").as_bytes()));
            counter.finish().around(0, b"SAB9999")
        };
        let (whole, first, second, none) = (counted(0..3000), counted(0..500), counted(500..3000), counted(0..0));
        assert_eq!(first.and(second), whole);
        assert_eq!(none.and(whole), whole);
        assert!(first.density() < whole.density());
    }

    #[test]
    fn a_series_has_a_density_of_its_own_where_series_are_uneven() {
        let mut counter = Counter::default();
        for n in 0..4000 {
            counter.add(0, format!("SAB{n:04}").as_bytes());
        }
        for series in ["AC", "AD", "AE"] {
            for n in 0..10 {
                counter.add(0, format!("S{series}{n:04}").as_bytes());
            }
        }
        let density = counter.finish();
        let of = |key: &str| density.around(0, key.as_bytes()).density();
        assert!((of("SAB1234") - 0.4).abs() < 1e-2);
        assert!((of("SAC1234") - 0.001).abs() < 1e-4, "ten of ten thousand");
        let unseen = of("SXX1234");
        assert!(unseen > 0.0 && unseen <= 1e-4, "a series that nobody reported: {unseen}");
    }
}
