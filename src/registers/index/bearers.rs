//! The records that bear a key, and what tells at once that nearly all of them are other items.

use std::ops::Range;

use super::lookup::KeyId;
use super::{Index, RecordRef};

/// The place of a key: its piece, and how many keys stand before it there.
#[derive(Debug, Clone, Copy)]
pub(in crate::registers) struct KeyPlace {
    piece: u32,
    ordinal: u32,
}

/// Records of one key that stand in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::registers) struct Run {
    piece: u32,
    begin: u32,
    end: u32,
}

impl Run {
    /// How many there are, those among them that are hidden.
    pub fn len(&self) -> usize {
        self.places().len()
    }

    /// The first so many of them.
    pub fn first(self, most: usize) -> Self {
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        Self { end: self.end.min(self.begin.saturating_add(most)), ..self }
    }

    fn places(&self) -> Range<usize> {
        self.begin as usize..self.end as usize
    }
}

/// Years by their numbers, see [`Index::years_that`].
#[derive(Debug)]
pub(in crate::registers) struct YearsThatMayBe(Vec<bool>);

impl Index {
    /// Of which years a record may be; see [`Self::bearers`].
    pub(in crate::registers) fn years_that(&self, may_be: impl Fn(u16) -> bool) -> YearsThatMayBe {
        YearsThatMayBe(self.facts.years.iter().map(|(year, _)| may_be(*year)).collect())
    }

    /// The records that bear a key.
    pub fn records_of(&self, id: KeyId) -> impl Iterator<Item = RecordRef> + '_ {
        let run = self.run_of(id);
        let held = self.keys.get(run.piece as usize);
        held.into_iter().flat_map(move |held| {
            held.piece.postings.run(run.places()).filter_map(|posting| held.row(posting)).map(RecordRef)
        })
    }

    /// How many records bear a key.
    pub fn count_of(&self, id: KeyId) -> usize {
        let run = self.run_of(id);
        let is_settled = self.keys.get(run.piece as usize).is_none_or(|held| held.is_settled());
        if is_settled { run.len() } else { self.records_of(id).count() }
    }

    /// Hands the records of runs that are of a year that may be to `take`, each with what came with its run, its profile and its
    /// year, which is 0 where it is silent. All years may be where none are told.
    pub(in crate::registers) fn bearers(
        &self,
        runs: impl Iterator<Item = (u32, Run)>,
        years: Option<&YearsThatMayBe>,
        mut take: impl FnMut(u32, RecordRef, u32, u16),
    ) {
        let may_be = |number: u32| years.is_none_or(|years| years.0.get(number as usize).is_some_and(|may_be| *may_be));
        let all_borne = self.borne.get();
        for (with, run) in runs {
            let Some(held) = self.keys.get(run.piece as usize) else { continue };
            let postings = &held.piece.postings;
            let Some(borne) = all_borne.as_ref().and_then(|all| all.get(run.piece as usize)) else {
                for record in postings.run(run.places()).filter_map(|posting| held.row(posting)).map(RecordRef) {
                    let number = self.facts.year_number_of(record);
                    if may_be(number) {
                        take(with, record, self.facts.profile_of(record), self.facts.year(number));
                    }
                }
                continue;
            };
            for (at, number) in run.places().zip(borne.years.run(run.places())) {
                if may_be(number)
                    && let (Some(record), Some(profile)) = (postings.get(at), borne.profiles.get(at))
                {
                    take(with, RecordRef(record), profile, self.facts.year(number));
                }
            }
        }
    }

    /// Where the records that bear a key stand.
    pub(in crate::registers) fn run_of(&self, id: KeyId) -> Run {
        self.run_at(self.place_of(id))
    }

    /// The place of a key among all.
    #[inline]
    pub(in crate::registers) fn place_of(&self, id: KeyId) -> KeyPlace {
        let Some((piece, edge)) = self.keys.at(id.0) else { return KeyPlace { piece: u32::MAX, ordinal: 0 } };
        let ordinal = self.keys.get(piece).map_or(0, |held| held.piece.trie.ordinal(edge));
        KeyPlace { piece: piece as u32, ordinal: ordinal as u32 }
    }

    /// Where the records that bear the key at a place stand.
    pub(in crate::registers) fn run_at(&self, place: KeyPlace) -> Run {
        let held = self.keys.get(place.piece as usize);
        let places = held.map_or(0..0, |held| held.piece.postings_of_nth(place.ordinal as usize));
        Run { piece: place.piece, begin: places.start as u32, end: places.end as u32 }
    }

    /// See [`Flags::touch`](super::flags::Flags::touch).
    #[inline]
    pub(in crate::registers) fn touch(&self, place: KeyPlace) -> u32 {
        let held = self.keys.get(place.piece as usize);
        held.map_or(0, |held| held.piece.first_of_key.touch(place.ordinal as usize))
    }
}
