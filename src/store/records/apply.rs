//! An update by deltas: what it changes, proven against the hub's hash before anything of it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::generation::{Generation, Register};
use super::over::{Change, Over, Place};
use super::{Content, RecordsError, RegisterUpdate};
use crate::domain::Hash;
use crate::registers::chunk::{self, bucket_key, bucket_of};
use crate::registers::delta::{Changes, Piece};
use crate::registers::manifest::BaseList;
use crate::registers::state::{self, Sum};
use crate::registers::{ChunkRef, RecordBytes};

pub(super) type Fetch<'a> = &'a mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

/// A generation's state after updates, not yet written.
pub(super) struct Next {
    pub registers: Vec<Register>,
    pub over: Over,
    pub touched: BTreeSet<Place>,
}

impl Next {
    /// Begins from what is in use.
    pub fn of(current: &Generation) -> Self {
        Self { registers: current.registers.clone(), over: (*current.over).clone(), touched: BTreeSet::new() }
    }

    /// Takes one register's update in. On an error this state must be thrown away.
    pub fn take(
        &mut self,
        current: &Generation,
        update: &RegisterUpdate,
        fetch: Fetch<'_>,
    ) -> Result<(), RecordsError> {
        let id = &update.manifest.register;
        let number = current.number_of(id).ok_or(RecordsError::Damaged("an update of a register that is not here"))?;
        let mut changes = Changes::default();
        read_pieces(&mut changes, update, update.pieces.iter(), fetch)?;
        let mut rebuilt = BTreeMap::new();
        if let Content::Buckets { list, since_base, buckets } = &update.content {
            changes = changes.outside(buckets, update.manifest.bucket_bits);
            let reset = self.reset(current, number, update, list, since_base, buckets, fetch)?;
            changes.then(reset.0);
            rebuilt = reset.1;
        }
        self.put(current, number, changes)?;
        for (bucket, sum) in rebuilt {
            self.over.sums[number][bucket as usize] = sum;
        }
        let sums = &self.over.sums[number];
        if state::root(sums) != update.manifest.states.hash {
            return Err(RecordsError::OtherSet {
                register: id.clone(),
                digests: sums.iter().map(Sum::digest).collect(),
            });
        }
        self.registers[number] = Register { signed: update.signed.clone(), manifest: update.manifest.clone() };
        Ok(())
    }

    /// What must change so that some buckets hold exactly what the hub says, and their sums then.
    #[allow(clippy::too_many_arguments)] // the parts of one update, taken apart by the only caller
    fn reset(
        &self,
        current: &Generation,
        number: usize,
        update: &RegisterUpdate,
        list: &BaseList,
        since_base: &[Piece],
        buckets: &BTreeSet<u32>,
        fetch: Fetch<'_>,
    ) -> Result<(Changes, BTreeMap<u32, Sum>), RecordsError> {
        let bits = update.manifest.bucket_bits;
        let mut later = Changes::default();
        read_pieces(&mut later, update, since_base.iter().filter(|p| p.touches(buckets, bits)), fetch)?;
        let mut wanted: BTreeMap<(u32, String), Box<[u8]>> = BTreeMap::new();
        for entry in list.chunks.iter().filter(|c| buckets.contains(&c.chunk.bucket)) {
            let packed = fetch(&entry.chunk)
                .map_err(|source| RecordsError::Fetch { register: update.manifest.register.clone(), source })?;
            for record in chunk::decode(&entry.chunk, &packed)?.records {
                let bytes = record.canonical_bytes().into();
                wanted.insert((bucket_key(&record.id), record.id), bytes);
            }
        }
        for (key, id, bytes) in later.into_each().filter(|c| buckets.contains(&bucket_of(c.0, bits))) {
            match bytes {
                Some(bytes) => wanted.insert((key, id), bytes),
                None => wanted.remove(&(key, id)),
            };
        }
        let mut sums: BTreeMap<u32, Sum> = buckets.iter().map(|&b| (b, Sum::default())).collect();
        for ((key, _), bytes) in &wanted {
            match sums.get_mut(&bucket_of(*key, bits)) {
                Some(sum) => sum.add(&hash_of(bytes)),
                None => return Err(RecordsError::Damaged("a bucket holds another's record")),
            }
        }
        let mut changes = Changes::default();
        for &bucket in buckets {
            for held in current.bucket_with(&self.over, number, bucket)? {
                match wanted.remove(&(bucket_key(&held.id), held.id.clone())) {
                    Some(bytes) if *bytes == *held.canonical_bytes() => {}
                    Some(bytes) => changes.put_bytes(held.id, bytes),
                    None => changes.withdraw(held.id),
                }
            }
        }
        wanted.into_iter().for_each(|((_, id), bytes)| changes.put_bytes(id, bytes));
        Ok((changes, sums))
    }

    fn put(&mut self, current: &Generation, number: usize, changes: Changes) -> Result<(), RecordsError> {
        let bits = current.base.bits(number);
        let mut finder = current.base.finder()?;
        for (key, id, body) in changes.into_each() {
            let place = (number, key, id);
            let (base_row, was) = match self.over.changes.get(&place) {
                Some(change) => (change.base_row, change.body.as_deref().map(hash_of)),
                None => match finder.find(number, bucket_of(key, bits), &place.2)? {
                    Some((row, held)) => (Some(row), Some(held.content_hash())),
                    None => (None, None),
                },
            };
            let sum = &mut self.over.sums[number][bucket_of(key, bits) as usize];
            if let Some(was) = was {
                sum.remove(&was);
            }
            let body: Option<Arc<[u8]>> = body.map(Arc::from);
            if let Some(body) = &body {
                sum.add(&hash_of(body));
            }
            self.touched.insert(place.clone());
            if body.is_none() && base_row.is_none() {
                self.over.changes.remove(&place);
            } else {
                self.over.changes.insert(place, Change { base_row, body });
            }
        }
        Ok(())
    }
}

fn hash_of(body: &[u8]) -> Hash {
    Hash(Sha256::digest(body).into())
}

/// Fetches and reads pieces, in order.
pub(super) fn read_pieces<'a>(
    changes: &mut Changes,
    update: &RegisterUpdate,
    pieces: impl Iterator<Item = &'a Piece>,
    fetch: Fetch<'_>,
) -> Result<(), RecordsError> {
    for piece in pieces {
        let packed = fetch(&piece.chunk)
            .map_err(|source| RecordsError::Fetch { register: update.manifest.register.clone(), source })?;
        changes.read(piece, &packed)?;
    }
    Ok(())
}
