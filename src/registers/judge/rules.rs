//! The table of grades: how strongly one record and one item agree.
//!
//! | the marks agree by | and | grade |
//! |---|---|---|
//! | exact key of a UII, VIN, plate, document … | | hit |
//! | K1 | it has a letter, is specific, nothing contradicts | hit |
//! | K1 | it is so rare that chance is out of the question even against a contradiction | hit |
//! | K1 | facts agree, nothing contradicts, chance falls below the limits | hit |
//! | K1 | it is specific (a number alone, or something contradicts) | probable |
//! | K1 | facts agree, nothing contradicts, chance is small | probable |
//! | K1 | else | possible |
//! | K2, K3 | it has a letter, year or second mark agrees, nothing contradicts, chance is small | hit |
//! | K2, K3, KT | it is specific, or facts agree and chance is small | probable |
//! | K2, K3, KT | else | possible |
//! | K4, one edit | two of make, model, calibre, kind agree, nothing contradicts | possible |
//!
//! *Chance* is the number of other records that one check of this kind would meet by accident: the density of the key,
//! times the share of records with the facts that agree, times [`CONTRADICTION`] for each fact that contradicts. A key is
//! *specific* when chance by the key alone is below [`SPECIFIC`]. A different make contradicts nothing.

use crate::domain::{Grade, Rule};

/// A key is specific when fewer than one such key in a thousand is taken by accident.
pub(super) const SPECIFIC: f64 = 1e-3;
/// Between this and [`SPECIFIC`], one rare fact that agrees makes a hit: a year is shared by some 2 %.
const NEARLY_SPECIFIC: f64 = 5e-3;
/// Largest chance at which a nearly specific key with facts that agree, or a look-alike with its year, is a hit.
const CHANCE_HIT_NEARLY: f64 = 1e-4;
/// Largest chance at which any key with facts that agree is a hit: one false hit in 100,000 checks.
const CHANCE_HIT: f64 = 1e-5;
/// Largest chance of a *probable* on a key that is not specific: 20 in 100,000 checks.
const CHANCE_PROBABLE: f64 = 2e-4;
/// A record that describes another item contradicts by so much: one fact in twenty is recorded wrongly.
pub(super) const CONTRADICTION: f64 = 20.0;
/// Keys that meet one key by look-alikes, core or sound beside itself, on average.
const LOOSE_SPREAD: f64 = 4.0;

/// What speaks for and against one record being the item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Evidence {
    /// The strongest rule by which a mark agrees.
    pub rule: Rule,
    /// The mark is of a scheme that is compared exactly.
    pub exact_scheme: bool,
    /// The record's key has a letter.
    pub letters: bool,
    /// Expected accidental matches by the key alone, over all marks that agree.
    pub density: f64,
    /// How many of make, model, calibre, kind agree.
    pub agrees: u8,
    /// Whether the year agrees.
    pub year_agrees: bool,
    /// How many of model, calibre, kind, year contradict.
    pub against: u8,
    /// Another mark of the item agrees with the same record.
    pub second_mark: bool,
    /// Share of records in which the facts that agree agree by accident, times the contradictions.
    pub description: f64,
}

impl Evidence {
    fn spread(&self) -> f64 {
        if self.rule == Rule::Exact { 1.0 } else { LOOSE_SPREAD }
    }

    /// Expected accidental matches with all that is known.
    pub fn chance(&self) -> f64 {
        self.density * self.spread() * self.description
    }

    /// Whether the key alone says nearly all.
    pub fn is_specific(&self) -> bool {
        self.exact_scheme || self.density * self.spread() <= SPECIFIC
    }

    fn is_borne_out(&self) -> bool {
        (self.agrees > 0 || self.year_agrees || self.second_mark) && self.against == 0
    }

    /// Whether the key says too little to list a record that the description contradicts: any contradiction on a key that
    /// several records bear, more against than for on any other crowded one. An equal mark with a letter in it is always
    /// listed, for a different model on the record rules nothing out when the serial is equal.
    pub fn is_out_of_question(&self) -> bool {
        if self.rule == Rule::Exact && self.letters {
            return false;
        }
        let borne_by_many = self.density >= 1.0 && self.against > 0;
        !self.is_specific() && (borne_by_many || self.is_outweighed())
    }

    /// Whether the description speaks more against the record than for it.
    fn is_outweighed(&self) -> bool {
        self.against > 0 && self.agrees + u8::from(self.year_agrees) <= self.against
    }
}

/// The grade, or `None` when the record is no candidate at all.
pub(super) fn grade(e: &Evidence) -> Option<Grade> {
    match e.rule {
        Rule::Exact => Some(grade_exact(e)),
        Rule::LookAlike | Rule::Core | Rule::BySound => Some(grade_loose(e)),
        Rule::Number | Rule::OneEdit => (e.agrees >= 2 && e.against == 0).then_some(Grade::Possible),
        Rule::Range | Rule::TwoEdits => None,
    }
}

