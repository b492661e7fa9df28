//! The item's description against the descriptions of records, quickly: each fact of the item is compared once with each
//! distinct fact of the registers, whatever the number of records.

use crate::domain::{Ask, Description, Object, Trait};
use crate::registers::Registers;
use crate::registers::as_it_is::ByNumber;
use crate::registers::describe::{Fact, Forms, Relation, forms, relate, relate_years};
use crate::registers::index::{Compact, KeyId, same_sort};
use crate::registers::lessons::{Case, Known, Lessons, Sort};

use super::learn;
use super::rules::{BOTH_SILENT, CHANCE_HIT, CONTRADICTION, SHARE_MIN, SPECIFIC};
use super::surroundings::{self, Around};

/// What an item can tell beside its marks, in the order of the bits of [`Traits`]: the facts of an index, then the year.
const TRAITS: [(Trait, Ask); 5] = [
    (Trait::Kind, Ask::Kind),
    (Trait::Make, Ask::Make),
    (Trait::Model, Ask::Model),
    (Trait::Calibre, Ask::Calibre),
    (Trait::Year, Ask::Year),
];
const YEAR: usize = 4;
/// A different maker is told, and contradicts no record: it makes no match of a short number, and no more.
const MAKE: usize = 1;
/// Makers number their models in their own ways.
pub(super) const MODEL: usize = 2;

/// For one mark the surroundings of so many keys are looked at; more than a few sparse ones do not meet it.
const SURROUNDINGS_MAX: usize = 4;

/// A set of [`TRAITS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Traits(u8);

impl Traits {
    fn with(self, number: usize) -> Self {
        Self(self.0 | 1 << number)
    }
    pub fn len(self) -> u8 {
        self.0.count_ones() as u8
    }
    pub fn holds_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
    /// Their names.
    pub fn names(self) -> Vec<Trait> {
        TRAITS.iter().enumerate().filter(|(n, _)| self.0 & (1 << n) != 0).map(|(_, (name, _))| *name).collect()
    }
}

/// How a description stands to a record's.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Weight {
    /// Make, model, calibre, kind and year that agree.
    pub agrees: Traits,
    /// Model, calibre, kind and year that contradict.
    pub against: Traits,
    /// The makers differ, which contradicts nothing.
    pub is_of_another_make: bool,
    /// Told by neither the item nor the record.
    pub silent: Traits,
    /// Share of all records that agree in as much by accident.
    pub share: f64,
}

impl Weight {
    /// All that the item and the record tell differently, whether it speaks against the record or not.
    pub fn differs(self) -> Traits {
        if self.is_of_another_make { self.against.with(MAKE) } else { self.against }
    }
    pub fn year_agrees(self) -> bool {
        self.agrees.0 & 1 << YEAR != 0
    }
    /// Whether the item is said to be of the record's very model, and not only of one that may be meant by it.
    pub fn model_agrees(self) -> bool {
        self.agrees.0 & 1 << MODEL != 0
    }
    /// How many of make, model, calibre, kind agree.
    pub fn facts_agreeing(self) -> u8 {
        Traits(self.agrees.0 & !(1 << YEAR)).len()
    }
    /// The same for whoever is told less of the item than the record tells; `None` where that is all the same.
    pub fn as_far_as(self, known: Known, scales: &Scales<'_>, record: Compact) -> Option<Self> {
        match known {
            Known::Nothing => Some(Self { share: 1.0, ..Self::default() }),
            Known::Facts if self.facts_agreeing() == 0 => None,
            Known::Facts => {
                let agrees = Traits(self.agrees.0 & !(1 << YEAR));
                Some(Self { agrees, share: scales.share_of_facts(record), ..Self::default() })
            }
            Known::Year => Some(self).filter(|weight| weight.year_agrees()),
        }
    }
    /// The share, times what the contradictions take from it.
    pub fn accident(self) -> f64 {
        self.share * CONTRADICTION.powi(i32::from(self.against.len()))
    }
    /// How likely the item is to be described as it is, if it is the record's; only its proportion to others' counts.
    pub fn likelihood(self) -> f64 {
        BOTH_SILENT.powi(i32::from(self.silent.len())) / self.accident().max(f64::MIN_POSITIVE)
    }
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
    /// What was seen around keys.
    around: ByNumber<(KeyId, u8), Seen>,
    /// How many keys were looked around for each mark.
    looked: Vec<usize>,
    /// What is known of keys: how crowded they are in a register, and how they are written.
    keys: ByNumber<(KeyId, u8), (f64, Sort)>,
    /// See [`Self::limit_of_shape`].
    limits: ByNumber<(KeyId, u8), Option<f64>>,
    lessons: &'a Lessons,
}

