//! Builds an index from records, one after the other.

use std::borrow::Cow;

use super::density::{Counter, Density};
use super::dictionary::{Dictionary, DictionaryBuilder};
use super::ends::Ends;
use super::facts::{Facts, FactsBuilder, Prepared};
use super::flags::Flags;
use super::lots::{Lots, LotsBuilder};
use super::packed::Packed;
use super::runs::Runs;
use super::table::{Table, hash};
use super::trie::{Trie, TrieBuilder};
use super::{
    Compact, Index, IndexError, Learnt, REGISTERS_MAX, RecordRef, RegisterFacts, each_key_of_mark, keys_of_mark,
};
use crate::domain::keys;
use crate::domain::{Object, Record, Scheme, SerialRange, Status};
#[cfg(feature = "device")]
use crate::registers::More;
use crate::registers::describe::Fact;
use crate::registers::{Frozen, FrozenMark};

/// Takes the records of all registers; their order is the order of the database's rows.
pub struct IndexBuilder {
    registers: Vec<RegisterFacts>,
    dictionaries: [DictionaryBuilder; 4],
    facts: FactsBuilder,
    counter: Counter,
    runs: Runs,
    lots: LotsBuilder,
    pairs: usize,
    /// For the key of one mark.
    buffer: String,
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
            facts: FactsBuilder::default(),
            counter: Counter::default(),
            runs: Runs::default(),
            lots: LotsBuilder::default(),
            pairs: 0,
            buffer: String::new(),
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
        self.take(register, &Frozen::of(record), &record.ranges)
    }

    /// The same in frozen form, with what it says beyond the first frozen form.
    #[cfg(feature = "device")]
    pub(crate) fn push_frozen(
        &mut self,
        register: usize,
        frozen: &Frozen<'_>,
        more: &[u8],
    ) -> Result<RecordRef, IndexError> {
        let damaged = |_| IndexError::Damaged("a record does not decode");
        let ranges = if more.is_empty() { Vec::new() } else { More::ranges_of(more).map_err(damaged)? };
        self.take(register, frozen, &ranges)
    }

    fn take(&mut self, register: usize, frozen: &Frozen<'_>, ranges: &[SerialRange]) -> Result<RecordRef, IndexError> {
        let position = u32::try_from(self.facts.len()).map_err(|_| IndexError::TooManyRecords)?;
        let register = u8::try_from(register).map_err(|_| IndexError::TooManyRegisters)?;
        let texts = [frozen.kind, frozen.make, frozen.model, frozen.calibre];
        let mut facts = [0; 4];
        for ((fact, dictionary), text) in facts.iter_mut().zip(&mut self.dictionaries).zip(texts) {
            *fact = dictionary.add(text);
        }
        let object = frozen.object.map(|code| code.parse().unwrap_or(Object::Other));
        let is_wanted = frozen.status.parse().unwrap_or(Status::Wanted).is_wanted();
        self.facts.push(Compact::new(facts, object, register, is_wanted), frozen.year.unwrap_or(0));

        let scheme = |mark: &FrozenMark<'_>| mark.scheme.parse().unwrap_or(Scheme::Other);
        match &frozen.marks[..] {
            [mark] if !mark.value.trim_end().ends_with([')', '）']) => {
                let (counter, runs, pairs) = (&mut self.counter, &mut self.runs, &mut self.pairs);
                each_key_of_mark(scheme(mark), mark.value, &mut self.buffer, &mut |key| {
                    counter.add(register, key);
                    runs.push(key, position);
                    *pairs += 1;
                });
            }
            marks => {
                // What two marks share is one key of the record.
                let mut own: Vec<Vec<u8>> = marks.iter().flat_map(|m| keys_of_mark(scheme(m), m.value)).collect();
                own.sort();
                own.dedup();
                for key in own {
                    self.counter.add(register, &key);
                    self.runs.push(&key, position);
                    self.pairs += 1;
                }
            }
        }
        ranges.iter().for_each(|range| self.lots.push(range, position));
        Ok(RecordRef(position))
    }

    /// Sorts and builds the tables.
    pub fn finish(self) -> Result<Index, IndexError> {
        u32::try_from(self.pairs).map_err(|_| IndexError::TooManyRecords)?;
        let mut assembly = Assembly { counter: self.counter, ..Assembly::new(self.facts.len()) };
        let mut waiting: Option<(Vec<u8>, Records)> = None;
        self.runs.merge(|key, record| match &mut waiting {
            Some((held, records)) if held == key => records.add(record),
            Some((held, records)) => {
                let done = std::mem::replace(records, Records::One(record));
                assembly.put(held, done);
                held.clear();
                held.extend_from_slice(key);
            }
            None => waiting = Some((key.to_vec(), Records::One(record))),
        });
        if let Some((held, records)) = waiting {
            assembly.put(&held, records);
        }
        let dictionaries = self.dictionaries.map(DictionaryBuilder::finish);
        let facts = self.facts.finish();
        Ok(assembly.finish(Sparing::Time, &|| ())?.with(self.registers, dictionaries, facts, self.lots.finish()))
    }
}

/// The tables of an index whose keys come in order.
pub(super) struct Assembly {
    trie: TrieBuilder<Records>,
    postings: Postings,
    counter: Counter,
}

impl Assembly {
    /// For so many records.
    pub fn new(records: usize) -> Self {
        Self { trie: TrieBuilder::new(), postings: Postings::new(records), counter: Counter::default() }
    }

