//! What the records of a base tell of how marks like theirs are given out, beyond counts of letters and digits.
//!
//! Two things that an average over a series hides. Numbers stand in *clumps*: a factory's count begins at 1, and what was given
//! to one unit in a row is lost in a row, so that a stranger's weapon meets a listed number in one place a thousand times
//! as often as in another. And numbers are given out *once*, or not: where a factory counts one model's weapons, two of them never
//! bear one number, however crowded it is there; where several makers count for themselves, or each year begins anew,
//! they do. The register shows both: by what stands next to its marks, and by how often two of its own records meet in one.
//!
//! Pure numbers; who takes the sample from which they are learnt is `judge/learn.rs`.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::as_it_is::ByNumber;

/// The last digits of a mark taken as open: 100 marks are two of them.
pub(super) const OPEN_MIN: usize = 2;
/// More digits than any window leaves open.
pub(super) const OPEN_MAX: usize = 12;

/// Marks that share all but their last digits with one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Window {
    /// How many last digits may differ.
    pub open: usize,
    /// Records with such marks, the mark's own not among them.
    pub others: u32,
    /// Marks that were looked at, whether a record bears them or not.
    pub marks: f64,
}

/// How far the number of records in a window is from what the wider one lets expect: the shape of a gamma distribution for each
/// number of open digits. Large: as even as dice. 1: as uneven as waiting times. Small: nearly all records stand in few windows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Clumps([f64; OPEN_MAX + 1]);

/// As even as dice.
const EVEN: f64 = 1000.0;
const MOST_UNEVEN: f64 = 0.02;
/// So many records count as seen and as expected before any are: few say nothing.
const SEEN_BEFORE: f64 = 3.0;
/// What lies so many standard deviations from the expected is no accident, however even windows are elsewhere,
const SURELY_DEVIATIONS: f64 = 4.0;
/// and so many records more, for a few are no clump.
const SURELY_MORE: f64 = 3.0;

impl Clumps {
    /// Nothing is known: windows are as even as dice.
    pub fn even() -> Self {
        Self([EVEN; OPEN_MAX + 1])
    }

    /// From the windows of some records, the narrowest of each first, and the densities of their series.
    pub fn learnt(sample: &[(f64, &[Window])]) -> Self {
        let mut clumps = Self::even();
        let mut densities: Vec<f64> = sample.iter().map(|(usual, _)| *usual).collect();
        for open in (OPEN_MIN..=OPEN_MAX).rev() {
            let at = |windows: &[Window]| windows.iter().copied().find(|window| window.open == open);
            let (mut seen, mut expected) = (SEEN_BEFORE, SEEN_BEFORE);
            for ((_, windows), density) in sample.iter().zip(&densities) {
                if let Some(window) = at(windows) {
                    seen += f64::from(window.others);
                    expected += density * window.marks;
                }
            }
            // Seen from a record, a window holds 1 + 1/shape times what windows hold on average.
            clumps.0[open] = (1.0 / (seen / expected - 1.0).max(f64::MIN_POSITIVE)).clamp(MOST_UNEVEN, EVEN);
            for ((_, windows), density) in sample.iter().zip(&mut densities) {
                if let Some(window) = at(windows) {
                    *density = clumps.narrowed(*density, window);
                }
            }
        }
        clumps
    }

    /// Records for each mark around one, by its windows (the narrowest first) and the density of its whole series.
    pub fn density(&self, usual: f64, windows: &[Window]) -> f64 {
        windows.iter().rev().fold(usual, |density, window| self.narrowed(density, *window))
    }

    fn narrowed(&self, density: f64, window: Window) -> f64 {
        let (seen, expected) = (f64::from(window.others), density * window.marks);
        let by_accident = SURELY_DEVIATIONS * expected.sqrt();
        if seen > expected + by_accident + SURELY_MORE || seen + by_accident < expected {
            return seen.max(1.0) / window.marks;
        }
        let shape = self.0[window.open.min(OPEN_MAX)];
        (shape + seen) / (shape / expected.max(f64::MIN_POSITIVE) + 1.0) / window.marks
    }
}

/// What is told of an item beside its mark, as far as a record agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Nothing,
    Facts,
    Year,
}

/// Marks that are given out alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Up to so many digits as stand on barrels and slides, too, where each maker begins anew.
    ShortNumber,
    /// A number that is longer.
    LongNumber,
    /// It has a letter.
    WithLetters,
}

/// Digits of a number that no small part bears.
const LONG_DIGITS: usize = 6;

impl Sort {
    /// The sort of a canonical key.
    pub fn of(key: &[u8]) -> Self {
        match key.iter().all(u8::is_ascii_digit) {
            false => Self::WithLetters,
            true if key.len() < LONG_DIGITS => Self::ShortNumber,
            true => Self::LongNumber,
        }
    }
}