/// What was seen around a key of a register.
struct Seen {
    /// What the records there agree in.
    agrees: Vec<Traits>,
    /// See [`Around::density`].
    density: f64,
}

/// How often a stranger comes to bear a key, as far as its register tells.
#[derive(Debug, Clone, Copy)]
pub(super) struct Crowding {
    /// Records for each mark around the key.
    pub density: f64,
    /// The share of them that agree in as much.
    pub share: f64,
}

impl<'a> Scales<'a> {
    pub fn new(index: &'a Registers, description: &Description) -> Self {
        Self::with(index, description, learn::lessons(index))
    }

    fn with(index: &'a Registers, description: &Description, lessons: &'a Lessons) -> Self {
        let texts = [&description.kind, &description.make, &description.model, &description.calibre];
        let mut facts = [const { None }; 4];
        for ((slot, fact), text) in facts.iter_mut().zip(Fact::ALL).zip(texts) {
            *slot = text.as_deref().and_then(|text| forms(fact, text));
        }
        let year = description.year.filter(|&year| year > 0);
        let known =
            [0, 1, 2, 3].map(|fact| vec![None; if facts[fact].is_some() { index.facts_of(fact) + 1 } else { 0 }]);
        Self {
            index,
            facts,
            year,
            object: description.object,
            known,
            around: ByNumber::default(),
            looked: Vec::new(),
            keys: ByNumber::default(),
            limits: ByNumber::default(),
            lessons,
        }
    }

    /// As if the item of that record lay there, and all that the record tells were told of it.
    /// `lessons`: what is learnt so far.
    pub fn of_record(index: &'a Registers, record: Compact, lessons: &'a Lessons) -> Self {
        let mut scales = Self::with(index, &Description::default(), lessons);
        for (fact, id) in record.facts.into_iter().enumerate().filter(|(_, id)| *id > 0) {
            scales.facts[fact] = index.fact(fact, id).cloned();
            scales.known[fact] = vec![None; index.facts_of(fact) + 1];
        }
        scales.year = record.year();
        scales
    }

    /// How many of make, model, calibre, kind and year the item tells.
    pub fn told(&self) -> usize {
        self.facts.iter().flatten().count() + usize::from(self.year.is_some())
    }

    /// How crowded a key is in a register, and whether it holds a letter.
    pub fn of_key(&mut self, key: KeyId, register: u8) -> (f64, bool) {
        let (density, sort) = self.seen(key, register);
        (density, sort == Sort::WithLetters)
    }

    /// How a key is written.
    pub fn sort_of(&mut self, key: KeyId, register: u8) -> Sort {
        self.seen(key, register).1
    }

    fn seen(&mut self, key: KeyId, register: u8) -> (f64, Sort) {
        *self.keys.entry((key, register)).or_insert_with(|| {
            let bytes = self.index.key_bytes(key);
            (self.index.density(register, &bytes), Sort::of(bytes.get(1..).unwrap_or_default()))
        })
    }

