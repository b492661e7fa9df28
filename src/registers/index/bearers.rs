//! The records that bear a key, and what tells at once that nearly all of them are other items.

use std::ops::Range;

use super::lookup::KeyId;
use super::{Index, RecordRef};

/// Years by their numbers, see [`Index::years_that`].
#[derive(Debug)]
pub(in crate::registers) struct YearsThatMayBe(Vec<bool>);

impl Index {
    /// Of which years a record may be; see [`Self::bearers`].
    pub(in crate::registers) fn years_that(&self, may_be: impl Fn(u16) -> bool) -> YearsThatMayBe {
        YearsThatMayBe(self.facts.years.iter().map(|(year, _)| may_be(*year)).collect())
    }

    /// Hands the records of runs of postings that are of a year that may be to `take`, each with the place of its run, its
    /// profile and its year, which is 0 where it is silent. All years may be where none are told.
    pub(in crate::registers) fn bearers(
        &self,
        runs: impl Iterator<Item = (u32, Range<usize>)>,
        years: Option<&YearsThatMayBe>,
        mut take: impl FnMut(u32, RecordRef, u32, u16),
    ) {
        let may_be = |number: u32| years.is_none_or(|years| years.0.get(number as usize).is_some_and(|may_be| *may_be));
        let borne = self.borne.get();
        for (run, postings) in runs {
            let Some(borne) = &borne else {
                for record in self.postings.run(postings).map(RecordRef) {
                    let number = self.facts.year_number_of(record);
                    if may_be(number) {
                        take(run, record, self.facts.profile_of(record), self.facts.year(number));
                    }
                }
                continue;
            };
            for (at, number) in (postings.start..).zip(borne.years.run(postings)) {
                if may_be(number)
                    && let (Some(record), Some(profile)) = (self.postings.get(at), borne.profiles.get(at))
                {
                    take(run, RecordRef(record), profile, self.facts.year(number));
                }
            }
        }
    }

    /// Where the records that bear a key stand.
    pub(in crate::registers) fn postings_of(&self, id: KeyId) -> Range<usize> {
        self.postings_of_nth(self.ordinal(id))
    }

    /// The place of a key among all.
    #[inline]
    pub(in crate::registers) fn ordinal(&self, id: KeyId) -> usize {
        self.trie.ordinal(id.0)
    }

    /// Where the records that bear the key at a place stand.
    pub(in crate::registers) fn postings_of_nth(&self, ordinal: usize) -> Range<usize> {
        let begin = self.first_of_key.select(ordinal).unwrap_or(self.postings.len());
        begin..self.first_of_key.next(begin + 1).unwrap_or(self.postings.len())
    }

    /// See [`Flags::touch`](super::flags::Flags::touch).
    #[inline]
    pub(in crate::registers) fn touch_postings(&self, ordinal: usize) -> u32 {
        self.first_of_key.touch(ordinal)
    }
}
