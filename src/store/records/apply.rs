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
        let all: Vec<(Place, Option<Arc<[u8]>>)> =
            changes.into_each().map(|(key, id, body)| ((number, key, id), body.map(Arc::from))).collect();
        // Each thread has a connection of its own, and checks have another.
        let (first, second) = all.split_at(all.len() / 2);
        let before = std::thread::scope(|scope| {
            let second = scope.spawn(|| self.before(current, second));
            let mut before = self.before(current, first)?;
            before.extend(second.join().unwrap_or(Err(RecordsError::Damaged("looking them up broke off")))?);
            Ok::<_, RecordsError>(before)
        })?;
        for ((place, body), before) in all.into_iter().zip(before) {
            let sum = &mut self.over.sums[number][bucket_of(place.1, bits) as usize];
            if let Some(was) = before.was {
                sum.remove(&was);
            }
            if let Some(is) = before.becomes {
                sum.add(&is);
            }
            self.touched.insert(place.clone());
            if body.is_none() && before.base_row.is_none() {
                self.over.changes.remove(&place);
            } else {
                self.over.changes.insert(place, Change { base_row: before.base_row, body });
            }
        }
        Ok(())
    }

    /// What is held of records that are to change.
    fn before(
        &self,
        current: &Generation,
        changes: &[(Place, Option<Arc<[u8]>>)],
    ) -> Result<Vec<Before>, RecordsError> {
        let mut finder = current.base.finder()?;
        let mut all = Vec::with_capacity(changes.len());
        for (place, body) in changes {
            let (number, key, id) = place;
            let (base_row, was) = match self.over.changes.get(place) {
                Some(change) => (change.base_row, change.body.as_deref().map(hash_of)),
                None => match finder.find(*number, bucket_of(*key, current.base.bits(*number)), id)? {
                    Some((row, hash)) => (Some(row), Some(hash)),
                    None => (None, None),
                },
            };
            all.push(Before { base_row, was, becomes: body.as_deref().map(hash_of) });
        }
        Ok(all)
    }
}

/// A record that is to change: its row in the base, its content hash, and the one that it will have.
struct Before {
    base_row: Option<u32>,
    was: Option<Hash>,
    becomes: Option<Hash>,
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
