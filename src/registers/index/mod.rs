//! The search index: every mark of every register by every key, in memory.
//!
//! It answers "which records could this mark be?" and holds as much of each record (kind, make, model, calibre, year, as
//! numbers) as grading needs; the records themselves stay in the database and are fetched only when they are shown.
//!
//! The distinct K1 keys stand in one tree, each with the records that bear it. What looks or sounds alike, or is one or two
//! edits away, is found by walking the tree with the mark in hand. Only cores (K3) and those numbers (K4) that do not stand
//! at a key's end have tables of their own, and a match in them is proven by deriving the key again. A second order of the
//! keys, by their ends, answers for marks of which the beginning is lost. Why so: `docs/adr/0011`.

mod bearers;
mod build;
mod bytes;
mod density;
mod dictionary;
mod ends;
mod facts;
mod flags;
mod lookup;
mod loose;
mod lots;
#[cfg(feature = "device")]
pub(in crate::registers) mod merge;
mod near;
mod packed;
mod piece;
mod pieces;
mod renumber;
mod runs;
mod table;
mod trie;

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub(in crate::registers) use bearers::{KeyPlace, Run};
pub use build::IndexBuilder;
pub(in crate::registers) use lookup::KeysFrom;
pub use lookup::{Found, KeyId};
pub(in crate::registers) use loose::Follow;
#[cfg(test)]
pub(in crate::registers) use loose::reads;
pub use lots::InLot;

pub(in crate::registers) use self::density::Counter;
pub(in crate::registers) use self::density::Crowd;
use self::density::Density;
use self::dictionary::Dictionary;
use self::facts::{Facts, Prepared};
use self::lots::Lots;
use self::pieces::Pieces;
use super::describe::Forms;
use super::lessons::Lessons;
use crate::domain::keys;
use crate::domain::{Object, RegisterAge, RegisterId, RegisterVersion, Scheme};

/// More registers than this a device does not carry.
pub const REGISTERS_MAX: usize = 200;

/// Why an index was not built or not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// More than [`REGISTERS_MAX`].
    #[error("more than {REGISTERS_MAX} registers")]
    TooManyRegisters,
    /// More records or keys than 32 bits count.
    #[error("more records than an index holds")]
    TooManyRecords,
    /// The bytes are no index of this version; it is built again from the records.
    #[error("the search index is of another version")]
    OtherVersion,
    /// The bytes contradict themselves.
    #[error("the search index is damaged: {0}")]
    Damaged(&'static str),
}

/// A record by its position: the order in which records were pushed, and the row in which the database keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordRef(pub u32);

/// A register in the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterFacts {
    /// Its id.
    pub id: RegisterId,
    /// Its version here.
    pub version: RegisterVersion,
    /// Moment up to which the source's data reach, in milliseconds since 1970 (UTC).
    pub as_of_ms: i64,
    /// Owner of the register.
    pub owner: String,
    /// The objects that its records name; empty: none of them names any.
    pub objects: Vec<Object>,
    /// Number of records.
    pub records: u64,
    /// Made-up records.
    pub practice: bool,
}

impl RegisterFacts {
    /// What a verdict says of it.
    pub fn age(&self) -> RegisterAge {
        let as_of: DateTime<Utc> = DateTime::from_timestamp_millis(self.as_of_ms).unwrap_or_default();
        RegisterAge { id: self.id.clone(), version: self.version, as_of }
    }

    /// Whether a record of such an object may stand in it, so that it is worth asking.
    pub fn may_list(&self, object: Object) -> bool {
        self.objects.is_empty() || self.objects.iter().any(|&o| same_sort(o, object))
    }

    /// Whether it is kept for that object, so that its silence is an answer. A register that names no object is taken for one of
    /// weapons; one without records is kept for nothing.
    pub fn is_kept_for(&self, object: Object) -> bool {
        let is_named =
            |&o: &Object| o == object || (object == Object::Other) || (o != Object::Other && same_sort(o, object));
        let is_kept = if self.objects.is_empty() { object.is_of_arms() } else { self.objects.iter().any(is_named) };
        self.records > 0 && is_kept
    }
}

/// Whether two objects may be one: a frame is registered as a firearm here and as a part there.
pub fn same_sort(a: Object, b: Object) -> bool {
    use Object::{Firearm, Other, Part};
    a == b || a == Other || b == Other || matches!((a, b), (Firearm, Part) | (Part, Firearm))
}

