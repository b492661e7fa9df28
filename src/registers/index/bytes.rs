//! An index as bytes: flat arrays behind a small head, read by copying, so that a million records load in the time of a
//! few frames. Whoever keeps the bytes sees to their integrity; a wrong version or a contradiction is still found here.

use serde::{Deserialize, Serialize};

use super::density::Density;
use super::dictionary::Dictionary;
use super::table::{Filter, Table};
use super::{Compact, Index, IndexError, REGISTERS_MAX, RegisterFacts};

/// Name and form of the bytes; anything that changes what they mean (the keys of the domain too) changes the number.
const MAGIC: &[u8; 8] = b"TPINDX\x00\x01";

/// What is small enough to be decoded properly.
#[derive(Serialize, Deserialize)]
struct Head {
    registers: Vec<RegisterFacts>,
    dictionaries: [Dictionary; 4],
    years: Vec<(u16, u32)>,
    alphabet: Vec<char>,
    density: Density,
}

impl Index {
    /// The bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let head = Head {
            registers: self.registers.clone(),
            dictionaries: self.dictionaries.clone(),
            years: self.years.clone(),
            alphabet: self.alphabet.clone(),
            density: self.density.clone(),
        };
        let head = postcard::to_stdvec(&head).unwrap_or_default();
        let mut out = Vec::with_capacity(self.memory_bytes() + head.len() + 256);
        out.extend_from_slice(MAGIC);
        put_bytes(&mut out, &head);
        let records = self.records.iter().flat_map(|r| [r.facts[0], r.facts[1], r.facts[2], r.facts[3], r.rest]);
        put_words(&mut out, self.records.len() * 5, records);
        put_bytes(&mut out, &self.heap);
        for list in [&self.key_ends, &self.posting_ends, &self.postings] {
            put_words(&mut out, list.len(), list.iter().copied());
        }
        let filter: Vec<u8> = self.filter.words.iter().flat_map(|w| w.to_le_bytes()).collect();
        put_bytes(&mut out, &filter);
        for table in [&self.skeletons, &self.cores, &self.numbers, &self.sounds] {
            put_words(&mut out, table.starts.len(), table.starts.iter().copied());
            put_words(&mut out, table.ids.len(), table.ids.iter().copied());
        }
        out
    }

    /// Reads [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        let mut rest = bytes.strip_prefix(MAGIC).ok_or(IndexError::OtherVersion)?;
        let head: Head = postcard::from_bytes(take_bytes(&mut rest)?)
            .map_err(|_| IndexError::Damaged("its head does not decode"))?;
        let records = take_bytes(&mut rest)?.as_chunks::<20>().0.iter().map(|c| {
            let word = |at: usize| u32::from_le_bytes([c[at], c[at + 1], c[at + 2], c[at + 3]]);
            Compact { facts: [word(0), word(4), word(8), word(12)], rest: word(16) }
        });
        let records = records.collect();
        let heap = take_bytes(&mut rest)?.to_vec();
        let (key_ends, posting_ends, postings) =
            (take_words(&mut rest)?, take_words(&mut rest)?, take_words(&mut rest)?);
        let words = take_bytes(&mut rest)?.as_chunks::<8>().0.iter().map(|c| u64::from_le_bytes(*c)).collect();
        let mut table = || Ok(Table { starts: take_words(&mut rest)?, ids: take_words(&mut rest)? });
        let index = Self {
            registers: head.registers,
            dictionaries: head.dictionaries,
            years: head.years,
            records,
            heap,
            key_ends,
            posting_ends,
            postings,
            filter: Filter { words },
            skeletons: table()?,
            cores: table()?,
            numbers: table()?,
            sounds: table()?,
            alphabet: head.alphabet,
            density: head.density,
        };
        index.check()?;
        Ok(index)
    }

    fn check(&self) -> Result<(), IndexError> {
        let ascends = |list: &[u32], end: usize| {
            list.windows(2).all(|w| w[0] <= w[1]) && list.last().is_none_or(|&last| last as usize == end)
        };
        let whole = self.registers.len() <= REGISTERS_MAX
            && self.key_ends.len() == self.posting_ends.len()
            && ascends(&self.key_ends, self.heap.len())
            && ascends(&self.posting_ends, self.postings.len())
            && self.postings.iter().all(|&record| (record as usize) < self.records.len())
            && [&self.skeletons, &self.cores, &self.numbers, &self.sounds]
                .iter()
                .all(|t| ascends(&t.starts, t.ids.len()));
        if whole { Ok(()) } else { Err(IndexError::Damaged("its parts do not fit together")) }
    }
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_words(out: &mut Vec<u8>, len: usize, words: impl Iterator<Item = u32>) {
    out.extend_from_slice(&(len as u64 * 4).to_le_bytes());
    words.for_each(|word| out.extend_from_slice(&word.to_le_bytes()));
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], IndexError> {
    let short = IndexError::Damaged("it breaks off");
    let (len, after) = rest.split_first_chunk::<8>().ok_or(short.clone())?;
    let len = usize::try_from(u64::from_le_bytes(*len)).map_err(|_| short.clone())?;
    let (bytes, after) = after.split_at_checked(len).ok_or(short)?;
    *rest = after;
    Ok(bytes)
}

fn take_words(rest: &mut &[u8]) -> Result<Vec<u32>, IndexError> {
    Ok(take_bytes(rest)?.as_chunks::<4>().0.iter().map(|c| u32::from_le_bytes(*c)).collect())
}
