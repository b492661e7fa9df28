//! Which records come into question, and by which rule each.

mod untold;
mod weak;

use std::rc::Rc;

use self::weak::Sieve;
use super::rules::{BORNE_BY_MANY, FACTS_FOR_WEAK_RULES, LOST_FURTHER, LOST_NOUGHTS, LOT_BY_NUMBER, reading, slip};
use super::short;
use super::weigh::Scales;
use crate::domain::keys::{self, Keys};
use crate::domain::{Ask, Mark, Rule, Scheme};
use crate::registers::Registers;
use crate::registers::as_it_is::{ByNumber, SetOfNumbers};
use crate::registers::index::{Compact, KeyId, RecordRef, class_of};
use crate::registers::layers::Bearer;

/// A UII holds an agency's code, an enterprise's and a serial; what is shorter is a serial in the wrong place.
const UII_CHARS_MIN: usize = 8;
const VIN_CHARS: usize = 17;
/// A number of fewer digits agrees with everything.
const NUMBER_DIGITS_MIN: usize = 3;
/// Up to so many records of one key are weighed in full.
const FEW_BEARERS: usize = 20;
/// Of up to so many, those that one fact alone contradicts are weighed, too: they are listed where little else is.
const SOME_BEARERS: usize = 100;
/// So many keys are looked at that share the number alone: three of their records are shown, and the rest cannot be told apart.
const OF_NUMBER_MAX: usize = 64;
/// The same for lost ends, and for two edits.
const WEAKEST_MAX: usize = 256;
/// Fewest characters of a mark of which two may be wrong: of a shorter one too little is left, and its neighbours are
/// very many. A whole search for two edits costs several times all other rules together, so it is made only where no other
/// rule found anything, and only of marks whose first two characters are right.
const TWO_EDITS_CHARS_MIN: usize = 8;

/// What a mark of the item meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    /// A record's mark.
    Key(KeyId),
    /// A lot of so many serials.
    Lot { items: u64, loosely: bool },
}

/// What the scheme of a mark makes of an equal one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing: makers number as they like. Serials, import marks and engines.
    Counted,
    /// One issuer gives each number out once, and another issuer may give it again: plates, documents, containers.
    Issued,
    /// The scheme itself sees to it that no two items bear the same: a UII (MIL-STD-130N), a VIN of 17 characters (ISO 3779).
    Unique,
}

impl Standing {
    fn of(scheme: Scheme, key: &str) -> Self {
        let chars = key.chars().count();
        match scheme {
            Scheme::Uii if chars >= UII_CHARS_MIN => Self::Unique,
            Scheme::Vin if chars == VIN_CHARS => Self::Unique,
            Scheme::Plate | Scheme::Document | Scheme::Container => Self::Issued,
            _ => Self::Counted,
        }
    }
}

/// One mark of the item meets a mark or a lot of a record.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub rule: Rule,
    pub met: Met,
    /// Position of the mark among those that were asked.
    pub mark: usize,
    /// Which of two serials that stand in one mark: `A (B)`.
    pub part: usize,
    pub standing: Standing,
    /// The canonical key as read.
    pub read: Rc<str>,
    /// The same, or what of it lies in a lot when one character is taken for one that looks like it.
    pub meets: Rc<str>,
    /// How likely the record's mark is to be read like this, by the likeliest rule of all that meet.
    pub likelihood: f64,
}

impl Match {
    /// Whether both are made by one serial of the item.
    pub fn is_of_mark_of(&self, other: &Self) -> bool {
        (self.mark, self.part) == (other.mark, other.part)
    }
}

/// A record in question, with the strongest match of each of the item's marks.
pub(super) struct InQuestion {
    pub record: RecordRef,
    pub compact: Compact,
    pub matches: Vec<Match>,
}

/// Every record in question.
#[derive(Default)]
pub(super) struct Gathered {
    pub records: Vec<InQuestion>,
    /// Records of the weak rules that were not weighed any more.
    pub left_out: usize,
    /// A search ended before it had counted all: at least one record more.
    pub is_cut: bool,
    /// The likelihoods of those neighbours that were weighed and not kept, taken together.
    pub left_out_likelihood: f64,
    /// What would have to be told for records one slip away to come into question; see [`Search::ask_for_facts`].
    pub untold: Vec<Ask>,
    places: ByNumber<RecordRef, usize>,
}

impl Gathered {
    /// Whether anything was found by that mark.
    fn has_any_of(&self, mark: usize) -> bool {
        self.records.iter().any(|r| r.matches.iter().any(|m| m.mark == mark))
    }

