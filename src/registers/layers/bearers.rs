//! The records that bear keys, of both layers: many keys at a time, for a short number has neighbours by the thousand.

use super::{OVER, Registers};
use crate::registers::index::{Compact, Index, KeyId, KeyPlace, RecordRef, Run};

/// A record that bears one of many keys, as little of it as tells whether it comes into question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::registers) struct Bearer {
    /// Of the runs of postings that were asked for, the place of the one in which it stands.
    pub run: u32,
    pub record: RecordRef,
    /// See [`Registers::profile`].
    pub profile: u32,
    /// 0 where it is silent.
    pub year: u16,
}

impl Registers {
    /// The records that bear a key, each with its facts, appended to `out`.
    pub(in crate::registers) fn facts_of_key(&self, id: KeyId, out: &mut Vec<(RecordRef, Compact)>) {
        let mark = id.0 & OVER;
        let (layer, hidden) = (self.layer(id.0), self.hidden_of(mark));
        let run = layer.run_of(KeyId(id.0 & !OVER));
        layer.bearers(std::iter::once((0, run)), None, |_, record, profile, year| {
            if hidden.is_none_or(|hidden| !hidden.holds(record.0)) {
                out.push((RecordRef(record.0 | mark), layer.profile(profile).with_year(year)));
            }
        });
    }

    /// Where the records that bear keys stand in their layers, hidden ones among them; in the order of the keys.
    pub(in crate::registers) fn runs_of(&self, ids: impl Iterator<Item = KeyId>) -> Vec<Run> {
        let places: Vec<(&Index, KeyPlace)> = ids
            .map(|id| {
                let layer = self.layer(id.0);
                (layer, layer.place_of(KeyId(id.0 & !OVER)))
            })
            .collect();
        std::hint::black_box(places.iter().fold(0, |all, (layer, place)| all ^ layer.touch(*place)));
        places.iter().map(|(layer, place)| layer.run_at(*place)).collect()
    }

    /// The records in these runs of postings that are of a year that may be, appended to `out`; each run with its key.
    pub(in crate::registers) fn bearers(
        &self,
        runs: impl Iterator<Item = (KeyId, Run)>,
        may_be: impl Fn(u16) -> bool,
        out: &mut Vec<Bearer>,
    ) {
        let (mut below, mut above) = (Vec::new(), Vec::new());
        for (place, (id, run)) in (0u32..).zip(runs) {
            let own = if id.0 & OVER == 0 { &mut below } else { &mut above };
            own.push((place, run));
        }
        let hidden = self.hidden_of(0);
        let years = self.base.years_that(&may_be);
        self.base.bearers(below.into_iter(), Some(&years), |run, record, profile, year| {
            if hidden.is_none_or(|hidden| !hidden.holds(record.0)) {
                out.push(Bearer { run, record, profile, year });
            }
        });
        if let Some(over) = &self.over {
            let (profiles_below, years) = (self.base.profiles() as u32, over.index.years_that(&may_be));
            over.index.bearers(above.into_iter(), Some(&years), |run, record, profile, year| {
                out.push(Bearer { run, record: RecordRef::over(record.0), profile: profile + profiles_below, year });
            });
            // As the runs were asked for.
            out.sort_by_key(|bearer| bearer.run);
        }
    }
}
