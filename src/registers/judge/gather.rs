//! Which records come into question, and by which rule each.

use std::collections::HashMap;
use std::rc::Rc;

use super::weigh::Scales;
use crate::domain::keys::{self, Keys};
use crate::domain::{Mark, Rule, Scheme};
use crate::registers::Registers;
use crate::registers::index::{KeyId, RecordRef, class_of};

/// A number of fewer digits agrees with everything.
const NUMBER_DIGITS_MIN: usize = 3;
/// K4 and one edit count only when so many of make, model, calibre, kind agree; with fewer nobody need look.
const FACTS_FOR_WEAK_RULES: usize = 2;

/// One mark of the item meets one key of a record.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub rule: Rule,
    pub key: KeyId,
    /// Position of the mark among those that were asked.
    pub mark: usize,
    pub exact_scheme: bool,
    /// The canonical key as read.
    pub read: Rc<str>,
}

/// Every record in question, with the strongest match of each of the item's marks.
#[derive(Default)]
pub(super) struct Gathered {
    pub records: Vec<(RecordRef, Vec<Match>)>,
    places: HashMap<RecordRef, usize>,
}

impl Gathered {
    /// Keeps the strongest match of a mark.
    fn add(&mut self, record: RecordRef, found: &Match) {
        let records = &mut self.records;
        let place = *self.places.entry(record).or_insert_with(|| {
            records.push((record, Vec::new()));
            records.len() - 1
        });
        let matches = &mut records[place].1;
        match matches.iter_mut().find(|m| m.mark == found.mark) {
            Some(earlier) if earlier.rule >= found.rule => {}
            Some(earlier) => *earlier = found.clone(),
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
        self.keep(Rule::LookAlike, false, &read, self.index.same_skeleton(&keys.skeleton));
        self.keep(Rule::Core, false, &read, self.index.same_core(&keys.core));
        self.keep(Rule::BySound, false, &read, self.index.same_sound(&keys.canonical, &keys.sound));
        if self.scales.facts_told() < FACTS_FOR_WEAK_RULES {
            return;
        }
        if keys.number.len() >= NUMBER_DIGITS_MIN {
            self.keep(Rule::Number, false, &read, self.index.same_number(&keys.number));
        }
        self.keep(Rule::OneEdit, false, &read, self.index.one_edit(&keys.canonical));
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

    fn keep(&mut self, rule: Rule, exact_scheme: bool, read: &Rc<str>, found: impl IntoIterator<Item = KeyId>) {
        let weak = matches!(rule, Rule::Number | Rule::OneEdit);
        for key in found {
            let here = Match { rule, key, mark: self.mark, exact_scheme, read: Rc::clone(read) };
            for record in self.index.records_of(key) {
                if !self.registers.contains(&self.index.register_of(record)) || !self.scales.same_sort(record) {
                    continue;
                }
                // A number can have thousands of neighbours; nearly all fall here, before anything is kept of them.
                if weak {
                    let weight = self.scales.weigh(record);
                    if weight.against > 0 || usize::from(weight.agrees) < FACTS_FOR_WEAK_RULES {
                        continue;
                    }
                }
                self.gathered.add(record, &here);
            }
        }
    }
}
