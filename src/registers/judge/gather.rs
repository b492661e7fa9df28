//! Which records come into question, and by which rule each.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use super::rules::{FACTS_FOR_WEAK_RULES, LOST_FURTHER, reading, slip};
use super::weigh::Scales;
use crate::domain::keys::{self, Keys};
use crate::domain::{Mark, Rule, Scheme};
use crate::registers::Registers;
use crate::registers::index::{KeyId, RecordRef, class_of};

/// A number of fewer digits agrees with everything.
const NUMBER_DIGITS_MIN: usize = 3;
/// So many records are weighed for the weak rules of one mark, the likeliest slips first; the rest is counted. In a
/// register of ten million a bare number of four digits has tens of thousands of neighbours, and nobody could tell them
/// apart anyway.
const WEIGHED_MAX: usize = 4096;

/// Lots and lost ends are looked for in so many records, and two edits in so many keys; the rest is counted.
const WEAKEST_MAX: usize = 512;
/// Fewest characters of a mark of which two may be wrong: of a shorter one too little is left, and its neighbours are
/// very many. The search costs several times all others together, so it is made only where no other rule found anything.
const TWO_EDITS_CHARS_MIN: usize = 8;

/// What a mark of the item meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// A record's mark.
    Key(KeyId),
    /// A lot of so many serials.
    Lot { items: u64, loosely: bool },
}

/// One mark of the item meets a mark or a lot of a record.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub rule: Rule,
    pub met: Met,
    /// Position of the mark among those that were asked.
    pub mark: usize,
    pub exact_scheme: bool,
    /// The canonical key as read.
    pub read: Rc<str>,
    /// How likely the record's mark is to be read like this, by the likeliest rule of all that meet.
    pub likelihood: f64,
}

/// Every record in question, with the strongest match of each of the item's marks.
#[derive(Default)]
pub(super) struct Gathered {
    pub records: Vec<(RecordRef, Vec<Match>)>,
    /// Records of the weak rules that were not weighed any more.
    pub left_out: usize,
    places: HashMap<RecordRef, usize>,
}

impl Gathered {
    /// Whether anything was found by that mark.
    fn has_any_of(&self, mark: usize) -> bool {
        self.records.iter().any(|(_, matches)| matches.iter().any(|m| m.mark == mark))
    }

    /// Keeps the strongest match of a mark.
    fn add(&mut self, record: RecordRef, found: &Match) {
        let records = &mut self.records;
        let place = *self.places.entry(record).or_insert_with(|| {
            records.push((record, Vec::new()));
            records.len() - 1
        });
        let matches = &mut records[place].1;
        match matches.iter_mut().find(|m| m.mark == found.mark) {
            Some(earlier) => {
                let likelihood = earlier.likelihood.max(found.likelihood);
                if earlier.rule < found.rule {
                    *earlier = found.clone();
                }
                earlier.likelihood = likelihood;
            }
            None => matches.push(found.clone()),
        }
    }
}

/// Looks every mark up by every rule that may apply to it.
pub(super) fn gather(index: &Registers, marks: &[(&Mark, u8, Vec<usize>)], scales: &mut Scales<'_>) -> Gathered {
    let mut gathered = Gathered::default();
    for (mark_number, (mark, class, registers)) in marks.iter().enumerate() {
        let mut search = Search { index, registers, mark: mark_number, gathered: &mut gathered, scales: &mut *scales };
        if mark.scheme.is_compared_loosely() {
            for part in keys::split_parts(&mark.value) {
                let keys = keys::keys(&part);
                if keys.usable {
                    search.loosely(&keys);
                }
            }
            search.as_any_scheme(&mark.value);
        } else {
            // The same text may stand in a register's serial column.
            let canonical = keys::canonical(&mark.value);
            let as_serial = index.exact(b'S', &canonical);
            search.keep(Rule::Exact, false, &Rc::from(canonical.as_str()), as_serial);
            // Stolen blanks are listed by their first and last number.
            search.lots(&keys::keys_of_canonical(canonical));
            let key = keys::exact_key(mark.scheme, &mark.value);
            let found = index.exact(*class, &key);
            search.keep(Rule::Exact, true, &Rc::from(key), found);
        }
    }
    gathered
}

