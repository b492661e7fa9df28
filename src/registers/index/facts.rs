//! What the index holds of each record: a number of a *profile* (kind, make, model, calibre, object and register together)
//! and a number of a year. Millions of records share some thousands of profiles.

use std::collections::HashMap;

use super::packed::Packed;
use super::{Compact, RecordRef};

/// The facts of all records.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Facts {
    /// Without the year.
    pub profiles: Vec<Compact>,
    /// Years that occur, ascending, each with its records; the first is 0, for records that are silent.
    pub years: Vec<(u16, u32)>,
    /// For each record the number of its profile, and of its year.
    pub profile_of: Packed,
    pub year_of: Packed,
}

impl Facts {
    pub fn len(&self) -> usize {
        self.profile_of.len()
    }

    #[inline]
    pub fn get(&self, record: RecordRef) -> Compact {
        let at = record.0 as usize;
        let profile = self.profile_of.get(at).and_then(|n| self.profiles.get(n as usize)).copied().unwrap_or_default();
        let year = self.year_of.get(at).and_then(|n| self.years.get(n as usize)).map_or(0, |(year, _)| *year);
        profile.with_year(year)
    }

    /// Whether every number names something.
    pub fn fit_together(&self) -> bool {
        self.profile_of.len() == self.year_of.len()
    }

    pub fn memory_bytes(&self) -> usize {
        self.profile_of.memory_bytes()
            + self.year_of.memory_bytes()
            + self.profiles.len() * size_of::<Compact>()
            + self.years.len() * 8
    }
}

/// Gathers them.
#[derive(Default)]
pub(super) struct FactsBuilder {
    profiles: Vec<Compact>,
    numbers: HashMap<Compact, u32>,
    /// Profile and year of each record.
    records: Vec<(u32, u16)>,
    last: Option<(Compact, u32)>,
}

impl FactsBuilder {
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// The next record's; the profile comes without a year.
    pub fn push(&mut self, profile: Compact, year: u16) {
        let number = match self.last {
            Some((last, number)) if last == profile => number,
            _ => *self.numbers.entry(profile).or_insert_with(|| {
                self.profiles.push(profile);
                self.profiles.len() as u32 - 1
            }),
        };
        self.last = Some((profile, number));
        self.records.push((number, year));
    }

    pub fn finish(self) -> Facts {
        let mut counts = vec![0u32; usize::from(u16::MAX) + 1];
        self.records.iter().for_each(|(_, year)| counts[usize::from(*year)] += 1);
        let mut years = vec![(0u16, counts[0])];
        years.extend((1..=u16::MAX).map(|y| (y, counts[usize::from(y)])).filter(|(_, n)| *n > 0));
        let mut number_of_year = vec![0u32; counts.len()];
        for (number, (year, _)) in years.iter().enumerate() {
            number_of_year[usize::from(*year)] = number as u32;
        }
        let mut profile_of = Packed::up_to(self.profiles.len().saturating_sub(1) as u32);
        let mut year_of = Packed::up_to(years.len() as u32 - 1);
        for (profile, year) in self.records {
            profile_of.push(profile);
            year_of.push(number_of_year[usize::from(year)]);
        }
        Facts { profiles: self.profiles, years, profile_of, year_of }
    }
}
