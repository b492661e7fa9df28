//! The records of one bucket on their way into a generation: their canonical bytes end to end. One thread makes and proves
//! them, another reads them again without taking them apart into texts of their own.

use std::borrow::Cow;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::RecordsError;
use super::finder::tag_of;
use super::generation::Take;
use crate::domain::Hash;
use crate::registers::chunk::{bucket_key, bucket_of};
use crate::registers::state::Sum;
use crate::registers::{ChunkError, Frozen};

/// What became of some records, by id.
pub(super) type Later<'a> = BTreeMap<&'a str, Became<'a>>;

/// What became of a record.
pub(super) struct Became<'a> {
    /// Its canonical bytes; `None` when it was withdrawn.
    pub bytes: Option<Cow<'a, [u8]>>,
    /// Its row in the overlay in use, when it comes from there.
    pub over_row: Option<u32>,
}

/// Records of one bucket, in ascending order of their ids.
pub(super) struct Bucket {
    pub register: usize,
    pub number: u32,
    bits: u8,
    /// Canonical bytes, and where each record's end.
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Of all of them.
    pub sum: Sum,
    /// [`tag_of`] each id, two bytes each.
    pub tags: Vec<u8>,
    /// Records from the overlay in use: their places here, and their rows there.
    pub from_over: Vec<(u32, u32)>,
}

impl Bucket {
    pub fn new(register: usize, number: u32, bits: u8) -> Self {
        let (bytes, ends, tags, from_over) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { register, number, bits, bytes, ends, sum: Sum::default(), tags, from_over }
    }

    pub fn len(&self) -> u64 {
        self.ends.len() as u64
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Takes in what `base` gives in ascending order of ids, as it became later.
    pub fn merge(
        &mut self,
        later: Later<'_>,
        base: impl FnOnce(Take<'_>) -> Result<(), RecordsError>,
    ) -> Result<(), RecordsError> {
        let mut later = later.into_iter().peekable();
        base(&mut |frozen, more| {
            while let Some((id, change)) = later.next_if(|(id, _)| *id < frozen.id) {
                self.put_bytes(id, &change)?;
            }
            match later.next_if(|(id, _)| *id == frozen.id) {
                Some((id, change)) => self.put_bytes(id, &change),
                None => self.put(frozen, more),
            }
        })?;
        later.try_for_each(|(id, change)| self.put_bytes(id, &change))
    }

    fn put(&mut self, frozen: &Frozen<'_>, more: &[u8]) -> Result<(), RecordsError> {
        frozen.write_known(more, &mut self.bytes).map_err(ChunkError::from)?;
        self.prove(frozen.id)
    }

    fn put_bytes(&mut self, id: &str, became: &Became<'_>) -> Result<(), RecordsError> {
        let Some(bytes) = &became.bytes else { return Ok(()) };
        let place = self.ends.len() as u32;
        self.from_over.extend(became.over_row.map(|row| (place, row)));
        self.bytes.extend_from_slice(bytes);
        self.prove(id)
    }

    /// Counts the record in whose bytes stand last.
    fn prove(&mut self, id: &str) -> Result<(), RecordsError> {
        if bucket_of(bucket_key(id), self.bits) != self.number {
            return Err(ChunkError::Damaged("it speaks of records that belong elsewhere").into());
        }
        let begin = self.ends.last().copied().unwrap_or(0);
        self.sum.add(&Hash(Sha256::digest(&self.bytes[begin..]).into()));
        self.tags.extend(tag_of(id).to_le_bytes());
        self.ends.push(self.bytes.len());
        Ok(())
    }

    /// Hands them out again.
    pub fn each(&self, take: Take<'_>) -> Result<(), RecordsError> {
        let mut begin = 0;
        for &end in &self.ends {
            let (frozen, more) = Frozen::read(&self.bytes[begin..end]).map_err(ChunkError::from)?;
            take(&frozen, more)?;
            begin = end;
        }
        Ok(())
    }
}
