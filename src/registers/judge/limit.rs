//! How much chance these registers bear in a hit by a mark whose shape is specific.
//!
//! One limit for all registers is what the most uneven of them can bear. Where factories gave series out evenly, a looser one
//! loses none of what is wanted, and the reds stay true. So the registers are asked: of a sample of their records, which would be
//! red when their own weapons are checked, and how many strangers' weapons would be red in their place? The limit is loosened
//! step by step until nearly all marks of such shapes are red, and no farther than enough of all reds stay true: for all registers
//! of a device together, for one check meets the strangers of them all.
//!
//! What is learnt follows from the records of a base alone, by whichever device: changes that lie over it do not move it, and
//! nothing is drawn by chance.

use std::rc::Rc;

use super::evidence;
use super::gather::{Match, Met, Standing};
use super::learn::Drawn;
use super::rules::{
    CHANCE_HIT, Evidence, LOOSER_LIMITS, ONE_WANTED_IN, RED_ENOUGH, SPECIFIC, TRUE_ENOUGH, WRONG_MAX, grade, reading,
};
use crate::domain::{Grade, Rule};
use crate::registers::Registers;
use crate::registers::lessons::Lessons;

/// Fewer marks that are specific by their shape in a sample say nothing.
const BY_SHAPE_MIN: usize = 100;

/// A record of the sample, which stands for so many of the registers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    stands_for: f64,
    /// Chance as a check weighs it: a limit from there on makes it red. 0 where it is red in any case, infinite where never.
    red_above: f64,
    /// How many strangers come to bear the mark and fit the description, by a longer look than a check takes.
    strangers: f64,
    by_shape: bool,
    /// The mark is specific in its own series, too: who bears an equal one by accident is no fault of a rule.
    is_specific: bool,
}

/// The limit that the registers bear by such a sample.
pub(super) fn learnt_of(sample: &[Sampled]) -> f64 {
    if sample.iter().filter(|s| s.by_shape).count() < BY_SHAPE_MIN {
        return CHANCE_HIT;
    }
    let mut limit = CHANCE_HIT;
    for looser in LOOSER_LIMITS {
        let is_borne = true_share(sample, looser) >= TRUE_ENOUGH && wrong_share(sample, looser) <= WRONG_MAX;
        if red_share(sample, limit) >= RED_ENOUGH || !is_borne {
            break;
        }
        limit = looser;
    }
    limit
}

/// Of the marks that are specific by their shape those that are red.
fn red_share(sample: &[Sampled], limit: f64) -> f64 {
    let of = |limit: f64| -> f64 {
        sample.iter().filter(|s| s.by_shape && s.red_above <= limit).map(|s| s.stands_for).sum()
    };
    of(limit) / of(f64::INFINITY).max(f64::MIN_POSITIVE)
}

/// Of all reds those that are true, at the least.
fn true_share(sample: &[Sampled], limit: f64) -> f64 {
    let right: f64 = sample.iter().filter(|s| s.red_above <= limit).map(|s| s.stands_for).sum();
    right / (right + ONE_WANTED_IN * strangers(sample.iter().filter(|s| s.red_above <= limit))).max(f64::MIN_POSITIVE)
}

/// Of items that nobody looks for those that are red, beyond equal marks that are specific in their series, at the most.
fn wrong_share(sample: &[Sampled], limit: f64) -> f64 {
    let all: f64 = sample.iter().map(|s| s.stands_for).sum();
    strangers(sample.iter().filter(|s| s.red_above <= limit && !s.is_specific)) / all.max(f64::MIN_POSITIVE)
}

/// Strangers are few and uneven, and are taken for a standard error more.
fn strangers<'a>(of: impl Iterator<Item = &'a Sampled>) -> f64 {
    let (all, squares) = of.map(|s| s.stands_for * s.strangers).fold((0.0, 0.0), |(all, sq), n| (all + n, sq + n * n));
    all + squares.sqrt()
}

/// Which of these records would be red when their own weapons are checked, and how many strangers with them.
pub(super) fn sample(index: &Registers, drawn: &[Drawn], lessons: &Lessons) -> Vec<Sampled> {
    let of = |drawn: &Drawn| {
        let crowd = index.crowd(drawn.record.register(), &index.key_bytes(drawn.key));
        let by_shape = crowd.has_letters() && crowd.density_of_shape() <= SPECIFIC;
        let is_specific = crowd.has_letters() && crowd.density() <= SPECIFIC;
        let (red_above, strangers) = weighed(index, lessons, drawn)?;
        Some(Sampled { stands_for: drawn.stands_for, red_above, strangers, by_shape, is_specific })
    };
    drawn.iter().filter_map(of).collect()
}

/// From which limit on a record is red when the weapon is checked that it is about and all is told that it tells, and how many strangers
/// are, as [`Sampled`] has them.
fn weighed(index: &Registers, lessons: &Lessons, drawn: &Drawn) -> Option<(f64, f64)> {
    let &Drawn { key, record, usual, .. } = drawn;
    let mut scales = drawn.scales(index, lessons);
    let none: Rc<str> = Rc::from("");
    let (rule, met, standing) = (Rule::Exact, Met::Key(key), Standing::Counted);
    let equal =
        Match { rule, met, mark: 0, part: 0, standing, read: Rc::clone(&none), meets: none, likelihood: reading(rule) };
    let (evidence, weight, _) = evidence(index, record, &[equal], &mut scales)?;
    let is_hit = |evidence: &Evidence| grade(evidence) == Some(Grade::Hit);
    // Strangers of all registers come to bear the mark.
    let in_all = index.density_in_all(&index.key_bytes(key)) / usual;
    let red_above = if is_hit(&evidence) {
        0.0
    } else if is_hit(&Evidence { limit_of_shape: evidence.limit_of_shape.map(|_| f64::INFINITY), ..evidence }) {
        evidence.chance() * in_all
    } else {
        return Some((f64::INFINITY, 0.0));
    };
    let far = scales.crowding_far(key, record.register(), &weight);
    let sort = scales.sort_of(key, record.register());
    let strangers = in_all * far.density * far.share * scales.met(record, sort, &weight);
    Some((red_above, strangers))
}

#[cfg(test)]
mod tests;
