//! An index as bytes: a small head and flat arrays, written and read as a stream, so that neither side ever holds the bytes
//! and the index together. Whoever keeps the bytes sees to their integrity; a wrong version or a contradiction is still
//! found here, and no length is believed beyond what there is to read.

use std::io::{Read, Write};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::density::Density;
use super::dictionary::Dictionary;
use super::ends::Ends;
use super::facts::{Facts, Prepared};
use super::flags::Flags;
use super::lots::Lots;
use super::packed::Packed;
use super::piece::Piece;
use super::pieces::Pieces;
use super::table::Table;
use super::trie::Trie;
use super::{Compact, Index, IndexError, Learnt, REGISTERS_MAX, RegisterFacts};
use crate::registers::lessons::Lessons;

/// Name and form of the bytes; anything that changes what they mean (the keys of the domain and
/// `words.toml` too) changes the number.
const MAGIC: &[u8; 8] = b"TPINDX\x00\x06";
/// Words converted at a time.
const WORDS_AT_ONCE: usize = 8192;

/// What is small enough to be decoded properly.
#[derive(Serialize, Deserialize)]
struct Head {
    registers: Vec<RegisterFacts>,
    dictionaries: [Dictionary; 4],
    profiles: Vec<Compact>,
    years: Vec<(u16, u32)>,
    lots: Lots,
    density: Density,
}

impl Index {
    /// The bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.memory_bytes() + 4096);
        // Writing to memory cannot fail; were it to, the bytes would be short and be refused when read.
        let _ = self.write_to(&mut out);
        out
    }

    /// Writes the bytes.
    pub fn write_to(&self, out: &mut impl Write) -> std::io::Result<()> {
        let head = Head {
            registers: self.registers.clone(),
            dictionaries: (*self.dictionaries).clone(),
            profiles: self.facts.profiles.clone(),
            years: self.facts.years.clone(),
            lots: (*self.lots).clone(),
            density: (*self.density).clone(),
        };
        out.write_all(MAGIC)?;
        put_bytes(out, &postcard::to_stdvec(&head).map_err(std::io::Error::other)?)?;
        put_packed(out, &self.facts.profile_of)?;
        put_packed(out, &self.facts.year_of)?;
        put_number(out, self.keys.held().len())?;
        self.keys.held().iter().try_for_each(|held| put_piece(out, &held.piece))?;
        put_packed(out, self.keys.ends().order())?;
        put_bytes(out, &self.learnt.0.get().map(Lessons::to_bytes).unwrap_or_default())
    }

    /// Reads [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, IndexError> {
        Self::read_from(bytes, bytes.len() as u64)
    }

    /// Reads what [`Self::write_to`] wrote from a source that holds at most `len` bytes.
    pub fn read_from(source: impl Read, len: u64) -> Result<Self, IndexError> {
        let mut from = Source { source, left: len };
        if from.magic()? != *MAGIC {
            return Err(IndexError::OtherVersion);
        }
        let head: Head =
            postcard::from_bytes(&from.bytes()?).map_err(|_| IndexError::Damaged("its head does not decode"))?;
        let facts =
            Facts { profiles: head.profiles, years: head.years, profile_of: from.packed()?, year_of: from.packed()? };
        // Each takes some bytes, so no more are read than there are.
        let pieces = (0..from.number()?).map(|_| from.piece().map(Arc::new)).collect::<Result<Vec<_>, _>>()?;
        let order = from.packed()?;
        let kept = from.bytes()?;
        if head.registers.len() > REGISTERS_MAX || !facts.fit_together() || from.left > 0 {
            return Err(APART);
        }
        // No length is believed before it fits.
        let sorted = |pieces: &Pieces| match order.len() == pieces.len() {
            true => Ends::from_order(order, |edge| pieces.end_at(edge)),
            false => Ends::default(),
        };
        let keys = Pieces::new(pieces, sorted).filter(|keys| keys.ends().order().len() == keys.len()).ok_or(APART)?;
        Ok(Self {
            registers: head.registers,
            dictionaries: Arc::new(head.dictionaries),
            facts: Arc::new(facts),
            keys,
            borne: Prepared::default(),
            learnt: Learnt(Arc::new(Lessons::from_bytes(&kept).map_or_else(OnceLock::new, OnceLock::from))),
            lots: Arc::new(head.lots),
            density: Arc::new(head.density),
        })
    }
}

const APART: IndexError = IndexError::Damaged("its parts do not fit together");
const SHORT: IndexError = IndexError::Damaged("it breaks off");

fn put_number(out: &mut impl Write, number: usize) -> std::io::Result<()> {
    out.write_all(&(number as u64).to_le_bytes())
}