/// What a chance is about: how the mark is written, and what agrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Case {
    pub sort: Sort,
    pub known: Known,
}

const CASES: usize = 9;

impl Case {
    fn number(self) -> usize {
        self.sort as usize * CASES / 3 + self.known as usize
    }
}

/// Meetings that were seen and that were to be expected.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Met {
    seen: f64,
    expected: f64,
}

/// Counts how often records of a base meet in one mark and agree.
#[derive(Debug, Clone, Default)]
pub(super) struct Meetings {
    cases: [Met; CASES],
    of_models: HashMap<u32, [Met; CASES]>,
}

impl Meetings {
    /// For records of that model, by the number of the fact.
    pub fn expect(&mut self, model: u32, case: Case, meetings: f64) {
        self.cases[case.number()].expected += meetings;
        self.of_models.entry(model).or_default()[case.number()].expected += meetings;
    }

    /// These and others.
    pub fn and(mut self, others: &Self) -> Self {
        let add = |to: &mut [Met; CASES], of: &[Met; CASES]| {
            for (to, of) in to.iter_mut().zip(of) {
                *to = Met { seen: to.seen + of.seen, expected: to.expected + of.expected };
            }
        };
        add(&mut self.cases, &others.cases);
        others.of_models.iter().for_each(|(model, met)| add(self.of_models.entry(*model).or_default(), met));
        self
    }

    pub fn see(&mut self, model: u32, case: Case, meetings: f64) {
        self.cases[case.number()].seen += meetings;
        self.of_models.entry(model).or_default()[case.number()].seen += meetings;
    }
}

/// How often records of a base meet in one mark and agree, for each time that they would by the chances reckoned: 1 where numbers are
/// given out as if by dice, far less where each was given out once. For each model, too, for makers number in their own ways.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Collisions {
    cases: [f64; CASES],
    of_models: ByNumber<u32, [f64; CASES]>,
}

/// So many meetings count as expected before any are, and as seen as is usual.
const MET_BEFORE: f64 = 2.0;
/// An item that was reported twice is no stranger, so what is met more often than expected counts for little.
const MORE_OFTEN_MAX: f64 = 2.0;
/// However many of its records fail to meet, a register holds what was lost in one country: of copies of a model, or of a series that
/// another plant repeated, it may have none.
const RARER_MIN: f64 = 3e-4;

/// A little fewer meetings than expected show that chances are reckoned a little too high, by those keys that are most crowded; only far fewer
/// show that numbers are given out once.
const RARER_ENOUGH: f64 = 0.2;

impl Met {
    /// Seen meetings are few, and count as different from the expected only beyond what is accident.
    fn factor(self, usual: f64) -> f64 {
        let of = |seen: f64| (seen + MET_BEFORE * usual) / (self.expected + MET_BEFORE);
        let (fewest, most) = (of(self.seen - 2.0 * self.seen.sqrt()), of(self.seen + self.seen.sqrt()));
        let met = 1f64.clamp(fewest.min(most), most).clamp(RARER_MIN, MORE_OFTEN_MAX);
        if met > RARER_ENOUGH { met.max(1.0) } else { met }
    }
}

impl Collisions {
    /// Nothing is known: as often as expected.
    pub fn as_expected() -> Self {
        Self { cases: [1.0; CASES], of_models: ByNumber::default() }
    }

    pub fn learnt(meetings: &Meetings) -> Self {
        let cases = meetings.cases.map(|met| met.factor(1.0));
        let of_model = |met: &[Met; CASES]| std::array::from_fn(|case| met[case].factor(cases[case]));
        let of_models = meetings.of_models.iter().map(|(model, met)| (*model, of_model(met))).collect();
        Self { cases, of_models }
    }

    /// For a record of that model.
    pub fn factor(&self, model: u32, case: Case) -> f64 {
        self.of_models.get(&model).unwrap_or(&self.cases)[case.number()]
    }
}

/// Number of what is learnt and how. Whatever changes it, here or in the judge's rules and weights by which a base is asked, counts it up:
/// what is kept under another number is learnt anew.
const LESSONS: u32 = 4;

/// All that is learnt of a base.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Lessons {
    /// The chance that a hit may have by a mark whose shape is specific; see `judge/limit.rs`.
    pub limit: f64,
    pub clumps: Clumps,
    pub collisions: Collisions,
    /// There are enough records to look at windows at all.
    pub looks_around: bool,
}

