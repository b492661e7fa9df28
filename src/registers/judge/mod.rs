//! From an item to a verdict: which registers are asked, which records come into question, how each is graded, what is
//! shown and what one more observation would settle.
//!
//! The rules by which a record is graded stand in one table in `rules.rs`. What never happens here: a bare "clear" (*no
//! record* names every register that was asked and its age), a number alone as a hit, a candidate left out without being
//! counted.

mod gather;
mod rules;
mod weigh;

use std::collections::BTreeSet;

use self::gather::{Gathered, Match};
use self::rules::{Evidence, grade};
use self::weigh::Scales;
pub use super::disclosure::fields;
use super::index::{RecordRef, class_of, same_sort};
use super::layers::Registers;
use crate::domain::keys;
use crate::domain::{
    Ask, Candidate, Finding, Grade, Item, Mark, NotChecked, Object, Record, RegisterId, Rule, Verdict,
};

/// Most candidates that a verdict lists; the rest is counted.
pub const CANDIDATES_MAX: usize = 20;
/// Most candidates by one edit, and by number alone.
const ONE_EDIT_MAX: usize = 16;
const NUMBER_MAX: usize = 3;
/// When more than twice those come into question, the item's marks say next to nothing: this many stand for the rest until
/// one more fact is told.
const SAMPLE: usize = 2;

/// What the marks of an item ask for.
struct Question<'a> {
    /// Usable marks with their class, and the numbers of the registers that list such objects.
    marks: Vec<(&'a Mark, u8, Vec<usize>)>,
    asked: BTreeSet<usize>,
    any_usable: bool,
}

/// The whole verdict but for the ledger entry. `fetch` gives the record at a position; its error is handed on, so that a
/// register which cannot be read never becomes "no record".
pub fn judge<E>(index: &Registers, item: &Item, fetch: &dyn Fn(RecordRef) -> Result<Record, E>) -> Result<Verdict, E> {
    let question = Question::of(index, item);
    if !question.any_usable {
        return Ok(Verdict::not_checked(NotChecked::UnusableMark));
    }
    if question.asked.is_empty() {
        return Ok(Verdict::not_checked(NotChecked::NoRegisterForObject));
    }
    let mut scales = Scales::new(index, &item.description);
    let gathered = gather::gather(index, &question.marks, &mut scales);
    let ranked = Ranked::of(index, gathered, &mut scales);

    let mut candidates = Vec::with_capacity(ranked.shown.len());
    let mut findings = BTreeSet::new();
    for judged in &ranked.shown {
        let record = fetch(judged.record)?;
        candidates.push(candidate(index, judged, &record));
    }
    if parts_differ(&ranked.shown, question.marks.len()) {
        findings.insert(Finding::PartsDiffer);
    }
    let best = ranked.shown.first();
    Ok(Verdict {
        grade: best.map_or(Grade::NoRecord, |j| j.grade),
        reason: None,
        rule: best.map(|j| j.found.rule),
        ask: asks(index, item, &ranked, &scales),
        findings: findings.into_iter().collect(),
        candidates,
        more: ranked.left_out,
        registers: question.asked.iter().filter_map(|&n| index.registers().get(n)).map(|r| r.age()).collect(),
        entry: None,
    })
}

impl<'a> Question<'a> {
    fn of(index: &Registers, item: &'a Item) -> Self {
        let mut question = Self { marks: Vec::new(), asked: BTreeSet::new(), any_usable: false };
        for mark in item.marks.iter().map(|seen| &seen.mark) {
            let Some(class) = class_of(mark.scheme).filter(|_| is_usable(mark)) else {
                continue;
            };
            question.any_usable = true;
            let object = item.description.object.or(Object::implied_by(mark.scheme));
            let lists = |n: &usize| object.is_none_or(|o| index.registers()[*n].lists(o));
            let registers: Vec<usize> = (0..index.registers().len()).filter(lists).collect();
            if !registers.is_empty() {
                question.asked.extend(&registers);
                question.marks.push((mark, class, registers));
            }
        }
        question
    }
}

fn is_usable(mark: &Mark) -> bool {
    if mark.scheme.is_compared_loosely() {
        keys::split_parts(&mark.value).iter().any(|part| keys::is_usable(&keys::canonical(part)))
    } else {
        keys::exact_key(mark.scheme, &mark.value).chars().nth(1).is_some()
    }
}

/// A record with its grade.
struct Judged {
    record: RecordRef,
    grade: Grade,
    found: Match,
    /// Marks of the item by which it was found, as positions.
    marks: BTreeSet<usize>,
    chance: f64,
    facts_agreeing: u8,
}

struct Ranked {
    shown: Vec<Judged>,
    left_out: u32,
    /// Everything that was graded, in order: what the questions are chosen from.
    pool: Vec<RecordRef>,
}

impl Ranked {
    fn of(index: &Registers, gathered: Gathered, scales: &mut Scales<'_>) -> Self {
        let (mut strong, mut one_edit, mut number) = (Vec::new(), Vec::new(), Vec::new());
        let mut left_out = 0;
        for (record, matches) in gathered.records {
            let Some((evidence, found)) = evidence(index, record, &matches, scales) else {
                continue;
            };
            let Some(grade) = grade(&evidence) else {
                continue;
            };
            let judged = Judged {
                record,
                grade,
                found,
                marks: matches.iter().filter(|m| m.rule > Rule::OneEdit).map(|m| m.mark).collect(),
                chance: evidence.chance(),
                facts_agreeing: evidence.agrees + u8::from(evidence.year_agrees),
            };
            match judged.found.rule {
                Rule::OneEdit => one_edit.push(judged),
                Rule::Number => number.push(judged),
                // On a crowded key, a record that describes something else is not the item.
                _ if evidence.is_out_of_question() => left_out += 1,
                _ => strong.push(judged),
            }
        }
        left_out += narrow(&mut one_edit, ONE_EDIT_MAX);
        left_out += narrow(&mut number, NUMBER_MAX);
        strong.append(&mut one_edit);
        strong.append(&mut number);
        strong.sort_by(order);
        let pool = strong.iter().map(|j| j.record).collect();
        left_out += strong.len().saturating_sub(CANDIDATES_MAX) as u32;
        strong.truncate(CANDIDATES_MAX);
        Self { shown: strong, left_out, pool }
    }
}

