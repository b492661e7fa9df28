//! Deltas on their way in: read piece by piece in the order of their keys, so that of a large update only a part stands in
//! memory at a time.

use std::collections::VecDeque;

use super::RecordsError;
use super::apply::Fetch;
use crate::domain::RegisterId;
use crate::registers::ChunkError;
use crate::registers::delta::{Changes, Piece};

/// Changes are handed on when they take so many bytes. A hundred thousand usual ones take less.
#[cfg(not(test))]
const AT_ONCE_BYTES: usize = 32 << 20;
#[cfg(test)]
const AT_ONCE_BYTES: usize = 1_000;

/// Deltas that follow each other. The later one wins.
pub(super) struct Incoming<'a> {
    register: &'a RegisterId,
    /// In the order in which they count.
    deltas: Vec<Delta<'a>>,
}

struct Delta<'a> {
    /// Pieces to be read, in ascending order of their keys.
    left: VecDeque<&'a Piece>,
    /// What was read and not yet handed on.
    read: Changes,
}

impl<'a> Incoming<'a> {
    /// The deltas of a register's update, piece after piece.
    pub fn new(register: &'a RegisterId, pieces: impl IntoIterator<Item = &'a Piece>) -> Self {
        let mut deltas: Vec<Delta<'_>> = Vec::new();
        for piece in pieces {
            // Where the keys do not go on, another delta begins. Of two that do go on from each other, the later one is read later.
            let goes_on =
                |delta: &&mut Delta<'_>| delta.left.back().is_some_and(|before| before.last_key <= piece.first_key);
            match deltas.last_mut().filter(goes_on) {
                Some(delta) => delta.left.push_back(piece),
                None => deltas.push(Delta { left: [piece].into(), read: Changes::default() }),
            }
        }
        Self { register, deltas }
    }

    /// The next changes, all beyond those of before, and in the order of keys; nothing when that was all.
    pub fn next(&mut self, fetch: Fetch<'_>) -> Result<Option<Changes>, RecordsError> {
        while self.next_key().is_some() {
            self.read_on(fetch)?;
            if self.deltas.iter().map(|delta| delta.read.bytes()).sum::<usize>() >= AT_ONCE_BYTES {
                let changes = self.take_before(self.next_key());
                if !changes.is_empty() {
                    return Ok(Some(changes));
                }
            }
        }
        Ok(Some(self.take_before(None)).filter(|changes| !changes.is_empty()))
    }

    /// The changes of a bucket and of those before it that were not asked for.
    pub fn up_to_bucket(&mut self, bucket: u32, bits: u8, fetch: Fetch<'_>) -> Result<Changes, RecordsError> {
        let end = (u64::from(bucket) + 1) << (32 - u32::from(bits));
        while self.next_key().is_some_and(|next| u64::from(next) < end) {
            self.read_on(fetch)?;
        }
        Ok(self.take_before(u32::try_from(end).ok()))
    }

    /// All that was not handed on.
    pub fn all(mut self, fetch: Fetch<'_>) -> Result<Changes, RecordsError> {
        while self.next_key().is_some() {
            self.read_on(fetch)?;
        }
        Ok(self.take_before(None))
    }

    /// Every change that comes has this key or a later one.
    fn next_key(&self) -> Option<u32> {
        self.deltas.iter().filter_map(|delta| delta.left.front()).map(|piece| piece.first_key).min()
    }

    fn take_before(&mut self, end: Option<u32>) -> Changes {
        let mut changes = Changes::default();
        for delta in &mut self.deltas {
            let later = delta.read.take_before(end);
            if changes.is_empty() { changes = later } else { changes.then(later) }
        }
        changes
    }