struct Search<'a, 'b> {
    index: &'a Registers,
    registers: &'a [usize],
    mark: usize,
    gathered: &'a mut Gathered,
    scales: &'a mut Scales<'b>,
}

impl Search<'_, '_> {
    fn loosely(&mut self, keys: &Keys) {
        let read: Rc<str> = Rc::from(keys.canonical.as_str());
        self.keep(Rule::Exact, false, &read, self.index.exact(b'S', &keys.canonical));
        self.lots(keys);
        self.keep(Rule::LookAlike, false, &read, self.index.same_skeleton(&keys.skeleton));
        self.keep(Rule::Core, false, &read, self.index.same_core(&keys.core));
        self.keep(Rule::BySound, false, &read, self.index.same_sound(&keys.canonical, &keys.sound));
        if self.scales.facts_told() < usize::from(FACTS_FOR_WEAK_RULES) {
            return;
        }
        let near = self.index.one_edit(&keys.canonical).into_iter().chain(self.near_three_digits(&keys.canonical));
        let mut weak: Vec<(f64, Rule, KeyId)> = near.map(|key| (0.0, Rule::OneEdit, key)).collect();
        for near in &mut weak {
            near.0 = reading(Rule::OneEdit) * slip(&read, self.index.key(near.2).as_ref());
        }
        if keys.number.len() >= NUMBER_DIGITS_MIN {
            weak.extend(
                self.index.same_number(&keys.number).into_iter().map(|key| (reading(Rule::Number), Rule::Number, key)),
            );
        }
        self.keep_weak(&read, weak, WEIGHED_MAX);
        self.ends(&read);
        let is_long = keys.canonical.chars().count() >= TWO_EDITS_CHARS_MIN;
        if is_long && !self.gathered.has_any_of(self.mark) {
            let near = self.index.two_edits(&keys.canonical);
            self.gathered.left_out += usize::from(near.cut);
            let weak = near.keys.into_iter().map(|key| (reading(Rule::TwoEdits), Rule::TwoEdits, key)).collect();
            self.keep_weak(&read, weak, WEAKEST_MAX);
        }
    }

    /// Lots that hold the mark as read, or with one character taken for one that looks like it.
    fn lots(&mut self, keys: &Keys) {
        if !self.index.lists_lots() {
            return;
        }
        let mut readings = vec![(Rc::from(keys.canonical.as_str()), false)];
        readings.extend(look_alikes(&keys.canonical).into_iter().map(|text| (Rc::from(text), true)));
        readings.extend(keys.sound.iter().map(|text| (Rc::from(text.as_str()), true)));
        for (read, loosely) in readings {
            let (found, cut) = self.index.lots_holding(&read);
            self.gathered.left_out += usize::from(cut);
            for lot in found {
                if !self.may_be_asked(lot.record) {
                    continue;
                }
                let loosely = loosely || lot.by_sound;
                let met = Met::Lot { items: lot.items, loosely };
                let likelihood = reading(if loosely { Rule::LookAlike } else { Rule::Range });
                let read = Rc::clone(&read);
                let here = Match { rule: Rule::Range, met, mark: self.mark, exact_scheme: false, read, likelihood };
                self.gathered.add(lot.record, &here);
            }
        }
    }

    /// Marks of which this one may be the rest, and marks that are the rest of this one.
    fn ends(&mut self, read: &Rc<str>) {
        let longer = self.index.lost_end(read);
        let shorter = self.index.within(read);
        self.gathered.left_out += usize::from(longer.cut) + usize::from(shorter.cut);
        let chars = read.chars().count();
        let ends = longer.keys.into_iter().chain(shorter.keys);
        let lost = |key: KeyId| self.index.key(key).chars().count().abs_diff(chars) as i32;
        let weak =
            ends.map(|key| (reading(Rule::LostEnd) * LOST_FURTHER.powi(lost(key)), Rule::LostEnd, key)).collect();
        self.keep_weak(read, weak, WEAKEST_MAX);
    }