/// What the index holds of a record: numbers of facts in the dictionaries (0: silent) and packed year, object, register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub(super) struct Compact {
    /// In the order of [`super::describe::Fact::ALL`].
    pub facts: [u32; 4],
    /// Year (16 bits), whether nobody looks for it (1), object (7, 127 for none), register (8).
    pub rest: u32,
}

/// The bit of [`Compact::rest`] that says that the item was delivered or is expected, and is not looked for.
const ONLY_KNOWN: u32 = 1 << 15;

impl Compact {
    fn new(facts: [u32; 4], object: Option<Object>, register: u8, is_wanted: bool) -> Self {
        let object = object.and_then(|o| Object::ALL.iter().position(|&x| x == o)).unwrap_or(127) as u32;
        let known = if is_wanted { 0 } else { ONLY_KNOWN };
        Self { facts, rest: known | object << 8 | u32::from(register) }
    }
    pub fn with_year(self, year: u16) -> Self {
        Self { rest: self.rest | u32::from(year) << 16, ..self }
    }
    #[cfg(feature = "device")]
    fn without_year(self) -> Self {
        Self { rest: self.rest & 0xffff, ..self }
    }
    pub fn year(self) -> Option<u16> {
        let year = (self.rest >> 16) as u16;
        (year > 0).then_some(year)
    }
    pub fn object(self) -> Option<Object> {
        Object::ALL.get((self.rest >> 8 & 0x7f) as usize).copied()
    }
    /// Whether somebody looks for the item.
    pub fn is_wanted(self) -> bool {
        self.rest & ONLY_KNOWN == 0
    }
    pub fn register(self) -> u8 {
        (self.rest & 0xff) as u8
    }
}

/// The index. Built by [`IndexBuilder`] or read by [`Index::from_bytes`].
#[derive(Debug, Clone, PartialEq)]
pub struct Index {
    pub(super) registers: Vec<RegisterFacts>,
    dictionaries: Arc<[Dictionary; 4]>,
    facts: Arc<Facts>,
    keys: Pieces,
    /// What is known of the records of each piece, in the order of its postings, once [`Index::prepare`] laid it out.
    borne: Prepared,
    lots: Arc<Lots>,
    density: Arc<Density>,
    /// What the judge learnt of the records.
    pub(super) learnt: Learnt,
}

/// What follows from the records of an index, once somebody asked for it.
#[derive(Debug, Default)]
pub(super) struct Learnt(pub Arc<OnceLock<Lessons>>);