/// Strongest first, and the same on every machine. One slip of the hand is likelier than another series on the same number.
fn order(a: &Judged, b: &Judged) -> std::cmp::Ordering {
    let rank = |j: &Judged| match j.found.rule {
        Rule::Number => 0,
        Rule::OneEdit => 1,
        rule => 2 + rule as u8,
    };
    b.grade.cmp(&a.grade).then(rank(b).cmp(&rank(a))).then(a.chance.total_cmp(&b.chance)).then(a.record.cmp(&b.record))
}

/// Too many weak candidates are narrowed to those with which most facts agree, and when even these are too many to a
/// sample of them; gives how many were left out.
fn narrow(weak: &mut Vec<Judged>, max: usize) -> u32 {
    let before = weak.len();
    if before > max {
        let most = weak.iter().map(|j| j.facts_agreeing).max().unwrap_or(0);
        weak.retain(|j| j.facts_agreeing == most);
        weak.sort_by(order);
        weak.truncate(if weak.len() > 2 * max { SAMPLE } else { max });
    }
    (before - weak.len()) as u32
}

/// All that speaks for and against a record, and the match that counts.
fn evidence(
    index: &Registers,
    record: RecordRef,
    matches: &[Match],
    scales: &mut Scales<'_>,
) -> Option<(Evidence, Match)> {
    let best = matches.iter().max_by(|a, b| a.rule.cmp(&b.rule).then(b.mark.cmp(&a.mark)))?;
    let register = index.compact(record).register();
    let density = |m: &Match| index.density(register, m.key);
    // A second mark counts when it is another text on the item, found by more than a number.
    let second = matches.iter().find(|m| m.mark != best.mark && m.key != best.key && m.rule > Rule::OneEdit);
    let weight = scales.weigh(record);
    let key = index.key(best.key);
    let evidence = Evidence {
        rule: best.rule,
        exact_scheme: best.exact_scheme,
        letters: key.chars().any(|c| !c.is_ascii_digit()),
        density: density(best) * second.map_or(1.0, |m| density(m).min(1.0)),
        agrees: weight.agrees,
        year_agrees: weight.year_agrees,
        against: weight.against,
        second_mark: second.is_some(),
        description: weight.share,
    };
    Some((evidence, best.clone()))
}

/// Two marks of one item, each with its own strong candidates and none in common.
fn parts_differ(shown: &[Judged], marks: usize) -> bool {
    let strong: Vec<&Judged> = shown.iter().filter(|j| j.grade >= Grade::Probable).collect();
    let records_of = |mark: usize| -> BTreeSet<RecordRef> {
        strong.iter().filter(|j| j.marks.contains(&mark)).map(|j| j.record).collect()
    };
    let sets: Vec<_> = (0..marks).map(records_of).filter(|set| !set.is_empty()).collect();
    sets.iter().enumerate().any(|(n, a)| sets[n + 1..].iter().any(|b| a.is_disjoint(b)))
}

fn asks(index: &Registers, item: &Item, ranked: &Ranked, scales: &Scales<'_>) -> Vec<Ask> {
    let Some(best) = ranked.shown.first() else {
        return Vec::new();
    };
    let settled = best.grade == Grade::Hit && ranked.shown.iter().filter(|j| j.grade == Grade::Hit).count() == 1;
    if settled {
        return Vec::new();
    }
    let mut asks = Vec::new();
    if best.found.rule != Rule::Exact && best.grade >= Grade::Probable {
        asks.push(Ask::Characters);
    }
    // The questions are about the records that agree best: the others fall away with the same answer.
    let level = |j: &&Judged| (j.grade, j.found.rule) == (best.grade, best.found.rule);
    let leaders = ranked.shown.iter().filter(level).count();
    let all_shown_lead = leaders == ranked.shown.len();
    let pool = if all_shown_lead { &ranked.pool[..] } else { &ranked.pool[..leaders] };
    asks.extend(scales.asks(pool));
    if item.description.object.is_none() {
        let objects: BTreeSet<_> = pool.iter().filter_map(|&r| index.compact(r).object()).collect();
        let differ = objects.iter().any(|&a| objects.iter().any(|&b| !same_sort(a, b)));
        if differ {
            asks.push(Ask::Object);
        }
    }
    if best.found.rule != Rule::Exact && best.grade < Grade::Probable {
        asks.push(Ask::Characters);
    }
    if item.marks.len() < 2 {
        asks.push(Ask::SecondMark);
    }
    asks
}

fn candidate(index: &Registers, judged: &Judged, record: &Record) -> Candidate {
    let differs = if judged.found.rule == Rule::Exact {
        Vec::new()
    } else {
        keys::diff(&judged.found.read, index.key(judged.found.key))
    };
    let register = index.registers().get(index.register_of(judged.record));
    Candidate {
        register: register.map_or_else(|| RegisterId(String::new()), |r| r.id.clone()),
        record: record.id.clone(),
        grade: judged.grade,
        rule: judged.found.rule,
        differs,
        fields: fields(record),
    }
}

#[cfg(test)]
mod tests;
