//! An update by deltas: what it changes, proven against the hub's hash before anything of it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::generation::{Generation, Register};
use super::incoming::Incoming;
use super::over::{Change, Over};
use super::{Content, RecordsError, RegisterUpdate, log};
use crate::domain::Hash;
use crate::registers::chunk::{self, bucket_key, bucket_of};
use crate::registers::delta::{Changes, Piece};
use crate::registers::manifest::BaseList;
use crate::registers::state::{self, Sum};
use crate::registers::{ChunkError, ChunkRef, RecordBytes};

pub(super) type Fetch<'a> = &'a mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

/// A generation's state after updates, not yet committed.
pub(super) struct Next {
    pub registers: Vec<Register>,
    pub over: Arc<Over>,
    log: log::Writer,
}

impl Next {
    /// Begins from what is in use.
    pub fn of(current: &Generation, log: log::Writer) -> Self {
        Self { registers: current.registers.clone(), over: Arc::clone(&current.over), log }
    }

    /// What the updates come to, written.
    pub fn finish(self) -> Result<(Vec<Register>, Arc<Over>, log::Written), RecordsError> {
        let written = self.log.finish(&self.registers, &self.over.sums)?;
        Ok((self.registers, self.over, written))
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
        let mut records = self.registers[number].manifest.records;
        let mut incoming = Incoming::new(id, &update.pieces);
        while let Some(mut changes) = incoming.next(fetch)? {
            if let Content::Buckets { buckets, .. } = &update.content {
                changes = changes.outside(buckets, update.manifest.bucket_bits);
            }
            records = records.saturating_add_signed(self.put(current, number, &changes)?);
        }
        if let Content::Buckets { list, since_base, buckets } = &update.content {
            let (changes, rebuilt) = self.reset(current, number, update, list, since_base, buckets, fetch)?;
            records = records.saturating_add_signed(self.put(current, number, &changes)?);
            for (bucket, sum) in rebuilt {
                Arc::make_mut(&mut self.over).sums[number][bucket as usize] = sum;
            }
        }
        let sums = &self.over.sums[number];
        if state::root(sums) != update.manifest.states.hash {
            return Err(RecordsError::OtherSet {
                register: id.clone(),
                digests: sums.iter().map(Sum::digest).collect(),
            });
        }
        if records != update.manifest.records {
            return Err(ChunkError::Damaged("there are more or fewer records than was said").into());
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
        let touching = since_base.iter().filter(|p| p.touches(buckets, bits));
        let later = Incoming::new(&update.manifest.register, touching).all(fetch)?;
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

    /// Puts changes of one register in; gives how many records come in more than go.
    fn put(&mut self, current: &Generation, number: usize, changes: &Changes) -> Result<i64, RecordsError> {
        let (register, buckets) = (number as u32, self.over.sums[number].len());
        let mut base_rows = vec![None; changes.len()];
        // Each thread has a connection of its own, and checks have another.
        let half = changes.len() / 2;
        let (first, second) = base_rows.split_at_mut(half);
        let before = &*self.over;
        let differences = std::thread::scope(|scope| {
            let second = scope.spawn(|| look_up(before, current, number, buckets, changes.iter().skip(half), second));
            let first = look_up(before, current, number, buckets, changes.iter(), first)?;
            let second = second.join().unwrap_or(Err(RecordsError::Damaged("looking them up broke off")))?;
            Ok::<_, RecordsError>([first, second])
        })?;
        let change = move |((key, id, body), base_row)| Change { register, key, id, base_row, body };
        let each = || changes.iter().zip(base_rows.iter().copied()).map(change);
        let log = &mut self.log;
        let (over, logged) = std::thread::scope(|scope| {
            let logged = scope.spawn(|| log.append(each()));
            (before.then(each()), logged.join().unwrap_or(Err(RecordsError::Damaged("writing changes broke off"))))
        });
        let mut over = over?;
        logged?;
        let mut more = 0;
        for (difference, more_here) in &differences {
            more += more_here;
            over.sums[number].iter_mut().zip(difference).for_each(|(sum, more)| sum.join(more));
        }
        self.over = Arc::new(over);
        Ok(more)
    }
}

/// Looks up what is held of records that are to change, as many as there are places for their rows in the base; gives the
/// difference that they make to the sum of each bucket, and to the number of records.
fn look_up<'a>(
    over: &Over,
    current: &Generation,
    number: usize,
    buckets: usize,
    changes: impl Iterator<Item = (u32, &'a str, Option<&'a [u8]>)>,
    base_rows: &mut [Option<u32>],
) -> Result<(Vec<Sum>, i64), RecordsError> {
    let mut more = 0;
    let mut finder = current.base.finder()?;
    let mut sums = vec![Sum::default(); buckets];
    for ((key, id, body), base_row) in changes.zip(base_rows) {
        let bucket = bucket_of(key, current.base.bits(number));
        let was;
        (*base_row, was) = match over.find(number, key, id) {
            Some(kept) => over.row_and_hash(kept)?,
            None => finder.find(number, bucket, id)?.unzip(),
        };
        let sum = sums.get_mut(bucket as usize).ok_or(RecordsError::Damaged("a bucket of no register"))?;
        more += i64::from(body.is_some()) - i64::from(was.is_some());
        if let Some(was) = was {
            sum.remove(&was);
        }
        if let Some(body) = body {
            sum.add(&hash_of(body));
        }
    }
    Ok((sums, more))
}

fn hash_of(body: &[u8]) -> Hash {
    Hash(Sha256::digest(body).into())
}
