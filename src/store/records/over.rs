//! What changed since a generation was built, in memory: all of it, so that no check ever waits for the disk.
//!
//! It lies beside an index of ten million records, so it is kept small: one list in the order of places, and behind it the
//! changed records as the generation's file keeps its own, some fifty bytes each. An update makes another one of it.

use std::cmp::Ordering;

use sha2::{Digest, Sha256};

use super::RecordsError;
use super::generation::Base;
use super::row::{self, Texts};
use crate::domain::{Hash, Record};
use crate::registers::chunk::bucket_of;
use crate::registers::state::Sum;
use crate::registers::{Frozen, Hidden, Overlay, RegisterFacts};

/// What a row takes, or somewhat less.
const ROW_BYTES: usize = 48;
const DAMAGED: RecordsError = RecordsError::Damaged("a changed record does not decode");

/// What became of a record of the base, or of one that came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change<'a> {
    pub register: u32,
    /// Its bucket key, which follows from its id.
    pub key: u32,
    pub id: &'a str,
    /// Its row in the base, which is hidden now.
    pub base_row: Option<u32>,
    /// Its canonical bytes now; `None` when it was withdrawn.
    pub body: Option<&'a [u8]>,
}

impl<'a> Change<'a> {
    /// Register, bucket key and id: the order in which a generation keeps its records.
    pub fn place(&self) -> (u32, u32, &'a str) {
        (self.register, self.key, self.id)
    }
}

/// A changed record as it is now.
pub(super) struct Now<'a> {
    pub id: &'a str,
    /// Its canonical bytes; `None` when it was withdrawn.
    pub bytes: Option<Vec<u8>>,
    /// Its row in the overlay's index, when it is there.
    pub row: u32,
}

/// A change as it is kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    register: u32,
    key: u32,
    base_row: Option<u32>,
    /// Where its row stands, or the id alone of a record that was withdrawn.
    at: u32,
    len: u32,
    is_there: bool,
}

/// What changed.
#[derive(Clone)]
pub(super) struct Over {
    /// In the order of registers, bucket keys and ids: that in which a generation keeps its records.
    kept: Vec<Kept>,
    heap: Vec<u8>,
    /// Places in the list of the records that are there: their rows in the overlay's index.
    rows: Vec<u32>,
    texts: Texts,
    /// The same texts by their numbers.
    words: Vec<Box<str>>,
    /// The sum of each bucket of each register, as it is now.
    pub sums: Vec<Vec<Sum>>,
    /// Changes on disk, with those that later ones replaced.
    pub logged: u64,
}

impl Over {
    /// Nothing has changed yet.
    pub fn new(sums: Vec<Vec<Sum>>) -> Self {
        let (kept, heap, rows, words) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { kept, heap, rows, texts: Texts::default(), words, sums, logged: 0 }
    }