    /// Reads on in the delta that is the furthest behind: two pieces, each on a thread of its own, the second after the first.
    fn read_on(&mut self, fetch: Fetch<'_>) -> Result<(), RecordsError> {
        let register = self.register;
        let behind = self.deltas.iter_mut().filter(|delta| !delta.left.is_empty());
        let Some(delta) = behind.min_by_key(|delta| delta.left.front().map(|piece| piece.first_key)) else {
            return Ok(());
        };
        let mut next = || {
            let Some(piece) = delta.left.pop_front() else { return Ok(None) };
            let packed = fetch(&piece.chunk);
            packed.map(|packed| Some((piece, packed))).map_err(|source| {
                let register = register.clone();
                RecordsError::Fetch { register, source }
            })
        };
        let (Some((piece, packed)), second) = (next()?, next()?) else { return Ok(()) };
        let Some((second, second_packed)) = second else { return Ok(delta.read.read(piece, &packed)?) };
        let later = std::thread::scope(|scope| {
            let later = scope.spawn(|| {
                let mut later = Changes::default();
                later.read(second, &second_packed).map(|()| later)
            });
            delta.read.read(piece, &packed)?;
            later.join().unwrap_or(Err(ChunkError::Damaged("reading it broke off")))
        })?;
        delta.read.then(later);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Record;
    use crate::registers::ChunkRef;
    use crate::registers::chunk::bucket_of;
    use crate::registers::practice;

    /// Deltas in pieces of a few changes each, with their bytes, and what they come to.
    fn made() -> (Vec<Piece>, Vec<(ChunkRef, Vec<u8>)>, Changes) {
        let records: Vec<Record> = practice::Generator::new(7).take(400).collect();
        let (mut pieces, mut files, mut all) = (Vec::new(), Vec::new(), Changes::default());
        for delta in 0..5usize {
            let mut changes = Changes::default();
            for (n, record) in records.iter().enumerate().filter(|(n, _)| n * 7 % 5 >= delta) {
                let mut record = record.clone();
                record.owner = format!("told by delta {delta}");
                if (n + delta) % 9 == 0 { changes.withdraw(record.id) } else { changes.put(&record) }
            }
            all.then(changes.clone());
            let width = [1 << 26, 1 << 29, 1 << 28, 3 << 27, 1 << 27][delta];
            for end in (1u64..).map(|n| n * width) {
                let part = changes.take_before(u32::try_from(end).ok());
                let mut keep = |chunk: &ChunkRef, packed: &[u8]| {
                    files.push((chunk.clone(), packed.to_vec()));
                    Ok::<_, ChunkError>(())
                };
                pieces.extend(part.pieces(&mut keep).unwrap());
                if end > u64::from(u32::MAX) {
                    break;
                }
            }
        }
        (pieces, files, all)
    }

    fn fetch(
        files: &[(ChunkRef, Vec<u8>)],
    ) -> impl FnMut(&ChunkRef) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        |wanted| Ok(files.iter().find(|(chunk, _)| chunk == wanted).ok_or("no such piece")?.1.clone())
    }

    #[test]
    fn changes_come_in_order_and_the_later_delta_wins() {
        let (pieces, files, all) = made();
        let register = RegisterId("weapons".into());
        let mut incoming = Incoming::new(&register, &pieces);
        assert_eq!(incoming.deltas.len(), 5);
        let (mut parts, mut last, mut together) = (0, None, Changes::default());
        while let Some(changes) = incoming.next(&mut fetch(&files)).unwrap() {
            let place = |change: (u32, &str, Option<&[u8]>)| (change.0, change.1.to_owned());
            let first = changes.iter().next().map(place);
            assert!(first > last, "part {parts} begins before the one before it ends");
            last = changes.iter().last().map(place);
            together.then(changes);
            parts += 1;
        }
        assert!(together == all && parts > 20, "{parts} parts, {} changes of {}", together.len(), all.len());
        assert!(Incoming::new(&register, &pieces).all(&mut fetch(&files)).unwrap() == all);
    }

    #[test]
    fn each_bucket_gets_its_own() {
        let (pieces, files, all) = made();
        let register = RegisterId("weapons".into());
        for bits in [0, 1, 4] {
            let mut incoming = Incoming::new(&register, &pieces);
            let mut together = Changes::default();
            for bucket in 0..1 << bits {
                let changes = incoming.up_to_bucket(bucket, bits, &mut fetch(&files)).unwrap();
                assert!(changes.iter().all(|(key, ..)| bucket_of(key, bits) == bucket));
                together.then(changes);
            }
            assert!(together == all, "{bits} bits");
            assert_eq!(incoming.next_key(), None);
        }
    }
}
