//! Builds an index from records, one after the other.

use super::density::Counter;
use super::dictionary::DictionaryBuilder;
use super::ends::Ends;
use super::facts::FactsBuilder;
use super::lots::LotsBuilder;
use super::packed::{Flags, Packed};
use super::runs::Runs;
use super::table::{Table, hash};
use super::trie::{Trie, TrieBuilder};
use super::{Compact, Index, IndexError, REGISTERS_MAX, RecordRef, RegisterFacts, each_key_of_mark, keys_of_mark};
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
        let mut postings = Postings::new(self.facts.len());
        let mut trie = TrieBuilder::new();
        let mut waiting: Option<(Vec<u8>, Records)> = None;
        self.runs.merge(|key, record| match &mut waiting {
            Some((held, records)) if held == key => records.add(record),
            Some((held, records)) => {
                let done = std::mem::replace(records, Records::One(record));
                trie.push(held, done, &mut |records| postings.put(records));
                held.clear();
                held.extend_from_slice(key);
            }
            None => waiting = Some((key.to_vec(), Records::One(record))),
        });
        if let Some((held, records)) = waiting {
            trie.push(&held, records, &mut |records| postings.put(records));
        }
        let trie = trie.finish(&mut |records| postings.put(records)).ok_or(IndexError::TooManyRecords)?;
        let facts = self.facts.finish();
        let ((cores, numbers), ends) = std::thread::scope(|scope| {
            let ends = scope.spawn(|| Ends::of(&trie));
            (derived(&trie), ends.join())
        });
        let ends = ends.map_err(|_| IndexError::Damaged("building it broke off"))?;
        Ok(Index {
            registers: self.registers,
            dictionaries: self.dictionaries.map(DictionaryBuilder::finish),
            facts,
            trie,
            first_of_key: postings.first_of_key.finish(),
            postings: postings.records,
            ends,
            cores,
            numbers,
            lots: self.lots.finish(),
            density: self.counter.finish(),
        })
    }
}

/// The records of one key; nearly always one.
enum Records {
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

/// Tables of the keys whose core (K3) or number (K4) cannot be found on the tree or by its end.
fn derived(trie: &Trie) -> (Table, Table) {
    let (mut cores, mut numbers) = (Vec::new(), Vec::new());
    trie.for_each(|edge, key| {
        let Some((b'S', text)) = key.split_first() else {
            return;
        };
        let text = std::str::from_utf8(text).unwrap_or_default();
        let core = keys::core(text);
        if core != text {
            cores.push((hash(core.as_bytes()), edge));
        }
        let number = keys::number(text);
        if number != number_at_end(text) {
            numbers.push((hash(number.as_bytes()), edge));
        }
    });
    let max = trie.labels.len() as u32;
    (Table::build(&cores, max), Table::build(&numbers, max))
}

/// The digits with which a key ends, without leading zeros.
pub(super) fn number_at_end(text: &str) -> &str {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    text[text.len() - digits..].trim_start_matches('0')
}