    /// Number of records that are not as the base has them.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// The same with other changes over these; they come in the order of places, each place once.
    pub fn then<'a>(&self, changes: impl ExactSizeIterator<Item = Change<'a>>) -> Result<Self, RecordsError> {
        let mut next = Self {
            kept: Vec::with_capacity(self.kept.len() + changes.len()),
            heap: Vec::with_capacity(self.heap.len() + changes.len() * ROW_BYTES),
            rows: Vec::new(),
            texts: self.texts.clone(),
            words: Vec::new(),
            sums: self.sums.clone(),
            logged: self.logged + changes.len() as u64,
        };
        let mut held = self.kept.iter().peekable();
        for change in changes {
            while let Some(kept) = held.next_if(|kept| self.order(kept, change.place()).is_lt()) {
                next.keep(kept, self.bytes(kept))?;
            }
            held.next_if(|kept| self.order(kept, change.place()).is_eq());
            next.put(&change)?;
        }
        held.try_for_each(|kept| next.keep(kept, self.bytes(kept)))?;
        next.kept.shrink_to_fit();
        next.heap.shrink_to_fit();
        next.rows = (0u32..).zip(&next.kept).filter(|(_, kept)| kept.is_there).map(|(at, _)| at).collect();
        next.words = next.texts.list();
        Ok(next)
    }

    fn keep(&mut self, kept: &Kept, bytes: &[u8]) -> Result<(), RecordsError> {
        let at = u32::try_from(self.heap.len()).map_err(|_| RecordsError::Damaged("too many changes"))?;
        self.heap.extend_from_slice(bytes);
        self.kept.push(Kept { at, ..*kept });
        Ok(())
    }

    fn put(&mut self, change: &Change<'_>) -> Result<(), RecordsError> {
        let begin = self.heap.len();
        let (register, key, id) = change.place();
        match change.body {
            Some(body) => {
                let (frozen, more) = Frozen::read(body).map_err(|_| DAMAGED)?;
                row::encode_into(&frozen, more, &mut self.texts, &mut self.heap)?;
                let (len, _) = row::take_len(&self.heap[begin..]).ok_or(DAMAGED)?;
                // The length before it is kept apart.
                self.heap.drain(begin..self.heap.len() - len);
            }
            // It came after the base and is gone again.
            None if change.base_row.is_none() => return Ok(()),
            None => self.heap.extend_from_slice(id.as_bytes()),
        }
        let number = |n: usize| u32::try_from(n).map_err(|_| RecordsError::Damaged("too many changes"));
        let (at, len) = (number(begin)?, number(self.heap.len() - begin)?);
        let is_there = change.body.is_some();
        self.kept.push(Kept { register, key, base_row: change.base_row, at, len, is_there });
        Ok(())
    }

    fn bytes(&self, kept: &Kept) -> &[u8] {
        &self.heap[kept.at as usize..(kept.at + kept.len) as usize]
    }

    fn id(&self, kept: &Kept) -> &str {
        let bytes = self.bytes(kept);
        // Both were written from a text.
        if kept.is_there { row::id_of(bytes).unwrap_or_default() } else { str::from_utf8(bytes).unwrap_or_default() }
    }

    fn order(&self, kept: &Kept, place: (u32, u32, &str)) -> Ordering {
        (kept.register, kept.key).cmp(&(place.0, place.1)).then_with(|| self.id(kept).cmp(place.2))
    }

    /// What became of a record.
    pub fn find(&self, number: usize, key: u32, id: &str) -> Option<&Kept> {
        let place = (number as u32, key, id);
        let at = self.kept.binary_search_by(|kept| self.order(kept, place)).ok()?;
        self.kept.get(at)
    }

    fn frozen<T>(
        &self,
        kept: &Kept,
        take: impl FnOnce(&Frozen<'_>, &[u8]) -> Result<T, RecordsError>,
    ) -> Result<Option<T>, RecordsError> {
        if !kept.is_there {
            return Ok(None);
        }
        let text = |n: u32| self.words.get((n as usize).wrapping_sub(1)).map(|text| &**text).ok_or(DAMAGED);
        row::thawing(self.bytes(kept), text, take).map(Some)
    }

    /// The record now; `None` when it was withdrawn.
    pub fn record(&self, kept: &Kept) -> Result<Option<Record>, RecordsError> {
        self.frozen(kept, row::record_of)
    }

    /// The record at a row of the overlay's index.
    pub fn record_at(&self, row: u32) -> Result<Record, RecordsError> {
        let missing = RecordsError::Damaged("a changed record is missing");
        let kept = self.rows.get(row as usize).and_then(|&at| self.kept.get(at as usize));
        kept.map_or(Ok(None), |kept| self.record(kept))?.ok_or(missing)
    }

    fn canonical(&self, kept: &Kept) -> Result<Option<Vec<u8>>, RecordsError> {
        self.frozen(kept, |frozen, more| {
            let mut bytes = Vec::with_capacity(256);
            frozen.write_known(more, &mut bytes).map_err(|_| DAMAGED)?;
            Ok(bytes)
        })
    }

    /// The record's row in the base, and its content hash now.
    pub fn row_and_hash(&self, kept: &Kept) -> Result<(Option<u32>, Option<Hash>), RecordsError> {
        let bytes = self.canonical(kept)?;
        Ok((kept.base_row, bytes.map(|bytes| Hash(Sha256::digest(bytes).into()))))
    }

    /// What changed in a bucket, in no order that means anything.
    pub fn of_bucket(
        &self,
        number: usize,
        bucket: u32,
        bits: u8,
    ) -> impl Iterator<Item = Result<Now<'_>, RecordsError>> {
        let register = number as u32;
        let place = move |kept: &Kept| (kept.register, bucket_of(kept.key, bits));
        let begin = self.kept.partition_point(|kept| place(kept) < (register, bucket));
        let row = self.rows.partition_point(|&at| (at as usize) < begin) as u32;
        let own = self.kept[begin..].iter().take_while(move |kept| place(kept) == (register, bucket));
        own.scan(row, move |next, kept| {
            let row = *next;
            *next += u32::from(kept.is_there);
            Some(self.canonical(kept).map(|bytes| Now { id: self.id(kept), bytes, row }))
        })
    }

    /// The index of what changed.
    pub fn index(&self, base: &Base, facts: Vec<RegisterFacts>) -> Result<Overlay, RecordsError> {
        let mut hidden = Hidden::default();
        for row in self.kept.iter().filter_map(|kept| kept.base_row) {
            hidden.hide(row);
        }
        Overlay::build_with(&base.index, facts, hidden, |put| {
            let mut put =
                |kept: &Kept| self.frozen(kept, |f, more| Ok(put(kept.register as usize, f, more)?)).map(drop);
            self.kept.iter().try_for_each(&mut put)
        })
    }
}
