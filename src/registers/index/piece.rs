//! A piece of an index: the keys from one to another, in a tree of their own, with the records that bear them.
//!
//! An index stands in some pieces, so that a new one can take the place of an old one piece by piece: two whole ones beside each
//! other would not fit into what a tablet spares.

use std::borrow::Cow;
use std::ops::Range;

use super::IndexError;
use super::build::number_at_end;
use super::flags::Flags;
use super::packed::Packed;
use super::table::{Table, hash};
use super::trie::{Trie, TrieBuilder};
use crate::domain::keys;

/// Keys of a range, and their records.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Piece {
    pub trie: Trie,
    /// Which of the postings are the first of their key.
    pub first_of_key: Flags,
    /// Records, key by key.
    pub postings: Packed,
    /// Keys by their cores and numbers, where the tree does not tell them.
    pub cores: Table,
    pub numbers: Table,
}

impl Piece {
    /// The first key.
    pub fn begin(&self) -> Vec<u8> {
        let mut walk = self.trie.walk(&[]);
        walk.next().map(|_| walk.key().to_vec()).unwrap_or_default()
    }

    /// Where the records of the key stand that has so many before it.
    #[inline]
    pub fn postings_of_nth(&self, ordinal: usize) -> Range<usize> {
        let begin = self.first_of_key.select(ordinal).unwrap_or(self.postings.len());
        begin..self.first_of_key.next(begin + 1).unwrap_or(self.postings.len())
    }

    /// Whether the parts are as long as each other says.
    pub fn fits_together(&self) -> bool {
        self.trie.fits_together()
            && self.first_of_key.len() == self.postings.len()
            && self.first_of_key.ones() == self.trie.len()
            && self.cores.fits_together()
            && self.numbers.fits_together()
    }

    pub fn memory_bytes(&self) -> usize {
        self.trie.memory_bytes()
            + self.first_of_key.memory_bytes()
            + self.postings.memory_bytes()
            + self.cores.memory_bytes()
            + self.numbers.memory_bytes()
    }
}

/// The records of one key; nearly always one.
pub(super) enum Records {
    One(u32),
    Many(Vec<u32>),
}

impl Records {
    pub fn add(&mut self, record: u32) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, record]),
            Self::Many(records) => records.push(record),
        }
    }
}

/// What is built with little of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sparing {
    Time,
    /// Beside an index in use.
    #[cfg(feature = "device")]
    Memory,
}

/// Takes keys in ascending order.
pub(super) struct PieceBuilder {
    trie: TrieBuilder<Records>,
    postings: Packed,
    first_of_key: Flags,
    keys: usize,
}

impl PieceBuilder {
    /// Of an index of so many records.
    pub fn new(records: usize) -> Self {
        Self {
            trie: TrieBuilder::new(),
            postings: Packed::up_to(records.saturating_sub(1) as u32),
            first_of_key: Flags::default(),
            keys: 0,
        }
    }

    /// Has room for what a piece holds, and for so many keys more, each of one record.
    #[cfg(feature = "device")]
    pub fn reserve(&mut self, like: &Piece, more: usize) {
        self.trie.reserve(&like.trie, more);
        let postings = like.postings.len() + more;
        self.postings.reserve_like(&like.postings, postings);
        self.first_of_key.reserve(postings);
    }

    /// Keys taken so far.
    pub fn len(&self) -> usize {
        self.keys
    }

    /// The next key.
    pub fn put(&mut self, key: &[u8], records: Records) {
        let Self { trie, postings, first_of_key, keys } = self;
        trie.push(key, records, &mut |records| post(postings, first_of_key, &records));
        *keys += 1;
    }

    /// Builds what is made of the keys.
    pub fn finish(self, sparing: Sparing) -> Result<Piece, IndexError> {
        let Self { trie, mut postings, mut first_of_key, .. } = self;
        let put = &mut |records| post(&mut postings, &mut first_of_key, &records);
        let trie = trie.finish(put).ok_or(IndexError::TooManyRecords)?;
        u32::try_from(postings.len()).map_err(|_| IndexError::TooManyRecords)?;
        let first_of_key = first_of_key.finish();
        let cores = table_of(&trie, sparing, core_apart);
        let numbers = table_of(&trie, sparing, number_apart);
        Ok(Piece { trie, first_of_key, postings, cores, numbers })
    }
}

fn post(postings: &mut Packed, first_of_key: &mut Flags, records: &Records) {
    let list = match records {
        Records::One(record) => std::slice::from_ref(record),
        Records::Many(records) => records,
    };
    for (n, record) in list.iter().enumerate() {
        first_of_key.push(n == 0);
        postings.push(*record);
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