fn grade_exact(e: &Evidence) -> Grade {
    let chance = e.chance();
    let alone = e.letters && e.is_specific() && e.against == 0;
    let overwhelming = e.letters && chance <= CHANCE_HIT;
    let nearly_specific = e.letters && e.density <= NEARLY_SPECIFIC && chance <= CHANCE_HIT_NEARLY;
    let borne_out = e.is_borne_out() && (chance <= CHANCE_HIT || nearly_specific);
    if e.exact_scheme || alone || overwhelming || borne_out {
        Grade::Hit
    } else if e.is_specific() || (e.is_borne_out() && chance <= CHANCE_PROBABLE) {
        Grade::Probable
    } else {
        Grade::Possible
    }
}

fn grade_loose(e: &Evidence) -> Grade {
    let settled = e.letters && (e.year_agrees || e.second_mark) && e.against == 0 && e.chance() <= CHANCE_HIT_NEARLY;
    if settled && e.rule != Rule::BySound {
        Grade::Hit
    } else if (e.is_specific() && !e.is_outweighed()) || (e.is_borne_out() && e.chance() <= CHANCE_PROBABLE) {
        Grade::Probable
    } else {
        Grade::Possible
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sparse key with a letter, nothing else known.
    const SPARSE: Evidence = Evidence {
        rule: Rule::Exact,
        exact_scheme: false,
        letters: true,
        density: 1e-5,
        agrees: 0,
        year_agrees: false,
        against: 0,
        second_mark: false,
        description: 1.0,
    };

    #[test]
    fn the_table_of_grades() {
        use Grade::{Hit, Possible, Probable};
        let full = Evidence { agrees: 3, year_agrees: true, description: 0.2 * 0.02, ..SPARSE };
        let dense = Evidence { density: 0.05, ..SPARSE };
        let number = Evidence { density: 80.0, letters: false, ..SPARSE };
        let table = [
            ("a sparse key alone", SPARSE, Some(Hit)),
            ("a sparse key, another kind", Evidence { against: 1, description: 20.0, ..SPARSE }, Some(Probable)),
            (
                "a key like no other, another kind",
                Evidence { density: 1e-9, against: 1, description: 20.0, ..SPARSE },
                Some(Hit),
            ),
            ("a dense key alone", dense, Some(Possible)),
            ("a dense key, all agrees", Evidence { density: 0.05, ..full }, Some(Probable)),
            ("a very dense key, all agrees", Evidence { density: 0.25, ..full }, Some(Possible)),
            ("a nearly specific key alone", Evidence { density: 4e-3, ..SPARSE }, Some(Possible)),
            (
                "a nearly specific key and the year",
                Evidence { density: 4e-3, year_agrees: true, description: 0.02, ..SPARSE },
                Some(Hit),
            ),
            ("four digits alone", number, Some(Possible)),
            ("four digits, all agrees", Evidence { density: 80.0, letters: false, ..full }, Some(Possible)),
            ("a long number alone", Evidence { letters: false, density: 1e-9, ..SPARSE }, Some(Probable)),
            ("a long number, all agrees", Evidence { letters: false, ..full }, Some(Hit)),
            ("look-alikes on a sparse key", Evidence { rule: Rule::LookAlike, ..SPARSE }, Some(Probable)),
            (
                "look-alikes and the year",
                Evidence { rule: Rule::LookAlike, year_agrees: true, description: 0.02, ..SPARSE },
                Some(Hit),
            ),
            ("look-alikes on a dense key", Evidence { rule: Rule::LookAlike, ..dense }, Some(Possible)),
            ("by sound, all agrees", Evidence { rule: Rule::BySound, ..full }, Some(Probable)),
            ("one edit alone", Evidence { rule: Rule::OneEdit, ..SPARSE }, None),
            ("one edit, two agree", Evidence { rule: Rule::OneEdit, agrees: 2, ..SPARSE }, Some(Possible)),
            (
                "one edit, two agree, one contradicts",
                Evidence { rule: Rule::OneEdit, agrees: 2, against: 1, ..SPARSE },
                None,
            ),
            ("a number, all agrees", Evidence { rule: Rule::Number, ..full }, Some(Possible)),
        ];
        for (what, evidence, expected) in table {
            assert_eq!(grade(&evidence), expected, "{what}");
        }
    }

    #[test]
    fn a_number_alone_is_never_a_hit_and_a_dense_key_alone_never_more_than_possible() {
        for density in [1e-12, 1e-6, 1e-3, 0.1, 80.0] {
            for rule in [Rule::Exact, Rule::LookAlike, Rule::Core, Rule::BySound] {
                let number = Evidence { density, letters: false, rule, ..SPARSE };
                assert_ne!(grade(&number), Some(Grade::Hit), "{density} {rule:?}");
                if density > SPECIFIC {
                    let dense = Evidence { density, rule, ..SPARSE };
                    assert_eq!(grade(&dense), Some(Grade::Possible), "{density} {rule:?}");
                }
            }
        }
    }
}
