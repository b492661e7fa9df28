//! Builds an index from records, one after the other.

use std::collections::BTreeMap;

use super::density::Counter;
use super::dictionary::DictionaryBuilder;
use super::table::{Filter, Table, hash};
use super::{Compact, Index, IndexError, REGISTERS_MAX, RecordRef, RegisterFacts, keys_of_mark};
use crate::domain::keys;
use crate::domain::{Object, Record};
use crate::registers::describe::Fact;

/// Takes the records of all registers; their order is the order of the database's rows.
pub struct IndexBuilder {
    registers: Vec<RegisterFacts>,
    dictionaries: [DictionaryBuilder; 4],
    years: BTreeMap<u16, u32>,
    records: Vec<Compact>,
    counter: Counter,
    /// Keys end to end as they came, and for each its end and its record.
    arrived: Vec<u8>,
    entries: Vec<(u32, u32)>,
}

impl IndexBuilder {
    /// An index of these registers; a record names its register by the position here.
    pub fn new(registers: Vec<RegisterFacts>) -> Result<Self, IndexError> {
        if registers.len() > REGISTERS_MAX {
            return Err(IndexError::TooManyRegisters);
        }
        Ok(Self {
            registers,
            dictionaries: Fact::ALL.map(DictionaryBuilder::new),
            years: BTreeMap::new(),
            records: Vec::new(),
            counter: Counter::default(),
            arrived: Vec::new(),
            entries: Vec::new(),
        })
    }

    /// An index that stands over `base`: its facts have the numbers that they have there, and new ones the numbers after.
    pub fn beside(base: &Index, registers: Vec<RegisterFacts>) -> Result<Self, IndexError> {
        let mut builder = Self::new(registers)?;
        for (own, known) in builder.dictionaries.iter_mut().zip(&base.dictionaries) {
            own.continue_from(known);
        }
        Ok(builder)
    }

    /// The next record, and the position that it got.
    pub fn push(&mut self, register: usize, record: &Record) -> Result<RecordRef, IndexError> {
        let position = u32::try_from(self.records.len()).map_err(|_| IndexError::TooManyRecords)?;
        let register = u8::try_from(register).map_err(|_| IndexError::TooManyRegisters)?;
        let d = &record.description;
        let texts = [&d.kind, &d.make, &d.model, &d.calibre];
        let mut facts = [0; 4];
        for ((fact, dictionary), text) in facts.iter_mut().zip(&mut self.dictionaries).zip(texts) {
            *fact = dictionary.add(text.as_deref());
        }
        let year = d.year.unwrap_or(0);
        if year > 0 {
            *self.years.entry(year).or_default() += 1;
        }
        let object = d.object.and_then(|o| Object::ALL.iter().position(|&x| x == o)).unwrap_or(255) as u32;
        self.records.push(Compact { facts, rest: u32::from(year) << 16 | object << 8 | u32::from(register) });

        let mut own: Vec<Vec<u8>> =
            record.marks.iter().flat_map(|mark| keys_of_mark(mark.scheme, &mark.value)).collect();
        if own.len() > 1 {
            own.sort();
            own.dedup();
        }
        for key in own {
            self.counter.add(register, &key);
            self.arrived.extend_from_slice(&key);
            let end = u32::try_from(self.arrived.len()).map_err(|_| IndexError::TooManyRecords)?;
            self.entries.push((end, position));
        }
        Ok(RecordRef(position))
    }

    /// Sorts and builds the tables.
    pub fn finish(self) -> Result<Index, IndexError> {
        let arrived = &self.arrived;
        let begins = std::iter::once(0).chain(self.entries.iter().map(|(end, _)| *end));
        let mut order: Vec<(u32, u32, u32)> =
            begins.zip(&self.entries).map(|(begin, &(end, record))| (begin, end, record)).collect();
        let key_of = |e: &(u32, u32, u32)| &arrived[e.0 as usize..e.1 as usize];
        order.sort_unstable_by(|a, b| key_of(a).cmp(key_of(b)).then(a.2.cmp(&b.2)));

        let mut heap = Vec::with_capacity(arrived.len());
        let (mut key_ends, mut posting_ends) = (Vec::new(), Vec::new());
        let mut postings = Vec::with_capacity(order.len());
        let mut last: Option<&[u8]> = None;
        for entry in &order {
            let key = key_of(entry);
            if last != Some(key) {
                if last.is_some() {
                    posting_ends.push(postings.len() as u32);
                }
                heap.extend_from_slice(key);
                key_ends.push(heap.len() as u32);
                last = Some(key);
            }
            postings.push(entry.2);
        }
        if last.is_some() {
            posting_ends.push(postings.len() as u32);
        }
        let tables = Tables::of(&heap, &key_ends);
        Ok(Index {
            registers: self.registers,
            dictionaries: self.dictionaries.map(DictionaryBuilder::finish),
            years: self.years.into_iter().collect(),
            records: self.records,
            heap,
            key_ends,
            posting_ends,
            postings,
            filter: tables.filter,
            skeletons: Table::build(tables.skeletons),
            cores: Table::build(tables.cores),
            numbers: Table::build(tables.numbers),
            sounds: Table::build(tables.sounds),
            alphabet: tables.alphabet,
            density: self.counter.finish(),
        })
    }
}

struct Tables {
    filter: Filter,
    skeletons: Vec<(u64, u32)>,
    cores: Vec<(u64, u32)>,
    numbers: Vec<(u64, u32)>,
    sounds: Vec<(u64, u32)>,
    alphabet: Vec<char>,
}

impl Tables {
    fn of(heap: &[u8], key_ends: &[u32]) -> Self {
        let mut tables = Self {
            filter: Filter::with_room_for(key_ends.len()),
            skeletons: Vec::new(),
            cores: Vec::new(),
            numbers: Vec::new(),
            sounds: Vec::new(),
            alphabet: Vec::new(),
        };
        let mut alphabet = std::collections::BTreeSet::new();
        let mut begin = 0;
        for (id, &end) in (0u32..).zip(key_ends) {
            let key = &heap[begin..end as usize];
            begin = end as usize;
            tables.filter.add(hash(key));
            let text = std::str::from_utf8(key.get(1..).unwrap_or_default()).unwrap_or_default();
            if key.first() != Some(&b'S') {
                continue;
            }
            alphabet.extend(text.chars());
            let mut put = |table: fn(&mut Self) -> &mut Vec<(u64, u32)>, derived: &str| {
                if derived != text {
                    table(&mut tables).push((hash(derived.as_bytes()), id));
                }
            };
            put(|t| &mut t.skeletons, &keys::skeleton(text));
            put(|t| &mut t.cores, &keys::core(text));
            put(|t| &mut t.numbers, keys::number(text));
            if !text.is_ascii() {
                for variant in keys::sound_variants(text) {
                    put(|t| &mut t.sounds, &variant);
                }
            }
        }
        tables.alphabet = alphabet.into_iter().collect();
        tables
    }
}
