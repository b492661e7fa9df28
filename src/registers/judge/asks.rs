//! What one more observation would be worth: each is tried on the leading candidates, agreeing and contradicting.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{More, SECOND_MARK_SHARE};
use super::weigh::Scales;
use super::{Judged, Listed, Ranked, is_document, issuer_of};
use crate::domain::{Ask, Grade, Item, Rule};
use crate::registers::Registers;
use crate::registers::index::same_sort;

/// The observations that would move the grade of the best candidates, best first.
pub(super) fn asks(
    index: &Registers,
    item: &Item,
    ranked: &Ranked,
    records: &[Listed],
    scales: &Scales<'_>,
) -> Vec<Ask> {
    // No answer makes a record a match that nobody looks for.
    let mut wanted = ranked.shown.iter().zip(records).filter(|(_, record)| record.status.is_wanted());
    let Some((best, record)) = wanted.next() else {
        return if ranked.shown.is_empty() { ranked.untold.clone() } else { Vec::new() };
    };
    // Every document names its issuer, and however rare its number, another issuer's document may bear it.
    let is_told = item.description.issuer.as_deref().and_then(issuer_of).is_some();
    let issuer = (!is_told && record.issuer.is_some() && is_document(index, best)).then_some(Ask::Issuer);
    let hits = ranked.shown.iter().filter(|j| j.grade == Grade::Hit).count();
    if hits == 1 && best.evidence.is_settled() {
        return issuer.into_iter().collect();
    }
    // The questions are about the records that agree best: the others fall away with the same answer.
    let leading: Vec<_> =
        std::iter::once((best, record)).chain(wanted.take_while(|(j, _)| j.grade == best.grade)).collect();
    let leaders: Vec<&Judged> = leading.iter().map(|(j, _)| *j).collect();
    let mut scored: Vec<(f64, Ask)> = Vec::new();
    let traits: BTreeMap<usize, Ask> = leaders.iter().flat_map(|j| scales.untold(j.compact)).collect();
    for (number, ask) in traits {
        let more = match ask {
            Ask::Year => More::Year,
            Ask::Make => More::Make,
            _ => More::Fact,
        };
        let share = |j: &&&Judged| scales.answer(j.compact, number).map(|(_, share)| share);
        let moved = leaders.iter().filter_map(|j| Some(j.evidence.moved_by(j.grade, more, share(&j)?)));
        let moved = moved.fold(0.0, f64::max);
        let answers = leaders.iter().filter_map(|j| scales.answer(j.compact, number));
        // There is nothing to tell one record apart from.
        let apart = if leaders.len() > 1 { tells_apart(answers, leaders.len()) } else { 0.0 };
        scored.push((moved + apart, ask));
    }
    if !matches!(best.found.rule, Rule::Exact | Rule::Range) {
        scored.push((best.evidence.moved_by_reading_again(best.grade), Ask::Characters));
    } else if ranked.misses_neighbours && best.grade < Grade::Hit {
        // The mark may have been misread all the same, and the list does not hold all that it may have been.
        scored.push((f64::MIN_POSITIVE, Ask::Characters));
    }
    if item.marks.len() < 2 && leading.iter().any(|(_, record)| record.marks > 1) {
        scored.push((best.evidence.moved_by(best.grade, More::SecondMark, SECOND_MARK_SHARE), Ask::SecondMark));
    }
    if item.description.object.is_none() {
        let objects: BTreeSet<_> = leaders.iter().filter_map(|j| j.compact.object()).collect();
        if objects.iter().any(|&a| objects.iter().any(|&b| !same_sort(a, b))) {
            scored.push((1.0, Ask::Object));
        }
    }
    scored.retain(|(score, _)| *score > 0.0);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    issuer.into_iter().chain(scored.into_iter().map(|(_, ask)| ask)).collect()
}

/// 0: no candidate tells that fact. Up to 1: all tell it, no two the same, and each value is rare in the register.
fn tells_apart(answers: impl Iterator<Item = (u32, f64)>, candidates: usize) -> f64 {
    let mut counts: BTreeMap<u32, (usize, f64)> = BTreeMap::new();
    for (value, share) in answers {
        counts.entry(value).or_insert((0, share)).0 += 1;
    }
    let told: usize = counts.values().map(|(n, _)| n).sum();
    if told == 0 {
        return 0.0;
    }
    let part = |n: usize| n as f64 / told as f64;
    let splits = 1.0 - counts.values().map(|(n, _)| part(*n) * part(*n)).sum::<f64>();
    let rarity: f64 = counts.values().map(|(n, share)| part(*n) * (1.0 - share)).sum();
    (splits + rarity) / 2.0 * told as f64 / candidates as f64
}
