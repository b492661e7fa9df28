//! Which of the many records near a mark come into question.
//!
//! In a register of ten million, some twenty thousand records are one slip away from a number of three or four digits. Nearly
//! all describe another item. So each is looked at only as far as that: its year, and what is known of all records of its
//! profile. Of those left, the likeliest are kept; the others are counted.

use std::rc::Rc;

use super::super::rules::FACTS_FOR_WEAK_RULES;
use super::super::weigh::Scales;
use super::{Match, Met, Near, Search, Standing, may_be_asked};
use crate::registers::Registers;
use crate::registers::describe::Relation;
use crate::registers::index::{Compact, Run};
use crate::registers::layers::Bearer;

/// So many records near a mark are looked at: in a register of ten million, all that are one slip from a bare number of three
/// digits.
const NEIGHBOURS_MAX: usize = 32_000;

/// How likely an item is to be described as it is, if it is the record's: for each profile, and for a year that agrees, one
/// that is near, one that the item does not tell, and one that the record does not. Nothing yet is 0, and what does not come
/// into question is less.
#[derive(Default)]
pub(super) struct Sieve {
    of_profiles: Vec<[f64; 4]>,
}

const FALLS: f64 = -1.0;

impl Sieve {
    /// Nothing for a record that contradicts the item or agrees in too little. `may_be_asked`: by its register and object.
    fn weigh(
        &mut self,
        index: &Registers,
        scales: &mut Scales<'_>,
        bearer: &Bearer,
        may_be_asked: impl Fn(&Scales<'_>, Compact) -> bool,
    ) -> Option<f64> {
        if self.of_profiles.is_empty() {
            self.of_profiles = vec![[0.0; 4]; index.profiles()];
        }
        let relation = match scales.relation_of_year(bearer.year) {
            Relation::Agrees => 0,
            Relation::Compatible => 1,
            Relation::Unknown if bearer.year > 0 => 2,
            Relation::Unknown => 3,
            Relation::Differs => return None,
        };
        let known = &mut self.of_profiles.get_mut(bearer.profile as usize)?[relation];
        if *known == 0.0 {
            let compact = index.profile(bearer.profile).with_year(bearer.year);
            *known = if may_be_asked(scales, compact) && scales.agrees_enough(compact, FACTS_FOR_WEAK_RULES) {
                scales.weigh(compact).likelihood()
            } else {
                FALLS
            };
        }
        Some(*known).filter(|known| *known > 0.0)
    }
}

impl Search<'_, '_> {
    /// A number can have thousands of neighbours; nearly all fall here, before anything is kept of them.
    pub(super) fn keep_weak(&mut self, read: &Rc<str>, mut found: Vec<Near>) {
        found.retain(|(.., key)| !self.kept.contains(key));
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let runs = self.index.runs_of(found.iter().map(|near| near.2));
        let counts: Vec<usize> = runs.iter().map(Run::len).collect();
        let looked_at = allotted(&found, &counts, NEIGHBOURS_MAX);
        let mut bearers = std::mem::take(&mut self.bearers);
        let runs = runs.into_iter().zip(&looked_at).map(|(run, most)| run.first(*most));
        let runs = found.iter().map(|near| near.2).zip(runs);
        self.index.bearers(runs, |year| self.scales.relation_of_year(year) != Relation::Differs, &mut bearers);
        let (index, registers) = (self.index, self.registers);
        let may_be_asked = |scales: &Scales<'_>, compact| may_be_asked(registers, scales, compact);
        let mut scored = Vec::new();
        for bearer in bearers.drain(..) {
            if let Some(described) = self.sieve.weigh(index, self.scales, &bearer, may_be_asked) {
                scored.push((found[bearer.run as usize].0 * described, bearer));
            }
        }
        self.bearers = bearers;
        if scored.len() > self.near_max {
            let likelier = |a: &(f64, Bearer), b: &(f64, Bearer)| b.0.total_cmp(&a.0).then(a.1.record.cmp(&b.1.record));
            scored.select_nth_unstable_by(self.near_max, likelier);
        }
        for (nth, (likelihood, bearer)) in scored.into_iter().enumerate() {
            // What another mark met already is stronger for it.
            if nth >= self.near_max && !self.gathered.places.contains_key(&bearer.record) {
                self.gathered.left_out += 1;
                self.gathered.left_out_likelihood += likelihood;
                continue;
            }
            let (likelihood, rule, key) = found[bearer.run as usize];
            let here = Match { met: Met::Key(key), ..self.met_by(rule, Standing::Counted, read, likelihood) };
            self.gathered.add(bearer.record, index.profile(bearer.profile).with_year(bearer.year), &here);
        }
        self.gathered.left_out += counts.iter().sum::<usize>() - looked_at.iter().sum::<usize>();
    }
}

/// How many records of each key are looked at, when there are more than `max` in all. `near` comes in the order of
/// likelihood; slips of one kind are equally likely.
///
/// Each kind of slip gets its part, so that none takes it all: a lost digit is likelier to be *this* one than a wrong
/// digit is, but there are as many marks with a wrong one.
fn allotted(near: &[Near], counts: &[usize], max: usize) -> Vec<usize> {
    let mut left = max as f64;
    if counts.iter().sum::<usize>() <= max {
        return counts.to_vec();
    }
    let mut kinds = Vec::new();
    let mut begin = 0;
    for kind in near.chunk_by(|a, b| a.0 == b.0) {
        let keys = begin..begin + kind.len();
        begin = keys.end;
        let mass: f64 = kind.iter().map(|near| near.0).sum();
        let records: usize = counts[keys.clone()].iter().sum();
        kinds.push((records as f64 / mass.max(f64::MIN_POSITIVE), mass, records as f64, keys));
    }
    // Who needs less than a fair part leaves the rest to the others.
    kinds.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.3.start.cmp(&b.3.start)));
    let mut masses: f64 = kinds.iter().map(|kind| kind.1).sum();
    let mut allotted = vec![0; counts.len()];
    for (_, mass, records, keys) in kinds {
        let part = (left * mass / masses.max(f64::MIN_POSITIVE)).min(records);
        (left, masses) = (left - part, masses - mass);
        for key in keys {
            allotted[key] = (counts[key] as f64 * part / records.max(1.0)) as usize;
        }
    }
    allotted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Rule;
    use crate::registers::index::KeyId;

    #[test]
    fn no_kind_of_slip_takes_all_that_is_looked_at() {
        let near = |likelihood: f64, keys: u32| (0..keys).map(move |n| (likelihood, Rule::OneEdit, KeyId(n)));
        let all: Vec<Near> = near(0.05, 40).chain(near(0.02, 36)).chain(near(0.01, 3)).collect();
        let counts: Vec<usize> = all.iter().map(|near| if near.0 == 0.01 { 1 } else { 300 }).collect();
        assert_eq!(allotted(&all, &counts, 23_000), counts, "all there are");
        let some = allotted(&all, &counts, 8000);
        let of = |keys: std::ops::Range<usize>| some[keys].iter().sum::<usize>();
        assert!(some.iter().sum::<usize>() <= 8000);
        assert_eq!(of(76..79), 3, "few are taken whole");
        assert!(
            (5800..=5900).contains(&of(0..40)) && (2080..=2120).contains(&of(40..76)),
            "{} {}",
            of(0..40),
            of(40..76)
        );
    }
}
