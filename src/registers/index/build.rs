//! Builds an index from records, one after the other.

use std::sync::Arc;

use super::density::Counter;
use super::dictionary::DictionaryBuilder;
use super::ends::Ends;
use super::facts::{FactsBuilder, Prepared};
use super::lots::LotsBuilder;
use super::piece::{Piece, PieceBuilder, Records, Sparing};
use super::pieces::Pieces;
use super::runs::Runs;
use super::{
    Compact, Index, IndexError, Learnt, REGISTERS_MAX, RecordRef, RegisterFacts, each_key_of_mark, keys_of_mark,
};
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
        for (own, known) in builder.dictionaries.iter_mut().zip(base.dictionaries.iter()) {
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
        let mut assembly = Assembly::new(self.facts.len(), piece_keys(self.pairs), Sparing::Time);
        let mut waiting: Option<(Vec<u8>, Records)> = None;
        let mut outcome = Ok(());
        self.runs.merge(|key, record| match &mut waiting {
            Some((held, records)) if held == key => records.add(record),
            Some((held, records)) => {
                let done = std::mem::replace(records, Records::One(record));
                if outcome.is_ok() {
                    outcome = assembly.put(held, done);
                }
                held.clear();
                held.extend_from_slice(key);
            }
            None => waiting = Some((key.to_vec(), Records::One(record))),
        });
        outcome?;
        if let Some((held, records)) = waiting {
            assembly.put(&held, records)?;
        }
        let pieces = assembly.finish()?.into_iter().map(Arc::new);
        let sorted = |pieces: &Pieces| {
            Ends::in_parts(pieces.edges(), pieces.len(), SORTED_AT_ONCE, |take| pieces.for_each(take))
        };
        let keys = Pieces::new(pieces, sorted).ok_or(IndexError::TooManyRecords)?;
        Ok(Index {
            registers: self.registers,
            dictionaries: Arc::new(self.dictionaries.map(DictionaryBuilder::finish)),
            facts: Arc::new(self.facts.finish()),
            keys,
            borne: Prepared::default(),
            lots: Arc::new(self.lots.finish()),
            density: Arc::new(self.counter.finish()),
            learnt: Learnt::default(),
        })
    }
}

/// In so many pieces an index is built. More take less memory while one takes another's place, and a little more time of each
/// search: it begins in every piece.
const PIECES: usize = 8;
/// Fewer keys are not worth a piece of their own.
#[cfg(not(test))]
const PIECE_KEYS_MIN: usize = 1 << 16;
#[cfg(test)]
const PIECE_KEYS_MIN: usize = 100;
/// Keys whose ends are sorted at a time.
const SORTED_AT_ONCE: usize = 1 << 20;

/// Keys of a piece of an index with so many.
pub(super) fn piece_keys(keys: usize) -> usize {
    keys.div_ceil(PIECES).max(PIECE_KEYS_MIN)
}

/// Takes keys in ascending order and begins a new piece when one is full.
pub(super) struct Assembly {
    records: usize,
    piece_keys: usize,
    open: PieceBuilder,
    done: Vec<Piece>,
    sparing: Sparing,
}

impl Assembly {
    /// For an index of so many records, of which a piece is full with so many keys.
    pub fn new(records: usize, piece_keys: usize, sparing: Sparing) -> Self {
        Self { records, piece_keys, open: PieceBuilder::new(records), done: Vec::new(), sparing }
    }

    /// See [`PieceBuilder::reserve`].
    #[cfg(feature = "device")]
    pub fn reserve(&mut self, like: &Piece, more: usize) {
        self.open.reserve(like, more);
    }

    /// The next key.
    pub fn put(&mut self, key: &[u8], records: Records) -> Result<(), IndexError> {
        if self.open.len() >= self.piece_keys {
            let full = std::mem::replace(&mut self.open, PieceBuilder::new(self.records));
            self.done.push(full.finish(self.sparing)?);
        }
        self.open.put(key, records);
        Ok(())
    }

    /// The pieces.
    pub fn finish(mut self) -> Result<Vec<Piece>, IndexError> {
        self.done.push(self.open.finish(self.sparing)?);
        Ok(self.done)
    }
}

/// The digits with which a key ends, without leading zeros.
pub(super) fn number_at_end(text: &str) -> &str {
    let digits = text.bytes().rev().take_while(u8::is_ascii_digit).count();
    text[text.len() - digits..].trim_start_matches('0')
}
