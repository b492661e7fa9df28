//! What the index holds of each record: a number of a *profile* (kind, make, model, calibre, object and register together)
//! and a number of a year. Millions of records share some thousands of profiles.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use super::packed::Packed;
use super::{Compact, RecordRef};

/// Whoever lays them out looks after so many whether anybody wants them.
const LAID_OUT_AT_ONCE: usize = 1 << 16;

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
        self.profile(self.profile_of(record)).with_year(self.year_of(record))
    }

    /// The profile of that number, without a year.
    #[inline]
    pub fn profile(&self, number: u32) -> Compact {
        self.profiles.get(number as usize).copied().unwrap_or_default()
    }

    /// The number of its profile.
    #[inline]
    pub fn profile_of(&self, record: RecordRef) -> u32 {
        self.profile_of.get(record.0 as usize).unwrap_or(0)
    }

    /// The year alone; 0 for a record that is silent.
    #[inline]
    pub fn year_of(&self, record: RecordRef) -> u16 {
        self.year(self.year_number_of(record))
    }

    /// The number of its year.
    #[inline]
    pub fn year_number_of(&self, record: RecordRef) -> u32 {
        self.year_of.get(record.0 as usize).unwrap_or(u32::MAX)
    }

    /// The year of that number.
    #[inline]
    pub fn year(&self, number: u32) -> u16 {
        self.years.get(number as usize).map_or(0, |(year, _)| *year)
    }

    /// The numbers of profiles and years of the records of a list, in its order; nothing once nobody wants them any more.
    pub fn borne(&self, records: &Packed, is_wanted: &dyn Fn() -> bool) -> Option<Borne> {
        let mut borne = Borne {
            profiles: Packed::up_to(self.profiles.len().saturating_sub(1) as u32),
            years: Packed::up_to(self.years.len().saturating_sub(1) as u32),
        };
        borne.profiles.reserve_like(&self.profile_of, records.len());
        borne.years.reserve_like(&self.year_of, records.len());
        for (n, at) in (0..records.len()).filter_map(|at| records.get(at)).enumerate() {
            if n % LAID_OUT_AT_ONCE == 0 && !is_wanted() {
                return None;
            }
            borne.profiles.push(self.profile_of.get(at as usize).unwrap_or(0));
            borne.years.push(self.year_of.get(at as usize).unwrap_or(0));
        }
        Some(borne)
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

/// The facts once more, in the order in which postings stand; derived, not stored. What tells that nearly all neighbours of a short
/// number are other items is read in a row then.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Borne {
    pub profiles: Packed,
    pub years: Packed,
}

impl Borne {
    pub fn memory_bytes(&self) -> usize {
        self.profiles.memory_bytes() + self.years.memory_bytes()
    }
}

/// Whether they are laid out, which changes nothing but the time that a search takes.
#[derive(Debug, Default)]
pub(super) struct Prepared(RwLock<Option<Arc<[Borne]>>>);

impl Prepared {
    /// Those of each piece.
    pub fn get(&self) -> Option<Arc<[Borne]>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set(&self, borne: Option<Vec<Borne>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = borne.map(Arc::from);
    }
}

impl Clone for Prepared {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Prepared {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Gathers them.
#[derive(Default)]
pub(super) struct FactsBuilder {
    profiles: Vec<Compact>,
    numbers: HashMap<Compact, u32>,
    /// Profile of each record.
    profile_of: Packed,
    /// Years in the order in which they first came, and the number of each record's among them.
    years: Vec<(u16, u32)>,
    year_of: Packed,
    /// For each year one more than its number; 0 for a year that has not come yet.
    numbers_of_years: Vec<u32>,
    last: Option<(Compact, u32)>,
}

impl FactsBuilder {
    pub fn len(&self) -> usize {
        self.profile_of.len()
    }

    /// Has room for so many records whose facts are as various as those of others.
    #[cfg(feature = "device")]
    pub fn reserve_like(&mut self, facts: &Facts, records: usize) {
        self.profile_of.reserve_like(&facts.profile_of, records);
        self.year_of.reserve_like(&facts.year_of, records);
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
        self.profile_of.push_wide(number);
        if self.numbers_of_years.is_empty() {
            self.numbers_of_years = vec![0; usize::from(u16::MAX) + 1];
        }
        let number = &mut self.numbers_of_years[usize::from(year)];
        if *number == 0 {
            self.years.push((year, 0));
            *number = self.years.len() as u32;
        }
        self.years[*number as usize - 1].1 += 1;
        self.year_of.push_wide(*number - 1);
    }

    pub fn finish(self) -> Facts {
        let mut years = self.years.clone();
        if !years.iter().any(|(year, _)| *year == 0) {
            years.push((0, 0));
        }
        years.sort_unstable();
        let place = |year: u16| years.iter().position(|(known, _)| *known == year).unwrap_or(0) as u32;
        let places: Vec<u32> = self.years.iter().map(|(year, _)| place(*year)).collect();
        let mut year_of = self.year_of;
        year_of.renumber(years.len() as u32 - 1, &places);
        Facts { profiles: self.profiles, years, profile_of: self.profile_of, year_of }
    }
}