    /// Notes that a search ended before it had counted all.
    fn cut(&mut self, is_cut: bool) {
        self.left_out += usize::from(is_cut);
        self.is_cut |= is_cut;
    }

    /// Keeps the strongest match of a mark.
    fn add(&mut self, record: RecordRef, compact: Compact, found: &Match) {
        let records = &mut self.records;
        let place = *self.places.entry(record).or_insert_with(|| {
            records.push(InQuestion { record, compact, matches: Vec::new() });
            records.len() - 1
        });
        let matches = &mut records[place].matches;
        match matches.iter_mut().find(|m| m.is_of_mark_of(found)) {
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
/// Of those near a mark at most `near_max` are kept, the likeliest.
pub(super) fn gather(
    index: &Registers,
    marks: &[(&Mark, u8, Vec<usize>)],
    scales: &mut Scales<'_>,
    near_max: usize,
) -> Gathered {
    let mut gathered = Gathered::default();
    for (mark_number, (mark, class, registers)) in marks.iter().enumerate() {
        let mut search = Search::of(index, registers, mark_number, &mut gathered, scales, near_max);
        if mark.scheme.is_compared_loosely() {
            for (number, part) in keys::split_parts(&mark.value).into_iter().enumerate() {
                search.part = number;
                for text in keys::beside_separators(&part) {
                    let keys = keys::keys(text);
                    if keys.usable {
                        search.loosely(&keys);
                    }
                }
            }
            search.as_any_scheme(&mark.value);
        } else {
            // The same text may stand in a register's serial column.
            let canonical = keys::canonical(&mark.value);
            search.equal(&canonical);
            // Stolen blanks are listed by their first and last number.
            search.lots(&keys::keys_of_canonical(canonical));
            search.under_its_scheme(mark, *class);
        }
    }
    gathered
}

/// Looks every mark up as it stands, and by nothing else.
pub(super) fn gather_equal(index: &Registers, marks: &[(&Mark, u8, Vec<usize>)], scales: &mut Scales<'_>) -> Gathered {
    let mut gathered = Gathered::default();
    for (mark_number, (mark, class, registers)) in marks.iter().enumerate() {
        let mut search = Search::of(index, registers, mark_number, &mut gathered, scales, 0);
        if mark.scheme.is_compared_loosely() {
            for (number, part) in keys::split_parts(&mark.value).into_iter().enumerate() {
                search.part = number;
                search.equal(&keys::canonical(&part));
            }
            search.as_any_scheme(&mark.value);
        } else {
            search.equal(&keys::canonical(&mark.value));
            search.under_its_scheme(mark, *class);
        }
    }
    gathered
}

/// A key near the mark: how likely it is to be read so, and by which rule.
type Near = (f64, Rule, KeyId);

struct Search<'a, 'b> {
    index: &'a Registers,
    registers: &'a [usize],
    mark: usize,
    part: usize,
    gathered: &'a mut Gathered,
    scales: &'a mut Scales<'b>,
    /// The records of one key, with their facts.
    batch: Vec<(RecordRef, Compact)>,
    near_max: usize,
    sieve: Sieve,
    /// The records of many keys.
    bearers: Vec<Bearer>,
    /// Keys that the mark met by a strong rule.
    kept: SetOfNumbers<KeyId>,
}

impl<'a, 'b> Search<'a, 'b> {
    fn of(
        index: &'a Registers,
        registers: &'a [usize],
        mark: usize,
        gathered: &'a mut Gathered,
        scales: &'a mut Scales<'b>,
        near_max: usize,
    ) -> Self {
        Self {
            index,
            registers,
            mark,
            part: 0,
            gathered,
            scales,
            batch: Vec::new(),
            near_max,
            sieve: Sieve::default(),
            bearers: Vec::new(),
            kept: SetOfNumbers::default(),
        }
    }

    /// Serials that are equal.
    fn equal(&mut self, canonical: &str) {
        self.keep(Rule::Exact, Standing::Counted, &Rc::from(canonical), self.index.exact(b'S', canonical));
    }

    /// Marks of that scheme that are equal.
    fn under_its_scheme(&mut self, mark: &Mark, class: u8) {
        let key = keys::exact_key(mark.scheme, &mark.value);
        let found = self.index.exact(class, &key);
        self.keep(Rule::Exact, Standing::of(mark.scheme, &key), &Rc::from(key), found);
    }

    fn loosely(&mut self, keys: &Keys) {
        let read: Rc<str> = Rc::from(keys.canonical.as_str());
        self.equal(&keys.canonical);
        self.lots(keys);
        self.keep(Rule::LookAlike, Standing::Counted, &read, self.index.same_skeleton(&keys.skeleton));
        self.keep(Rule::Core, Standing::Counted, &read, self.index.same_core(&keys.core));
        self.keep(Rule::BySound, Standing::Counted, &read, self.index.same_sound(&keys.canonical, &keys.sound));
        if self.scales.told() < usize::from(FACTS_FOR_WEAK_RULES) {
            return self.ask_for_facts(&keys.canonical);
        }
        let likely = |key: &str| reading(Rule::OneEdit) * slip(&read, key);
        let short = self.near_short(&keys.canonical);
        let short = short.into_iter().map(|id| (id, likely(&self.index.key(id))));
        let near = self.index.one_edit_with(&keys.canonical, likely).into_iter().chain(short);
        let weak: Vec<Near> = near.map(|(id, likelihood)| (likelihood, Rule::OneEdit, id)).collect();
        self.keep_weak(&read, weak);
        if keys.number.len() >= NUMBER_DIGITS_MIN {
            let (same, left_out) = self.index.some_of_number(&keys.number, OF_NUMBER_MAX);
            self.gathered.left_out += left_out;
            let weak = same.into_iter().map(|key| (reading(Rule::Number), Rule::Number, key)).collect();
            self.keep_weak(&read, weak);
        }
        let noughts = short::other_noughts(&keys.canonical);
        let padded = noughts.iter().flat_map(|key| self.index.exact(b'S', key));
        let weak = padded.map(|key| (LOST_NOUGHTS, Rule::Number, key)).collect();
        self.keep_weak(&read, weak);
        self.lots_by_number(&read);
        self.ends(&read);
        let is_long = keys.canonical.chars().count() >= TWO_EDITS_CHARS_MIN;
        if is_long && !self.gathered.has_any_of(self.mark) {
            let near = self.index.two_edits_after_two(&keys.canonical).keys;
            let weak = near.into_iter().map(|key| (reading(Rule::TwoEdits), Rule::TwoEdits, key)).collect();
            self.keep_weak(&read, weak);
        }
    }

    /// Lots that hold the mark as read, or with one character taken for one that looks like it.
    fn lots(&mut self, keys: &Keys) {
        if !self.index.lists_lots() {
            return;
        }
        let read: Rc<str> = Rc::from(keys.canonical.as_str());
        let mut readings = vec![(Rc::clone(&read), false)];
        readings.extend(look_alikes(&keys.canonical).into_iter().map(|text| (Rc::from(text), true)));
        readings.extend(keys.sound.iter().map(|text| (Rc::from(text.as_str()), true)));
        for (meets, loosely) in readings {
            let (found, cut) = self.index.lots_holding(&meets);
            self.gathered.cut(cut);
            for lot in found {
                let compact = self.index.compact(lot.record);
                if !self.may_be_asked(compact) {
                    continue;
                }
                let loosely = loosely || lot.by_sound;
                let likelihood = reading(if loosely { Rule::LookAlike } else { Rule::Range });
                let here = Match {
                    met: Met::Lot { items: lot.items, loosely },
                    meets: Rc::clone(&meets),
                    ..self.met_by(Rule::Range, Standing::Counted, &read, likelihood)
                };
                self.gathered.add(lot.record, compact, &here);
            }
        }
    }

    /// Lots that hold the number with other letters: the series was not told, or mistyped.
    fn lots_by_number(&mut self, read: &Rc<str>) {
        if !self.index.lists_lots() {
            return;
        }
        let (found, cut) = self.index.lots_holding_number(read);
        self.gathered.cut(cut);
        for (lot, serial) in found {
            let compact = self.index.compact(lot.record);
            if self.may_be_asked(compact) && self.scales.agrees_enough(compact, FACTS_FOR_WEAK_RULES) {
                let here = Match {
                    met: Met::Lot { items: lot.items, loosely: true },
                    meets: Rc::from(serial),
                    ..self.met_by(Rule::Number, Standing::Counted, read, LOT_BY_NUMBER)
                };
                self.gathered.add(lot.record, compact, &here);
            }
        }
    }

    /// A match of a key that is still to be named.
    fn met_by(&self, rule: Rule, standing: Standing, read: &Rc<str>, likelihood: f64) -> Match {
        let (met, meets) = (Met::Key(KeyId(0)), Rc::clone(read));
        Match { rule, met, mark: self.mark, part: self.part, standing, read: Rc::clone(read), meets, likelihood }
    }

    /// Marks of which this one may be the rest, and marks that are the rest of this one.
    fn ends(&mut self, read: &Rc<str>) {
        let longer = self.index.some_of_lost_end(read, WEAKEST_MAX);
        let shorter = self.index.within(read);
        self.gathered.cut(longer.cut);
        self.gathered.cut(shorter.cut);
        let chars = read.chars().count();
        let ends = longer.keys.into_iter().chain(shorter.keys);
        let lost = |key: KeyId| self.index.key(key).chars().count().abs_diff(chars) as i32;
        let weak =
            ends.map(|key| (reading(Rule::LostEnd) * LOST_FURTHER.powi(lost(key)), Rule::LostEnd, key)).collect();
        self.keep_weak(read, weak);
    }

    /// Who types a UII without its envelope, a passport's number or a plate types what looks like a serial; a register that
    /// lists the text under its own scheme must be found all the same.
    fn as_any_scheme(&mut self, value: &str) {
        for scheme in [Scheme::Uii, Scheme::Vin, Scheme::Plate, Scheme::Engine, Scheme::Document, Scheme::Container] {
            let key = keys::exact_key(scheme, value);
            if let (Some(class), Some(_)) = (class_of(scheme), key.chars().nth(1)) {
                let found = self.index.exact(class, &key);
                self.keep(Rule::Exact, Standing::Counted, &Rc::from(key), found);
            }
        }
    }

    /// The keys one edit away from a mark of two or three characters, which is too short for the index to look for neighbours.
    fn near_short(&self, canonical: &str) -> Vec<KeyId> {
        short::one_edit(canonical).iter().flat_map(|key| self.index.exact(b'S', key)).collect()
    }

    fn may_be_asked(&self, compact: Compact) -> bool {
        may_be_asked(self.registers, self.scales, compact)
    }

    fn keep(&mut self, rule: Rule, standing: Standing, read: &Rc<str>, found: impl IntoIterator<Item = KeyId>) {
        for key in found {
            // What is equal is equal by look and sound, too, and was weighed by the stronger rule.
            if !self.kept.insert(key) {
                continue;
            }
            let here = Match { met: Met::Key(key), ..self.met_by(rule, standing, read, reading(rule)) };
            self.batch.clear();
            self.index.facts_of_key(key, &mut self.batch);
            for at in 0..self.batch.len() {
                let (record, compact) = self.batch[at];
                if !self.may_be_asked(compact) {
                    continue;
                }
                // Hundreds bear a short number, and most of them are of another kind or year.
                let bearers = self.batch.len();
                if bearers > FEW_BEARERS && self.is_one_of_many(key, compact, bearers) {
                    self.gathered.left_out += 1;
                } else {
                    self.gathered.add(record, compact, &here);
                }
            }
        }
    }

    /// Whether a contradicted record falls for its key, which is one of many; see [`Evidence::is_out_of_question`].
    ///
    /// [`Evidence::is_out_of_question`]: super::rules::Evidence::is_out_of_question
    fn is_one_of_many(&mut self, key: KeyId, compact: Compact, bearers: usize) -> bool {
        let (density, letters) = self.scales.of_key(key, compact.register());
        let falls = !letters && density >= BORNE_BY_MANY && self.scales.is_contradicted(compact);
        falls && (bearers > SOME_BEARERS || !self.scales.agrees_but_for_one(compact))
    }
}

/// Whether the mark's registers are asked for a record, and it may be of the item's sort of object.
fn may_be_asked(registers: &[usize], scales: &Scales<'_>, compact: Compact) -> bool {
    registers.contains(&usize::from(compact.register())) && scales.same_sort(compact)
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
    // Who takes one 0 for an O takes its neighbours for one, too: the end of the mark as a number, from each place on.
    let like_digits = |c: char| keys::skeleton_of(c).is_ascii_digit();
    let ends = canonical.char_indices().rev().take_while(|&(_, c)| like_digits(c));
    for (at, _) in ends.filter(|&(at, c)| !c.is_ascii_digit() && canonical[at + c.len_utf8()..].chars().any(is_letter))
    {
        let (head, number) = canonical.split_at(at);
        out.push(head.chars().chain(number.chars().map(keys::skeleton_of)).collect());
    }
    out
}

fn is_letter(c: char) -> bool {
    !c.is_ascii_digit()
}