fn put_bytes(out: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    put_number(out, bytes.len())?;
    out.write_all(bytes)
}

fn put_piece(out: &mut impl Write, piece: &Piece) -> std::io::Result<()> {
    let trie = &piece.trie;
    put_bytes(out, &trie.labels)?;
    put_flags(out, &trie.inner)?;
    put_flags(out, &trie.last)?;
    put_packed(out, &trie.children)?;
    put_packed(out, &trie.parents)?;
    put_flags(out, &trie.tailed)?;
    put_bytes(out, &trie.tails)?;
    put_packed(out, &trie.tail_starts)?;
    put_flags(out, &piece.first_of_key)?;
    put_packed(out, &piece.postings)?;
    for table in [&piece.cores, &piece.numbers] {
        put_packed(out, &table.starts)?;
        put_packed(out, &table.ids)?;
        put_bytes(out, &table.tags)?;
    }
    Ok(())
}

fn put_words(out: &mut impl Write, mut words: impl ExactSizeIterator<Item = u64>) -> std::io::Result<()> {
    put_number(out, words.len() * 8)?;
    let mut bytes = Vec::with_capacity(WORDS_AT_ONCE * 8);
    while words.len() > 0 {
        bytes.clear();
        words.by_ref().take(WORDS_AT_ONCE).for_each(|word| bytes.extend_from_slice(&word.to_le_bytes()));
        out.write_all(&bytes)?;
    }
    Ok(())
}

fn put_packed(out: &mut impl Write, list: &Packed) -> std::io::Result<()> {
    let (width, len, words) = list.parts();
    put_number(out, width as usize)?;
    put_number(out, len)?;
    put_words(out, words.iter().copied())
}

fn put_flags(out: &mut impl Write, flags: &Flags) -> std::io::Result<()> {
    let (len, words) = flags.parts();
    put_number(out, len)?;
    put_words(out, words)
}

/// Bytes to be read, and how many there may be.
struct Source<R> {
    source: R,
    left: u64,
}

impl<R: Read> Source<R> {
    fn fill(&mut self, into: &mut [u8]) -> Result<(), IndexError> {
        self.left = self.left.checked_sub(into.len() as u64).ok_or(SHORT)?;
        self.source.read_exact(into).map_err(|_| SHORT)
    }

    fn magic(&mut self) -> Result<[u8; 8], IndexError> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn number(&mut self) -> Result<usize, IndexError> {
        usize::try_from(u64::from_le_bytes(self.magic()?)).map_err(|_| SHORT)
    }

    /// A length that what is left can have.
    fn len(&mut self) -> Result<usize, IndexError> {
        let len = self.number()?;
        if len as u64 > self.left { Err(SHORT) } else { Ok(len) }
    }

    fn bytes(&mut self) -> Result<Vec<u8>, IndexError> {
        let mut bytes = vec![0; self.len()?];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn words(&mut self) -> Result<Vec<u64>, IndexError> {
        let len = self.len()?;
        let mut words = Vec::with_capacity(len / 8);
        let mut buffer = vec![0; len.min(WORDS_AT_ONCE * 8)];
        let mut left = len;
        while left > 0 {
            let part = &mut buffer[..left.min(WORDS_AT_ONCE * 8)];
            self.fill(part)?;
            words.extend(part.as_chunks::<8>().0.iter().map(|c| u64::from_le_bytes(*c)));
            left -= part.len();
        }
        if len.is_multiple_of(8) { Ok(words) } else { Err(APART) }
    }

    fn packed(&mut self) -> Result<Packed, IndexError> {
        let (width, len) = (self.number()?, self.number()?);
        let width = u32::try_from(width).map_err(|_| APART)?;
        Packed::from_parts(width, len, self.words()?).ok_or(APART)
    }

    fn piece(&mut self) -> Result<Piece, IndexError> {
        let trie = Trie {
            labels: self.bytes()?,
            inner: self.flags()?,
            last: self.flags()?,
            children: self.packed()?,
            parents: self.packed()?,
            tailed: self.flags()?,
            tails: self.bytes()?,
            tail_starts: self.packed()?,
            root: None,
        };
        let (first_of_key, postings) = (self.flags()?, self.packed()?);
        let mut table = || Ok(Table { starts: self.packed()?, ids: self.packed()?, tags: self.bytes()? });
        let (cores, numbers) = (table()?, table()?);
        let piece = Piece { trie, first_of_key, postings, cores, numbers };
        if !piece.fits_together() {
            return Err(APART);
        }
        Ok(Piece { trie: piece.trie.rooted(), ..piece })
    }

    fn flags(&mut self) -> Result<Flags, IndexError> {
        let len = self.number()?;
        Flags::from_parts(len, self.words()?).ok_or(APART)
    }
}
