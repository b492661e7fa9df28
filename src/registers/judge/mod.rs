//! From an item to a verdict: which registers are asked, which records come into question, how each is graded, what is
//! shown and what one more observation would settle.
//!
//! The rules by which a record is graded stand in one table in `rules.rs`. What never happens here: a bare "clear" (*no
//! record* names every register that was asked and its age), a number alone as a hit, a candidate left out without being
//! counted.

mod asks;
mod gather;
mod learn;
mod limit;
mod listed;
mod parts;
mod rules;
mod short;
mod show;
mod surroundings;
mod weigh;

use std::collections::BTreeSet;

use self::gather::{Gathered, InQuestion, Match, Met, Standing};
pub use self::learn::prepare;
pub use self::listed::CANDIDATES_MAX;
use self::listed::{
    BESIDE_EQUAL_MAX, LONG, OF_MORE_MAX, lists_are_whole, narrow, order, worth_listing, worth_listing_whole,
};
use self::rules::{
    Evidence, ISSUED_ONCE, NUMBER_NOT_SPECIFIC, SECOND_MARK_SHARE, SPECIFIC, WORTH_LOOKING_AROUND, grade, lot_density,
    reading,
};
pub use self::show::Listed;
use self::weigh::{Scales, Weight};
pub use super::disclosure::fields;
use super::index::{Compact, RecordRef, class_of};
use super::layers::Registers;
use crate::domain::country::country_code;
use crate::domain::keys;
use crate::domain::{
    Ask, Description, Finding, Grade, Item, Mark, NotChecked, Object, Record, Rule, Scheme, Status, Verdict,
};

/// Most candidates by number alone.
const NUMBER_MAX: usize = 3;
/// A list shorter than that is filled with equal marks whose description agrees in more than it contradicts.
const FILLED_TO: usize = 3;
/// Marks of one item that are weighed each for itself.
const MARKS_WEIGHED: usize = 4;
/// Most candidates by a lost end or by two edits: they are listed where little else is.
const WEAKEST_MAX: usize = 3;

/// What the marks of an item ask for.
struct Question<'a> {
    /// Usable marks with their class, and the numbers of the registers that may list such objects.
    marks: Vec<(&'a Mark, u8, Vec<usize>)>,
    asked: BTreeSet<usize>,
    /// Of those asked, the ones that are kept for such objects: only their silence is an answer.
    kept_for_it: BTreeSet<usize>,
    any_usable: bool,
}

/// The whole verdict but for the ledger entry. `fetch` gives the record at a position; its error is handed on, so that a
/// register which cannot be read never becomes "no record".
pub fn judge<E>(index: &Registers, item: &Item, fetch: &dyn Fn(RecordRef) -> Result<Record, E>) -> Result<Verdict, E> {
    judge_with(index, item, &|wanted| wanted.iter().map(|&at| fetch(at).map(Listed::of)).collect())
}

