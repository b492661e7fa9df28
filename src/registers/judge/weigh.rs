//! The item's description against the descriptions of records, quickly: each fact of the item is compared once with each
//! distinct fact of the registers, whatever the number of records.

use std::collections::HashMap;

use crate::domain::{Ask, Description, Object};
use crate::registers::Registers;
use crate::registers::describe::{Fact, Forms, Relation, forms, relate, relate_years};
use crate::registers::index::{RecordRef, same_sort};

use super::rules::CONTRADICTION;

/// No fact is rarer than this for the purpose of weighing: registers are small, and years and models go together.
const SHARE_MIN: f64 = 0.02;

/// How a description stands to a record's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weight {
    /// How many of make, model, calibre, kind agree.
    pub agrees: u8,
    pub year_agrees: bool,
    /// How many of model, calibre, kind, year contradict.
    pub against: u8,
    /// See [`super::rules::Evidence::description`].
    pub share: f64,
}

/// The item's description, ready to be compared with many records.
pub(super) struct Scales<'a> {
    index: &'a Registers,
    facts: [Option<Forms>; 4],
    year: Option<u16>,
    object: Option<Object>,
    /// What is known already, by the number of the record's fact: one weighing of thousands of records asks a few
    /// hundred different facts, each many times.
    known: [Vec<Option<Relation>>; 4],
}

impl<'a> Scales<'a> {
    pub fn new(index: &'a Registers, description: &Description) -> Self {
        let texts = [&description.kind, &description.make, &description.model, &description.calibre];
        let mut facts = [const { None }; 4];
        for ((slot, fact), text) in facts.iter_mut().zip(Fact::ALL).zip(texts) {
            *slot = text.as_deref().and_then(|text| forms(fact, text));
        }
        let year = description.year.filter(|&year| year > 0);
        let known =
            [0, 1, 2, 3].map(|fact| vec![None; if facts[fact].is_some() { index.facts_of(fact) + 1 } else { 0 }]);
        Self { index, facts, year, object: description.object, known }
    }

    /// How many of make, model, calibre, kind the item tells.
    pub fn facts_told(&self) -> usize {
        self.facts.iter().flatten().count()
    }

    /// Whether the record may be of the item's sort of object.
    pub fn same_sort(&self, record: RecordRef) -> bool {
        match (self.object, self.index.compact(record).object()) {
            (Some(a), Some(b)) => same_sort(a, b),
            _ => true,
        }
    }

    fn relation(&mut self, fact: usize, id: u32) -> Relation {
        if let Some(Some(relation)) = self.known[fact].get(id as usize) {
            return *relation;
        }
        let (Some(item), Some(record)) = (&self.facts[fact], self.index.fact(fact, id)) else {
            return Relation::Unknown;
        };
        let relation = relate(Fact::ALL[fact], item, record);
        if let Some(slot) = self.known[fact].get_mut(id as usize) {
            *slot = Some(relation);
        }
        relation
    }

    pub fn weigh(&mut self, record: RecordRef) -> Weight {
        let compact = self.index.compact(record);
        let mut weight = Weight { agrees: 0, year_agrees: false, against: 0, share: 1.0 };
        // Kind and calibre mostly follow from the model, so the rarest fact that agrees stands for all of them.
        let mut rarest: f64 = 1.0;
        for (fact, id) in compact.facts.into_iter().enumerate() {
            match self.relation(fact, id) {
                Relation::Agrees => {
                    weight.agrees += 1;
                    rarest = rarest.min(self.index.share(fact, id));
                }
                Relation::Differs => weight.against += 1,
                Relation::Compatible | Relation::Unknown => {}
            }
        }
        weight.share = rarest.max(SHARE_MIN);
        match relate_years(self.year, compact.year()) {
            Relation::Agrees => {
                weight.year_agrees = true;
                weight.share *= self.year.map_or(1.0, |year| self.index.share_of_year(year)).max(SHARE_MIN);
            }
            Relation::Differs => weight.against += 1,
            Relation::Compatible | Relation::Unknown => {}
        }
        weight.share *= CONTRADICTION.powi(i32::from(weight.against));
        weight
    }

    /// What the item does not tell and the candidates do, best first: the fact whose answer would leave fewest of them,
    /// or, with one candidate, the one that would be hardest to get right by accident.
    pub fn asks(&self, candidates: &[RecordRef]) -> Vec<Ask> {
        let kinds = [(0, Ask::Kind), (1, Ask::Make), (2, Ask::Model), (3, Ask::Calibre)];
        let mut scored: Vec<(f64, Ask)> = Vec::new();
        for (fact, ask) in kinds.into_iter().filter(|(fact, _)| self.facts[*fact].is_none()) {
            let ids = candidates.iter().map(|&r| self.index.compact(r).facts[fact]).filter(|&id| id > 0);
            let shares = ids.map(|id| (id, self.index.share(fact, id)));
            scored.push((usefulness(shares, candidates.len()), ask));
        }
        if self.year.is_none() {
            let years = candidates.iter().filter_map(|&r| self.index.compact(r).year());
            let shares = years.map(|year| (u32::from(year), self.index.share_of_year(year)));
            scored.push((usefulness(shares, candidates.len()), Ask::Year));
        }
        scored.retain(|(score, _)| *score > 0.0);
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        scored.into_iter().map(|(_, ask)| ask).collect()
    }
}

/// 0: no candidate tells that fact. Up to 2: all tell it, no two the same, and each value is rare in the register.
fn usefulness(values: impl Iterator<Item = (u32, f64)>, candidates: usize) -> f64 {
    let mut counts: HashMap<u32, (usize, f64)> = HashMap::new();
    for (value, share) in values {
        counts.entry(value).or_insert((0, share)).0 += 1;
    }
    let told: usize = counts.values().map(|(n, _)| n).sum();
    if told == 0 || candidates == 0 {
        return 0.0;
    }
    let part = |n: usize| n as f64 / told as f64;
    // Summed in a fixed order, so that the same question has the same score on every run.
    let mut counts: Vec<_> = counts.into_values().collect();
    counts.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let splits = 1.0 - counts.iter().map(|(n, _)| part(*n) * part(*n)).sum::<f64>();
    let rarity: f64 = counts.iter().map(|(n, share)| part(*n) * (1.0 - share)).sum();
    (splits + rarity) * told as f64 / candidates as f64
}