impl Clone for Learnt {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Learnt {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// The first byte of a key in the heap: serials and import marks are compared with each other, the rest apart.
pub(super) fn class_of(scheme: Scheme) -> Option<u8> {
    Some(match scheme {
        Scheme::Serial | Scheme::Import => b'S',
        Scheme::Uii => b'U',
        Scheme::Vin => b'V',
        Scheme::Plate => b'P',
        Scheme::Engine => b'E',
        Scheme::Document => b'D',
        Scheme::Container => b'C',
        // A trade item number names a kind of goods, never one item; what is of another scheme is never compared.
        Scheme::Gtin | Scheme::Other => return None,
    })
}

/// The usable keys of a mark, each with its class before it: the parts of a serial, the exact key of anything else.
pub(super) fn keys_of_mark(scheme: Scheme, value: &str) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    each_key_of_mark(scheme, value, &mut String::new(), &mut |key| found.push(key.to_vec()));
    found
}

/// The same, one after the other, in a buffer that is used again.
fn each_key_of_mark(scheme: Scheme, value: &str, buffer: &mut String, found: &mut dyn FnMut(&[u8])) {
    let Some(class) = class_of(scheme) else {
        return;
    };
    let mut put = |write: &dyn Fn(&mut String), is_usable: fn(&str) -> bool| {
        buffer.clear();
        buffer.push(char::from(class));
        write(buffer);
        if is_usable(&buffer[1..]) {
            found(buffer.as_bytes());
        }
    };
    if !scheme.is_compared_loosely() {
        let key = keys::exact_key(scheme, value);
        return put(&|buffer| buffer.push_str(&key), |key| key.chars().nth(1).is_some());
    }
    // Two parts end in a bracket; nearly all marks do not.
    if !value.trim_end().ends_with([')', '）']) {
        return put(&|buffer| keys::write_canonical(value.trim(), buffer), keys::is_usable);
    }
    for part in keys::split_parts(value) {
        put(&|buffer| keys::write_canonical(&part, buffer), keys::is_usable);
    }
}

impl Index {
    /// The registers, in the order of their numbers.
    pub fn registers(&self) -> &[RegisterFacts] {
        &self.registers
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    /// No records at all.
    pub fn is_empty(&self) -> bool {
        self.facts.len() == 0
    }

    /// Number of the register in which a record stands.
    pub fn register_of(&self, record: RecordRef) -> usize {
        usize::from(self.compact(record).register())
    }

    /// Whether a register has records here.
    pub(super) fn lists_any(&self, register: usize) -> bool {
        self.facts.profiles.iter().any(|profile| usize::from(profile.register()) == register)
    }

    /// Whether any of them is of an item that somebody looks for.
    pub(super) fn lists_wanted(&self, register: usize) -> bool {
        self.facts.profiles.iter().any(|profile| usize::from(profile.register()) == register && profile.is_wanted())
    }

    pub(super) fn compact(&self, record: RecordRef) -> Compact {
        self.facts.get(record)
    }

    /// The facts of a profile, without a year: records of the same kind, make, model, calibre, object and register share one.
    pub(super) fn profile(&self, number: u32) -> Compact {
        self.facts.profile(number)
    }

    /// Number of profiles.
    pub(super) fn profiles(&self) -> usize {
        self.facts.profiles.len()
    }

    pub(super) fn fact(&self, fact: usize, id: u32) -> Option<&Forms> {
        self.dictionaries.get(fact)?.forms(id)
    }

    /// Number of distinct facts; their numbers run from 1 to this.
    pub(super) fn facts_of(&self, fact: usize) -> usize {
        self.dictionaries.get(fact).map_or(0, Dictionary::len)
    }

    /// Number of records that have that fact; those of the index that this one was built beside count, too.
    pub(super) fn with_fact(&self, fact: usize, id: u32) -> u32 {
        self.dictionaries.get(fact).map_or(0, |d| d.count(id))
    }

    /// Number of records made in that year.
    pub(super) fn made_in(&self, year: u16) -> u32 {
        let years = &self.facts.years;
        years.binary_search_by_key(&year, |(year, _)| *year).map_or(0, |i| years[i].1)
    }

    /// What is held of marks like `key`, which comes with its class and need not be one of this index.
    pub(super) fn crowd(&self, register: u8, key: &[u8]) -> Crowd {
        self.density.around(register, key)
    }

    /// Lays the facts of records out in the order of postings, for checks of short numbers: they have twenty thousand
    /// neighbours in ten million records, and are answered without it, only slower. Takes some tenths of a second then, or less when nobody
    /// wants it any more.
    pub fn prepare(&self, is_wanted: &dyn Fn() -> bool) {
        if self.borne.get().is_none() && self.keys.are_settled() {
            let of_each = self.keys.held().iter().map(|held| self.facts.borne(&held.piece.postings, is_wanted));
            self.borne.set(of_each.collect());
        }
    }

    /// Gives the memory of [`Self::prepare`] back, for a time in which there is little.
    pub fn unprepare(&self) {
        self.borne.set(None);
    }

    /// The same records with other pieces, of which some may be those of the next generation.
    #[cfg(feature = "device")]
    fn with_keys(&self, keys: Pieces) -> Self {
        Self {
            registers: self.registers.clone(),
            dictionaries: Arc::clone(&self.dictionaries),
            facts: Arc::clone(&self.facts),
            keys,
            borne: Prepared::default(),
            lots: Arc::clone(&self.lots),
            density: Arc::clone(&self.density),
            // Whichever of them is asked first learns for all: they hold the same records.
            learnt: Learnt(Arc::clone(&self.learnt.0)),
        }
    }

    /// Bytes that the index takes in memory, without what the allocator adds.
    pub fn memory_bytes(&self) -> usize {
        self.facts.memory_bytes()
            + self.keys.memory_bytes()
            + self.borne.get().map_or(0, |borne| borne.iter().map(|borne| borne.memory_bytes()).sum())
            + self.lots.memory_bytes()
    }
}

#[cfg(test)]
mod tests;