    /// Who types a UII without its envelope, a passport's number or a plate types what looks like a serial; a register that
    /// lists the text under its own scheme must be found all the same.
    fn as_any_scheme(&mut self, value: &str) {
        for scheme in [Scheme::Uii, Scheme::Vin, Scheme::Plate, Scheme::Engine, Scheme::Document, Scheme::Container] {
            let key = keys::exact_key(scheme, value);
            if let (Some(class), Some(_)) = (class_of(scheme), key.chars().nth(1)) {
                let found = self.index.exact(class, &key);
                self.keep(Rule::Exact, false, &Rc::from(key), found);
            }
        }
    }

    /// The numbers one edit away from one of three digits, which is too short for the index to look for neighbours: a digit
    /// wrong, or one of four worn away.
    fn near_three_digits(&self, canonical: &str) -> Vec<KeyId> {
        if canonical.len() != 3 || !canonical.bytes().all(|b| b.is_ascii_digit()) {
            return Vec::new();
        }
        let mut near = BTreeSet::new();
        for (at, digit) in (0..=3).flat_map(|at| ('0'..='9').map(move |digit| (at, digit))) {
            let (before, after) = canonical.split_at(at);
            near.insert(format!("{before}{digit}{after}"));
            near.insert(format!("{before}{digit}{}", after.get(1..).unwrap_or_default()));
        }
        near.remove(canonical);
        near.iter().flat_map(|key| self.index.exact(b'S', key)).collect()
    }

    fn may_be_asked(&self, record: RecordRef) -> bool {
        self.registers.contains(&self.index.register_of(record)) && self.scales.same_sort(record)
    }

    fn keep(&mut self, rule: Rule, exact_scheme: bool, read: &Rc<str>, found: impl IntoIterator<Item = KeyId>) {
        for key in found {
            let likelihood = reading(rule);
            let met = Met::Key(key);
            let here = Match { rule, met, mark: self.mark, exact_scheme, read: Rc::clone(read), likelihood };
            for record in self.index.records_of(key) {
                if self.may_be_asked(record) {
                    self.gathered.add(record, &here);
                }
            }
        }
    }

    /// A number can have thousands of neighbours; nearly all fall here, before anything is kept of them.
    fn keep_weak(&mut self, read: &Rc<str>, mut found: Vec<(f64, Rule, KeyId)>, weighed_max: usize) {
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.2.cmp(&b.2)));
        let mut weighed = 0;
        for (likelihood, rule, key) in found {
            if weighed >= weighed_max {
                self.gathered.left_out += self.index.records_of(key).count();
                continue;
            }
            let met = Met::Key(key);
            let here = Match { rule, met, mark: self.mark, exact_scheme: false, read: Rc::clone(read), likelihood };
            for record in self.index.records_of(key) {
                weighed += 1;
                if !self.may_be_asked(record) {
                    continue;
                }
                let weight = self.scales.weigh(record);
                if weight.against.len() == 0 && weight.facts_agreeing() >= FACTS_FOR_WEAK_RULES {
                    self.gathered.add(record, &here);
                }
            }
        }
    }
}

/// The canonical key with one character taken for one that looks like it; digits for digits are other serials.
fn look_alikes(canonical: &str) -> Vec<String> {
    const CONFUSED: [(char, &str); 7] =
        [('0', "OQ"), ('1', "IL"), ('5', "S"), ('8', "B"), ('2', "Z"), ('6', "GБ"), ('3', "З")];
    let mut out = Vec::new();
    for (at, c) in canonical.char_indices() {
        let skeleton = keys::skeleton_of(c);
        let others = CONFUSED.iter().find(|(digit, _)| *digit == skeleton).map_or("", |(_, letters)| letters);
        let digit = (skeleton.is_ascii_digit() && !c.is_ascii_digit()).then_some(skeleton);
        for other in others.chars().filter(|&other| other != c).chain(digit) {
            out.push(format!("{}{other}{}", &canonical[..at], &canonical[at + c.len_utf8()..]));
        }
    }
    out
}