    /// The largest chance that a hit may have by this key when all agrees; `None` where its shape is not specific. What the
    /// registers bear is counted over all of them, and chance by the record's own.
    pub fn limit_of_shape(&mut self, key: KeyId, register: u8) -> Option<f64> {
        if let Some(limit) = self.limits.get(&(key, register)) {
            return *limit;
        }
        let bytes = self.index.key_bytes(key);
        let crowd = self.index.crowd(register, &bytes);
        let limit = (crowd.has_letters() && crowd.density_of_shape() <= SPECIFIC)
            .then(|| (self.lessons.limit * crowd.density() / self.index.density_in_all(&bytes)).max(CHANCE_HIT));
        self.limits.insert((key, register), limit);
        limit
    }

    /// Whether the record tells a year and the item does not.
    pub fn lacks_year(&self, record: Compact) -> bool {
        self.year.is_none() && record.year().is_some()
    }

    fn tells(&self, number: usize) -> bool {
        self.facts.get(number).map_or(self.year.is_some(), Option::is_some)
    }

    /// Whether the record may be of the item's sort of object.
    pub fn same_sort(&self, record: Compact) -> bool {
        match (self.object, record.object()) {
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

    /// How the item's year stands to a record's, which is 0 where that is silent.
    #[inline]
    pub fn relation_of_year(&self, year: u16) -> Relation {
        relate_years(self.year, Some(year).filter(|year| *year > 0))
    }

    /// The share of records with the rarest fact of this one.
    fn share_of_facts(&self, record: Compact) -> f64 {
        let told = record.facts.into_iter().enumerate().filter(|(_, id)| *id > 0);
        told.map(|(fact, id)| self.index.share(fact, id)).fold(1.0, f64::min).max(SHARE_MIN)
    }

    /// Whether nothing contradicts and so many of make, model, calibre, kind and year agree: the short way, for thousands of
    /// records that nearly all fall.
    pub fn agrees_enough(&mut self, compact: Compact, facts: u8) -> bool {
        let years = relate_years(self.year, compact.year());
        if years == Relation::Differs {
            return false;
        }
        let mut agreeing = u8::from(years == Relation::Agrees);
        for (fact, id) in compact.facts.into_iter().enumerate() {
            match self.relation(fact, id) {
                Relation::Agrees => agreeing += 1,
                Relation::Differs if fact != MAKE => return false,
                Relation::Differs | Relation::Compatible | Relation::Unknown => {}
            }
        }
        agreeing >= facts
    }

    /// Whether one fact contradicts and more than one agree.
    pub fn agrees_but_for_one(&mut self, compact: Compact) -> bool {
        let weight = self.weigh(compact);
        weight.against.len() == 1 && weight.agrees.len() > 1
    }

    /// Whether model, calibre, kind or year contradicts.
    pub fn is_contradicted(&mut self, compact: Compact) -> bool {
        !self.agrees_enough(compact, 0)
    }

    pub fn weigh(&mut self, compact: Compact) -> Weight {
        let mut weight = Weight { share: 1.0, ..Weight::default() };
        // Kind and calibre mostly follow from the model, so the rarest fact that agrees stands for all of them.
        let mut rarest: f64 = 1.0;
        for (fact, id) in compact.facts.into_iter().enumerate() {
            match self.relation(fact, id) {
                Relation::Agrees => {
                    weight.agrees = weight.agrees.with(fact);
                    rarest = rarest.min(self.index.share(fact, id));
                }
                Relation::Differs if fact == MAKE => weight.is_of_another_make = true,
                Relation::Differs => weight.against = weight.against.with(fact),
                Relation::Unknown if id == 0 && self.facts[fact].is_none() => weight.silent = weight.silent.with(fact),
                Relation::Compatible | Relation::Unknown => {}
            }
        }
        weight.share = rarest.max(SHARE_MIN);
        match relate_years(self.year, compact.year()) {
            Relation::Agrees => {
                weight.agrees = weight.agrees.with(YEAR);
                weight.share *= self.year.map_or(1.0, |year| self.index.share_of_year(year)).max(SHARE_MIN);
            }
            Relation::Differs => weight.against = weight.against.with(YEAR),
            Relation::Unknown if self.year.is_none() && compact.year().is_none() => {
                weight.silent = weight.silent.with(YEAR);
            }
            Relation::Compatible | Relation::Unknown => {}
        }
        weight
    }

    /// What stands around a key: how crowded it is there, and how many are alike. In a series that one factory gave to one model
    /// in two years, an equal model and year say next to nothing. `mark`: the number of the item's mark that met the key.
    pub fn crowding(&mut self, key: KeyId, register: u8, weight: &Weight, mark: usize) -> Crowding {
        let (density, _) = self.of_key(key, register);
        if !self.around.contains_key(&(key, register)) {
            self.looked.resize(self.looked.len().max(mark + 1), 0);
            if self.looked[mark] >= SURROUNDINGS_MAX {
                return Crowding { density, share: weight.share };
            }
            self.looked[mark] += 1;
            let (around, records) = surroundings::of(self.index, register, key, &surroundings::NEAR);
            let agrees = records.iter().map(|record| self.weigh(*record).agrees).collect();
            self.see_around(key, register, &around, agrees);
        }
        let Some(Seen { agrees, density }) = self.around.get(&(key, register)) else {
            return Crowding { density, share: weight.share };
        };
        let alike = agrees.iter().filter(|agrees| agrees.holds_all(weight.agrees)).count();
        let is_told = weight.agrees.len() > 0;
        let share = if is_told { surroundings::blend(weight.share, alike, agrees.len()) } else { weight.share };
        Crowding { density: *density, share }
    }

    /// Takes what was seen around a key, and what each of the records there agrees in.
    pub fn see_around(&mut self, key: KeyId, register: u8, around: &Around, mut agrees: Vec<Traits>) {
        if self.lessons.looks_around && around.is_given_out_once() {
            agrees.clear();
        }
        let density = around.density(self.of_key(key, register).0, self.lessons);
        self.around.insert((key, register), Seen { agrees, density });
    }

    /// The same by a longer look, counted.
    pub fn crowding_far(&mut self, key: KeyId, register: u8, weight: &Weight) -> Crowding {
        let (far, records) = surroundings::of(self.index, register, key, &surroundings::FAR);
        let (density, _) = self.of_key(key, register);
        let seen = records.len() as f64;
        let alike = records.iter().filter(|record| self.weigh(**record).agrees.holds_all(weight.agrees)).count();
        let share = (alike as f64 + weight.share) / (seen + 1.0);
        Crowding { density: far.density(density, self.lessons), share }
    }

    /// How often records of the base meet in one mark and agree in as much, for each time that they would by the chances reckoned.
    pub fn met(&self, record: Compact, sort: Sort, weight: &Weight) -> f64 {
        let known = match (weight.agrees.len(), weight.year_agrees()) {
            (0, _) => Known::Nothing,
            (_, true) => Known::Year,
            (_, false) => Known::Facts,
        };
        self.lessons.collisions.factor(record.facts[MODEL], Case { sort, known })
    }

    /// What the item does not tell and a record does, with its number among the traits.
    pub fn untold(&self, compact: Compact) -> Vec<(usize, Ask)> {
        let told = |n: usize| compact.facts.get(n).map_or(compact.year().is_some(), |&id| id > 0);
        (0..TRAITS.len()).filter(|&n| !self.tells(n) && told(n)).map(|n| (n, TRAITS[n].1)).collect()
    }

    /// What the record tells of that trait, as a number that is equal for equal answers, and its share of all records.
    pub fn answer(&self, compact: Compact, number: usize) -> Option<(u32, f64)> {
        match compact.facts.get(number) {
            Some(0) => None,
            Some(&id) => Some((id, self.index.share(number, id))),
            None => compact.year().map(|year| (u32::from(year), self.index.share_of_year(year))),
        }
    }
}