/// The same for whoever fetches records better all at once: `fetch` gives those at these positions, in their order.
pub fn judge_with<E>(
    index: &Registers,
    item: &Item,
    fetch: &dyn Fn(&[RecordRef]) -> Result<Vec<Listed>, E>,
) -> Result<Verdict, E> {
    let mut question = Question::of(index, item);
    if !question.any_usable {
        return Ok(Verdict::not_checked(NotChecked::UnusableMark));
    }
    if question.asked.is_empty() {
        return Ok(Verdict::not_checked(NotChecked::NoRegisterForObject));
    }
    let mut scales = Scales::new(index, &item.description);
    let near_max = if lists_are_whole(index) { CANDIDATES_MAX } else { OF_MORE_MAX };
    let gathered = gather::gather(index, &question.marks, &mut scales, near_max);
    let mut ranked = Ranked::of(index, gathered, &mut scales);
    let is_of_another_object = ranked.shown.is_empty() && item.description.object.is_some();
    if is_of_another_object {
        ranked.shown = of_another_object(index, item);
        question.asked.extend(ranked.shown.iter().map(|j| usize::from(j.compact.register())));
    }

    let wanted: Vec<RecordRef> = ranked.shown.iter().map(|judged| judged.record).collect();
    let mut records = fetch(&wanted)?;
    ranked.hold_issuers_against(index, &item.description, &records);
    if is_of_another_object {
        ranked.shown.iter_mut().for_each(|judged| judged.grade = judged.grade.min(Grade::Possible));
    }
    ranked.lower_numbers_of_other_parts(&question, &records);
    let is_elsewhere = ranked.lower_what_nobody_looks_for(&mut records);
    let ask = match is_of_another_object && !ranked.shown.is_empty() {
        true => vec![Ask::Object],
        false => asks::asks(index, item, &ranked, &records, &scales),
    };
    let parts_differ = parts::differ(item, &ranked.shown, &records, question.marks.len());
    let shown = ranked.shown.iter().zip(records);
    let candidates = shown.map(|(judged, record)| show::candidate(index, judged, record)).collect();
    let mut findings = BTreeSet::new();
    if parts_differ {
        findings.insert(Finding::PartsDiffer);
    }
    if is_elsewhere {
        findings.insert(Finding::DeliveredElsewhere);
    }
    let best = ranked.best();
    // A register of weapons with a row or two that name no object is asked about a vehicle, too; that it holds none is no answer.
    let has_a_say = |n: usize| {
        question.kept_for_it.is_empty()
            || question.kept_for_it.contains(&n)
            || ranked.shown.iter().any(|j| usize::from(j.compact.register()) == n)
    };
    let asked: Vec<usize> = question.asked.iter().copied().filter(|&n| has_a_say(n)).collect();
    let only_known: Vec<usize> = asked.iter().copied().filter(|&n| !index.lists_wanted(n)).collect();
    // Lists of what was delivered know nothing of what was stolen, and registers of other objects nothing of this one: their
    // silence is no answer.
    let nobody_was_asked = best.is_none() && question.kept_for_it.iter().all(|n| only_known.contains(n));
    let names = |n: &usize| index.registers().get(*n).map(|r| r.id.clone());
    Ok(Verdict {
        grade: best.map_or(if nobody_was_asked { Grade::NotChecked } else { Grade::NoRecord }, |j| j.grade),
        reason: nobody_was_asked.then_some(NotChecked::NoRegisterForObject),
        rule: best.map(|j| j.found.rule),
        ask,
        findings: findings.into_iter().collect(),
        candidates,
        more: ranked.left_out,
        more_at_least: ranked.left_out_at_least,
        registers: asked.iter().filter_map(|&n| index.registers().get(n)).map(|r| r.age()).collect(),
        only_known: only_known.iter().filter_map(names).collect(),
        entry: None,
    })
}

/// Who says what an item is may be wrong, and a rare mark that is listed as it stands must not be silent for that: records that are no such
/// object.
fn of_another_object(index: &Registers, item: &Item) -> Vec<Judged> {
    let untold = Description { object: None, ..item.description.clone() };
    let untold = Item { marks: item.marks.clone(), description: untold };
    let question = Question::of(index, &untold);
    let mut scales = Scales::new(index, &untold.description);
    let gathered = gather::gather_equal(index, &question.marks, &mut scales);
    let mut shown = Ranked::of(index, gathered, &mut scales).shown;
    shown.retain(|judged| judged.evidence.letters && judged.evidence.is_specific());
    shown
}