    /// Has room for what two indexes hold.
    #[cfg(feature = "device")]
    pub fn reserve(&mut self, indexes: [&Index; 2]) {
        self.trie.reserve(indexes.map(|index| &index.trie));
        let postings = indexes.iter().map(|index| index.postings.len()).sum();
        self.postings.records.reserve_like(&indexes[0].postings, postings);
        self.postings.first_of_key.reserve(postings);
    }

    /// So many records of a register bear that key.
    #[cfg(feature = "device")]
    pub fn count(&mut self, register: u8, key: &[u8], records: u32) {
        self.counter.add_some(register, key, records);
    }

    /// The next key.
    pub fn put(&mut self, key: &[u8], records: Records) {
        let Self { trie, postings, .. } = self;
        trie.push(key, records, &mut |records| postings.put(records));
    }

    /// Builds what is made of the keys.
    /// `freed` hears when much of what was needed on the way is not any more.
    pub fn finish(self, sparing: Sparing, freed: &dyn Fn()) -> Result<Keys, IndexError> {
        let mut postings = self.postings;
        let trie = self.trie.finish(&mut |records| postings.put(records)).ok_or(IndexError::TooManyRecords)?;
        u32::try_from(postings.records.len()).map_err(|_| IndexError::TooManyRecords)?;
        // One after the other: what either needs on the way is a tenth of the index.
        let first_of_key = postings.first_of_key.finish();
        freed();
        let cores = table_of(&trie, sparing, core_apart);
        freed();
        let numbers = table_of(&trie, sparing, number_apart);
        freed();
        let ends = Ends::in_parts(&trie, sparing.part_keys());
        freed();
        let (postings, density) = (postings.records, self.counter.finish());
        Ok(Keys { trie, first_of_key, postings, ends, cores, numbers, density })
    }
}

/// What an index is but for the facts of its records.
pub(super) struct Keys {
    trie: Trie,
    first_of_key: Flags,
    postings: Packed,
    ends: Ends,
    cores: Table,
    numbers: Table,
    density: Density,
}

impl Keys {
    /// The index.
    pub fn with(self, registers: Vec<RegisterFacts>, dictionaries: [Dictionary; 4], facts: Facts, lots: Lots) -> Index {
        let Self { trie, first_of_key, postings, ends, cores, numbers, density } = self;
        let borne = Prepared::default();
        Index {
            registers,
            dictionaries,
            facts,
            trie,
            first_of_key,
            postings,
            borne,
            ends,
            cores,
            numbers,
            lots,
            density,
            learnt: Learnt::default(),
        }
    }
}

/// The records of one key; nearly always one.
pub(super) enum Records {
    One(u32),
    Many(Vec<u32>),
}

impl Records {
    fn add(&mut self, record: u32) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, record]),
            Self::Many(records) => records.push(record),
        }
    }
}

struct Postings {
    records: Packed,
    first_of_key: Flags,
}

impl Postings {
    fn new(records: usize) -> Self {
        Self { records: Packed::up_to(records.saturating_sub(1) as u32), first_of_key: Flags::default() }
    }

    fn put(&mut self, records: Records) {
        let one;
        let list: &[u32] = match &records {
            Records::One(record) => {
                one = [*record];
                &one
            }
            Records::Many(records) => records,
        };
        for (n, record) in list.iter().enumerate() {
            self.first_of_key.push(n == 0);
            self.records.push(*record);
        }
    }
}

/// A table of the keys of which something, by its hash, can be found neither on the tree nor by their ends. To spare memory it is
/// derived three times of each instead of kept.
fn table_of(trie: &Trie, sparing: Sparing, of: fn(&str) -> Option<u64>) -> Table {
    let each = |take: &mut dyn FnMut(u64, u32)| {
        trie.for_each(|edge, key| {
            let text = key.strip_prefix(b"S").and_then(|text| std::str::from_utf8(text).ok());
            if let Some(hash) = text.and_then(of) {
                take(hash, edge);
            }
        });
    };
    let max = trie.labels.len() as u32;
    if sparing != Sparing::Time {
        let mut len = 0;
        each(&mut |_, _| len += 1);
        return Table::build(len, max, each);
    }
    let mut pairs = Vec::new();
    each(&mut |hash, edge| pairs.push((hash, edge)));
    Table::build(pairs.len(), max, |take| pairs.iter().for_each(|&(hash, edge)| take(hash, edge)))
}

/// The hash of the core (K3) of a key that is not its own.
fn core_apart(text: &str) -> Option<u64> {
    match keys::core(text) {
        Cow::Owned(core) => Some(hash(core.as_bytes())),
        Cow::Borrowed(_) => None,
    }
}

/// The hash of the number (K4) of a key that does not end with it.
fn number_apart(text: &str) -> Option<u64> {
    let number = keys::number(text);
    (number != number_at_end(text)).then(|| hash(number.as_bytes()))
}

/// What an index is built with little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sparing {
    Time,
    /// Beside an index in use.
    #[cfg(feature = "device")]
    Memory,
}

impl Sparing {
    /// Keys that are sorted at a time.
    fn part_keys(self) -> usize {
        match self {
            Self::Time => 1 << 20,
            #[cfg(feature = "device")]
            Self::Memory => 1 << 19,
        }
    }
}

/// The digits with which a key ends, without leading zeros.
pub(super) fn number_at_end(text: &str) -> &str {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    text[text.len() - digits..].trim_start_matches('0')
}