impl Lessons {
    /// As they are kept with an index, so that a start need not learn them again.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_stdvec(&(LESSONS, self)).unwrap_or_default()
    }

    /// What was kept; nothing where it was learnt in another way.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (number, rest) = postcard::take_from_bytes::<u32>(bytes).ok()?;
        let kept = if number == LESSONS { postcard::from_bytes::<Self>(rest).ok() } else { None };
        kept.filter(|lessons| lessons.limit.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(open: usize, others: u32) -> Window {
        Window { open, others, marks: 10f64.powi(open as i32) }
    }

    #[test]
    fn even_windows_change_nothing_and_a_clump_shows_in_any_case() {
        // One in a thousand marks is taken: a thousand windows of a hundred hold none, a hundred hold one.
        let windows: Vec<[Window; 1]> = (0..1100).map(|n| [window(2, u32::from(n % 11 == 0))]).collect();
        let sample: Vec<(f64, &[Window])> = windows.iter().map(|windows| (1e-3, &windows[..])).collect();
        for clumps in [Clumps::even(), Clumps::learnt(&sample)] {
            for (what, windows, at_least, at_most) in [
                ("nothing seen", vec![], 1e-3, 1e-3),
                ("none", vec![window(2, 0)], 0.99e-3, 1e-3),
                ("one", vec![window(2, 1)], 1e-3, 1.02e-3),
                ("a clump", vec![window(2, 40)], 0.4, 0.4),
                ("a clump in a crowd", vec![window(2, 3), window(3, 200)], 0.03, 0.2),
                ("a hole in a crowd", vec![window(3, 0), window(4, 4000)], 1e-3, 1e-3),
            ] {
                let density = clumps.density(1e-3, &windows);
                assert!((at_least..=at_most * (1.0 + 1e-9)).contains(&density), "{what}: {density}");
            }
        }
    }

    #[test]
    fn where_few_windows_hold_nearly_all_one_neighbour_says_much_and_none_too() {
        let windows: Vec<[Window; 1]> = (0..1000).map(|n| [window(2, if n % 2 == 0 { 0 } else { 30 })]).collect();
        let sample: Vec<(f64, &[Window])> = windows.iter().map(|windows| (1e-3, &windows[..])).collect();
        let clumps = Clumps::learnt(&sample);
        assert!(clumps.density(1e-3, &[window(2, 2)]) > 5e-3);
        assert!(clumps.density(1e-3, &[window(2, 0)]) < 2e-4);
    }

    #[test]
    fn what_is_kept_comes_back_and_what_was_learnt_otherwise_does_not() {
        let mut meetings = Meetings::default();
        meetings.expect(7, Case { sort: Sort::WithLetters, known: Known::Year }, 40.0);
        let mut lessons = Lessons {
            limit: 2.5e-4,
            clumps: Clumps::even(),
            collisions: Collisions::learnt(&meetings),
            looks_around: true,
        };
        lessons.clumps.0[3] = 0.7;
        let kept = lessons.to_bytes();
        assert_eq!(Lessons::from_bytes(&kept), Some(lessons.clone()));
        assert_eq!(Lessons::from_bytes(&kept[..kept.len() - 1]), None);
        assert_eq!(Lessons::from_bytes(&postcard::to_stdvec(&(LESSONS + 1, &lessons)).unwrap()), None);
    }

    #[test]
    fn meetings_lower_a_chance_as_far_as_they_fail_to_come_and_raise_it_little() {
        let case = Case { sort: Sort::WithLetters, known: Known::Year };
        let other = Case { sort: Sort::LongNumber, ..case };
        let factor = |expected: f64, seen: f64| {
            let mut meetings = Meetings::default();
            meetings.expect(7, case, expected);
            meetings.see(7, case, seen);
            let learnt = Collisions::learnt(&meetings);
            assert_eq!(learnt.factor(7, other), 1.0, "nothing is known of the others");
            assert!(learnt.factor(8, case) <= 2.0 && (seen > 0.0 || learnt.factor(8, case) <= 1.0));
            learnt.factor(7, case)
        };
        assert_eq!(factor(0.0, 0.0), 1.0);
        assert_eq!(factor(10.0, 10.0), 1.0, "by accident");
        assert_eq!(factor(10.0, 13.0), 1.0, "by accident");
        assert!((1e-4..1e-2).contains(&factor(1000.0, 0.0)));
        assert_eq!(factor(1e6, 0.0), RARER_MIN, "never nothing");
        assert!((0.09..0.12).contains(&factor(1000.0, 90.0)));
        assert_eq!(factor(1000.0, 400.0), 1.0, "chances are reckoned too high somewhere");
        assert_eq!(factor(1.0, 400.0), MORE_OFTEN_MAX, "items that were reported twice");
    }
}