impl<'a> Question<'a> {
    fn of(index: &Registers, item: &'a Item) -> Self {
        let mut question =
            Self { marks: Vec::new(), asked: BTreeSet::new(), kept_for_it: BTreeSet::new(), any_usable: false };
        for mark in item.marks.iter().map(|seen| &seen.mark) {
            let Some(class) = class_of(mark.scheme).filter(|_| is_usable(mark)) else {
                continue;
            };
            question.any_usable = true;
            let object = item.description.object.or(Object::implied_by(mark.scheme));
            let facts = |n: usize| &index.registers()[n];
            let may_list = |n: &usize| object.is_none_or(|o| facts(*n).may_list(o));
            let is_kept = |n: &usize| object.map_or(facts(*n).records > 0, |o| facts(*n).is_kept_for(o));
            let registers: Vec<usize> = (0..index.registers().len()).filter(may_list).collect();
            if !registers.is_empty() {
                question.kept_for_it.extend(registers.iter().copied().filter(is_kept));
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
    compact: Compact,
    grade: Grade,
    /// The same before it was lowered for what the record is.
    strength: Grade,
    evidence: Evidence,
    weight: Weight,
    found: Match,
    /// Marks of the item by which it was found, as positions.
    marks: BTreeSet<usize>,
    /// How likely the item, if it is this record's, is to be read and described so; only its proportion to others' counts.
    likelihood: f64,
}

impl Judged {
    /// Whether a list that accuses nobody may be believed to speak of this item. Deliveries come in series, so that each of their marks is
    /// crowded by the others.
    fn is_surely_that_mark(&self) -> bool {
        let is_equal = matches!(self.found.rule, Rule::Exact | Rule::Range) && self.evidence.against == 0;
        self.grade >= Grade::Probable || is_equal && (self.evidence.letters || self.weight.agrees.len() > 1)
    }
}

struct Ranked {
    shown: Vec<Judged>,
    left_out: u32,
    /// There are more than that: a search was cut.
    left_out_at_least: bool,
    /// Some of those left out are one slip away.
    misses_neighbours: bool,
    /// What would bring records one slip away into question.
    untold: Vec<Ask>,
}

impl Ranked {
    fn of(index: &Registers, gathered: Gathered, scales: &mut Scales<'_>) -> Self {
        let (mut strong, mut one_edit, mut number, mut weakest) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        // A fact that was read or written wrongly must not make an equal mark *not listed*.
        let mut aside = Vec::new();
        let mut left_out = u32::try_from(gathered.left_out).unwrap_or(u32::MAX);
        let left_out_at_least = gathered.is_cut;
        for InQuestion { record, compact, matches } in gathered.records {
            let Some((evidence, weight, found)) = evidence(index, compact, &matches, scales) else {
                continue;
            };
            let Some(mut grade) = grade(&evidence) else {
                continue;
            };
            // Another maker's weapon bears the same short number, and who takes one digit for another meets it.
            if weight.is_of_another_make && !evidence.letters && !evidence.second_mark && !evidence.is_specific() {
                grade = grade.min(Grade::Probable);
            }
            let judged = Judged {
                record,
                compact,
                grade,
                strength: grade,
                likelihood: found.likelihood * weight.likelihood(),
                evidence,
                weight,
                marks: matches.iter().filter(|m| m.rule > Rule::OneEdit).map(|m| m.mark).collect(),
                found,
            };
            match judged.found.rule {
                Rule::OneEdit => one_edit.push(judged),
                Rule::LostEnd | Rule::TwoEdits => weakest.push(judged),
                // One wrong letter before an equal number is a slip as any other, though it counts as an equal number.
                Rule::Number if judged.found.likelihood > reading(Rule::Number) => one_edit.push(judged),
                Rule::Number => number.push(judged),
                // On a crowded key, a record that describes something else is not the item.
                _ if evidence.is_out_of_question() && evidence.is_equal_but_for_a_fact() => aside.push(judged),
                _ if evidence.is_out_of_question() => left_out += 1,
                _ => strong.push(judged),
            }
        }
        left_out += narrow(&mut aside, FILLED_TO.saturating_sub(strong.len()));
        strong.append(&mut aside);
        left_out += narrow(&mut number, NUMBER_MAX);
        left_out += narrow(&mut weakest, WEAKEST_MAX);
        let mut misses_neighbours = gathered.left_out_likelihood > 0.0;
        let whole = strong.len() + one_edit.len() + number.len() + weakest.len();
        if lists_are_whole(index) {
            let most = worth_listing_whole(&mut one_edit);
            left_out += narrow(&mut one_edit, most);
        } else if whole > LONG {
            // Each for itself: that equal marks are listed does not make it likelier that a misread one is.
            let most = worth_listing(&mut strong, 0.0, OF_MORE_MAX);
            left_out += narrow(&mut strong, most);
            let told = scales.told() as u8;
            let is_known = strong.iter().any(|j| j.weight.year_agrees() && j.weight.agrees.len() >= told);
            let most = if is_known { BESIDE_EQUAL_MAX } else { OF_MORE_MAX };
            let most = worth_listing(&mut one_edit, gathered.left_out_likelihood, most);
            let cut = narrow(&mut one_edit, most);
            left_out += cut;
            misses_neighbours |= cut > 0;
        }
        strong.append(&mut one_edit);
        strong.append(&mut number);
        strong.append(&mut weakest);
        left_out += narrow(&mut strong, CANDIDATES_MAX);
        Self { shown: strong, left_out, left_out_at_least, misses_neighbours, untold: gathered.untold }
    }

    /// A document is its issuer's and its number's: the same of both is that document, unless it is said to be one of another sort, and of
    /// another issuer it is another one. Codes of different length that no list of countries knows say nothing.
    fn hold_issuers_against(&mut self, index: &Registers, item: &Description, records: &[Listed]) {
        let Some(issuer) = item.issuer.as_deref().and_then(issuer_of) else { return };
        for (judged, record) in self.shown.iter_mut().zip(records).filter(|(j, _)| is_document(index, j)) {
            let listed = record.issuer.as_deref().and_then(issuer_of).unwrap_or_default();
            if listed == issuer && judged.evidence.loosely {
                // One character is another: its number need not be of the lot.
            } else if listed == issuer {
                // An identity card may bear the number of somebody's passport.
                let is_of_its_sort = judged.evidence.against == 0;
                judged.evidence.is_unique = is_of_its_sort;
                judged.grade = if is_of_its_sort { Grade::Hit } else { judged.grade.min(Grade::Probable) };
            } else if listed.chars().count() == issuer.chars().count() {
                judged.grade = judged.grade.min(Grade::Possible);
            }
        }
    }

    /// The number on a record's barrel is no serial of another weapon: it makes no match of a mark that stands elsewhere on the item, or
    /// nobody knows where, unless it is specific.
    fn lower_numbers_of_other_parts(&mut self, question: &Question<'_>, records: &[Listed]) {
        let named = |place: Option<&str>| place.map(|place| place.trim().to_lowercase()).filter(|p| !p.is_empty());
        for (judged, record) in self.shown.iter_mut().zip(records).filter(|(j, _)| j.grade == Grade::Hit) {
            let on_item = question.marks.get(judged.found.mark).and_then(|(mark, ..)| named(mark.place.as_deref()));
            let is_it = |mark: &&Mark| keys::canonical(&mark.value) == *judged.found.meets;
            let here = |place: Option<&str>| named(place).is_none() || named(place) == on_item;
            let stands_elsewhere = record.several.iter().any(|mark| is_it(&mark))
                && !record.several.iter().filter(is_it).any(|mark| here(mark.place.as_deref()));
            if stands_elsewhere && !judged.evidence.second_mark && !judged.evidence.is_specific() {
                judged.grade = Grade::Probable;
            }
        }
    }

    /// What was delivered to somebody, or is expected somewhere, is wanted by nobody: no more than *possible*, and a finding
    /// of its own when the mark is surely that one. Gives whether there is such a finding.
    fn lower_what_nobody_looks_for(&mut self, records: &mut Vec<Listed>) -> bool {
        let mut is_elsewhere = false;
        for (judged, record) in self.shown.iter_mut().zip(records.iter()).filter(|(_, r)| !r.status.is_wanted()) {
            is_elsewhere |= record.status == Status::Delivered && judged.is_surely_that_mark();
            judged.grade = judged.grade.min(Grade::Possible);
        }
        let mut together: Vec<(Judged, Listed)> = self.shown.drain(..).zip(records.drain(..)).collect();
        together.sort_by(|a, b| order(&a.0, &b.0));
        (self.shown, *records) = together.into_iter().unzip();
        is_elsewhere
    }

    fn best(&self) -> Option<&Judged> {
        self.shown.first()
    }
}

/// An issuer as it is compared: its code of three letters where it is a country that is known, else as it is told; `None` when it says
/// nothing.
fn issuer_of(told: &str) -> Option<String> {
    let told_so = keys::canonical(told);
    (!told_so.is_empty()).then(|| country_code(told).map_or(told_so, str::to_owned))
}

/// Whether the mark is the number of a document, or lies in a lot of them. Who types a passport's number need not say that it is one: the
/// register does.
fn is_document(index: &Registers, judged: &Judged) -> bool {
    match judged.found.met {
        Met::Key(key) => {
            judged.found.rule == Rule::Exact && index.key_bytes(key).first().copied() == class_of(Scheme::Document)
        }
        Met::Lot { .. } => judged.found.rule == Rule::Range && judged.compact.object() == Some(Object::TravelDocument),
    }
}

/// All that speaks for and against a record, and the match that counts.
fn evidence(
    index: &Registers,
    compact: Compact,
    matches: &[Match],
    scales: &mut Scales<'_>,
) -> Option<(Evidence, Weight, Match)> {
    let weight = scales.weigh(compact);
    let rule = matches.iter().map(|m| m.rule).max()?;
    // Of marks that agree alike the one counts that says most, whatever their order on the item; the others bear it out.
    let mut told: Option<(Evidence, &Match)> = None;
    for best in matches.iter().filter(|m| m.rule == rule).take(MARKS_WEIGHED) {
        let this = evidence_of(index, compact, matches, best, weight, scales);
        let says_more = |(before, by): &(Evidence, &Match)| {
            let by_grade = grade(&this).cmp(&grade(before));
            let by_chance = || before.chance().total_cmp(&this.chance());
            by_grade.then_with(by_chance).then_with(|| by.read.cmp(&best.read)).is_gt()
        };
        if told.as_ref().is_none_or(says_more) {
            told = Some((this, best));
        }
    }
    told.map(|(evidence, best)| (evidence, weight, best.clone()))
}

/// The same by one of the marks that agree.
fn evidence_of(
    index: &Registers,
    compact: Compact,
    matches: &[Match],
    best: &Match,
    weight: Weight,
    scales: &mut Scales<'_>,
) -> Evidence {
    let register = compact.register();
    let mut met = |m: &Match| match m.met {
        Met::Key(key) => scales.of_key(key, register),
        Met::Lot { items, .. } => {
            let letters = m.meets.chars().any(|c| !c.is_ascii_digit());
            (lot_density(&m.meets, items, index.share_of_lot(&m.meets, items)), letters)
        }
    };
    // A second mark counts when it is another text on the item, found by more than a number.
    let others = matches.iter().filter(|m| !m.is_of_mark_of(best) && m.met != best.met && m.rule > Rule::Number);
    let records = index.registers().get(usize::from(register)).map_or(1, |r| r.records).max(1) as f64;
    let second = others.map(|m| second_share(best, m, met(m).0, records)).min_by(f64::total_cmp);
    let (density, letters) = met(best);
    let density = if best.standing == Standing::Issued { density * ISSUED_ONCE } else { density };
    let density = density * second.unwrap_or(1.0);
    let mut evidence = Evidence {
        rule: best.rule,
        is_unique: best.standing == Standing::Unique,
        loosely: matches!(best.met, Met::Lot { loosely: true, .. }),
        letters,
        density,
        agrees: weight.facts_agreeing(),
        year_agrees: weight.year_agrees(),
        against: weight.against.len(),
        second_mark: second.is_some(),
        description: weight.accident(),
        year_untold: scales.lacks_year(compact),
        limit_of_shape: None,
    };
    if let Met::Key(key) = best.met
        && best.rule == Rule::Exact
        && letters
        && !evidence.is_specific()
    {
        evidence.limit_of_shape = scales.limit_of_shape(key, register);
    }
    // The surroundings are worth looking at only where they can tell a grade.
    if let Met::Key(key) = best.met
        && best.rule >= Rule::BySound
        && (evidence.is_specific() || evidence.chance() <= WORTH_LOOKING_AROUND)
        && best.standing != Standing::Unique
    {
        let usual = scales.of_key(key, register).0;
        let crowding = scales.crowding(key, register, &weight, best.mark);
        let least = if letters { 0.0 } else { usual.min(NUMBER_NOT_SPECIFIC) };
        evidence.density *= crowding.density.max(least) / usual;
        evidence.description *= crowding.share / weight.share;
        // That a number was given out once says nothing of those that only look like it, nor of what a fact contradicts: another model's
        // maker counts for himself. And by itself it makes no mark specific that its series does not.
        if best.rule == Rule::Exact && weight.against.len() == 0 {
            let sort = scales.sort_of(key, register);
            let of_any = scales.met(compact, sort, &Weight::default());
            let met = if weight.model_agrees() { scales.met(compact, sort, &weight) } else { of_any };
            let alone = if usual <= SPECIFIC { of_any } else { 1.0 };
            evidence.density *= alone;
            evidence.description *= met / alone;
        }
    }
    evidence
}

/// How often a record that one mark met bears the item's other mark by accident, too: `density` of such marks, spread over all
/// records. A number that is the other one's end, as on small parts, follows from it.
fn second_share(best: &Match, second: &Match, density: f64, records: f64) -> f64 {
    let (a, b) = (keys::number(&best.meets), keys::number(&second.meets));
    let follows = a.is_empty() || b.is_empty() || a.ends_with(b) || b.ends_with(a);
    let by_crowd = density.min(1.0);
    if follows { by_crowd } else { by_crowd.min((density / records).max(SECOND_MARK_SHARE)) }
}

#[cfg(test)]
mod tests;
