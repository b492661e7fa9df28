//! Publishing: records in order of their buckets go in, chunks and a manifest come out, in bounded memory.

use std::collections::BTreeSet;

use super::chunk::{self, ChunkError, ChunkRef};
use super::frozen::RecordBytes;
use super::manifest::{BUCKET_BITS_MAX, Base, BaseChunk, BaseList, Blob};
use super::state::Sum;
use crate::domain::{Object, Record, RegisterVersion};

/// Aimed-at number of records in a chunk: 9 (invented) to 15 bytes each when compressed, so 70 to 256 KiB a chunk as the
/// number of buckets goes by powers of two.
const RECORDS_PER_CHUNK: u64 = 12_288;
/// A republished register keeps its buckets until they are this many times too large or too small, because other buckets
/// mean that every chunk is fetched anew.
const KEEP_WITHIN: u64 = 3;

/// Why publishing stopped.
#[derive(Debug, thiserror::Error)]
pub enum PublishError<E> {
    /// The caller's own writing failed.
    #[error("a piece of the register could not be written")]
    Sink(#[source] E),
    /// A bucket does not fit in a chunk.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// The records did not come in ascending order of [`chunk::bucket_key`].
    #[error("records came out of the order of their buckets")]
    Order,
}

/// Number of buckets, as a power of two, for that many records; `previous` is what the last version used.
pub fn bucket_bits(records: u64, previous: Option<u8>) -> u8 {
    if let Some(bits) = previous.filter(|&b| b <= BUCKET_BITS_MAX) {
        let per_bucket = records >> bits;
        let fits = per_bucket <= RECORDS_PER_CHUNK * KEEP_WITHIN;
        let fills = bits == 0 || per_bucket >= RECORDS_PER_CHUNK / KEEP_WITHIN / 2;
        if fits && fills {
            return bits;
        }
    }
    (0..=BUCKET_BITS_MAX).find(|&bits| (records >> bits) * 10 <= RECORDS_PER_CHUNK * 14).unwrap_or(BUCKET_BITS_MAX)
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// Number of records.
    pub records: u64,
    /// The objects that occurred.
    pub objects: BTreeSet<Object>,
    /// 2 to this power buckets.
    pub bucket_bits: u8,
    /// The chunks in order.
    pub list: BaseList,
    /// The sum of each bucket, empty ones too.
    pub sums: Vec<Sum>,
}

impl Published {
    /// This as the base of a version.
    pub fn base(&self, version: RegisterVersion) -> Base {
        let bytes = self.list.chunks.iter().map(|c| u64::from(c.chunk.len)).sum();
        Base { version, records: self.records, bytes, list: Blob::of(&self.list.to_bytes()) }
    }
}

/// Takes records in ascending order of [`chunk::bucket_key`] (ties by id) and hands each finished chunk to a sink.
pub struct Publisher<S> {
    sink: S,
    bits: u8,
    bucket: u32,
    pending: Vec<Record>,
    done: Published,
}

impl<E, S: FnMut(&ChunkRef, &[u8]) -> Result<(), E>> Publisher<S> {
    /// `bits` as [`bucket_bits`] says; `sink` stores the chunk under its hash, and may skip one that it has.
    pub fn new(bits: u8, sink: S) -> Self {
        let bits = bits.min(BUCKET_BITS_MAX);
        let done = Published {
            records: 0,
            objects: BTreeSet::new(),
            bucket_bits: bits,
            list: BaseList::default(),
            sums: vec![Sum::default(); 1 << bits],
        };
        Self { sink, bits, bucket: 0, pending: Vec::new(), done }
    }

    /// The next record.
    pub fn push(&mut self, record: Record) -> Result<(), PublishError<E>> {
        let bucket = chunk::bucket_of(chunk::bucket_key(&record.id), self.bits);
        if bucket < self.bucket {
            return Err(PublishError::Order);
        }
        if bucket > self.bucket {
            self.flush()?;
            self.bucket = bucket;
        }
        self.done.objects.extend(record.description.object);
        self.pending.push(record);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), PublishError<E>> {
        if self.pending.is_empty() {
            return Ok(());
        }
        // Equal sets of records must give equal bytes, whatever order the caller broke ties in.
        self.pending.sort_by(|a, b| a.id.cmp(&b.id));
        let (chunk, packed) = chunk::encode(self.bucket, &self.pending, &[])?;
        (self.sink)(&chunk, &packed).map_err(PublishError::Sink)?;
        let sum = &mut self.done.sums[self.bucket as usize];
        self.pending.iter().for_each(|record| sum.add(&record.content_hash()));
        self.done.records += u64::from(chunk.records);
        self.done.list.chunks.push(BaseChunk::new(chunk, sum));
        self.pending.clear();
        Ok(())
    }

    /// Writes the last chunk.
    pub fn finish(mut self) -> Result<Published, PublishError<E>> {
        self.flush()?;
        Ok(self.done)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;

    use super::*;
    use crate::domain::Hash;
    use crate::registers::practice;

    fn publish(mut records: Vec<Record>, bits: u8) -> (Published, HashMap<Hash, Vec<u8>>) {
        records.sort_by_key(|r| (chunk::bucket_key(&r.id), r.id.clone()));
        let mut chunks = HashMap::new();
        let mut publisher = Publisher::new(bits, |chunk: &ChunkRef, packed: &[u8]| {
            chunks.insert(chunk.hash, packed.to_vec());
            Ok::<_, Infallible>(())
        });
        for record in records {
            publisher.push(record).unwrap();
        }
        (publisher.finish().unwrap(), chunks)
    }

    fn read(chunk: &ChunkRef, chunks: &HashMap<Hash, Vec<u8>>) -> Vec<Record> {
        chunk::decode(chunk, &chunks[&chunk.hash]).unwrap().records
    }

    #[test]
    fn one_changed_record_changes_one_chunk() {
        let mut records: Vec<_> = practice::Generator::new(1).take(2000).collect();
        let (before, chunks) = publish(records.clone(), 4);
        assert_eq!((before.records, before.list.chunks.len()), (2000, 16));
        records[77].description.year = Some(1901);
        let (after, _) = publish(records, 4);
        let missing = after.list.chunks.iter().filter(|c| !chunks.contains_key(&c.chunk.hash)).count();
        assert_eq!(missing, 1);
        assert_eq!(before.sums.iter().zip(&after.sums).filter(|(a, b)| a != b).count(), 1);
    }

    #[test]
    fn every_record_comes_back() {
        let records: Vec<_> = practice::Generator::new(2).take(500).collect();
        let (published, chunks) = publish(records.clone(), 3);
        let mut back: Vec<_> =
            published.list.chunks.iter().flat_map(|c| read(&c.chunk, &chunks)).map(|r| r.id).collect();
        let mut ids: Vec<_> = records.into_iter().map(|r| r.id).collect();
        back.sort();
        ids.sort();
        assert_eq!(back, ids);
    }

    #[test]
    fn chunks_stay_in_their_size_and_buckets_in_their_number() {
        for records in [1u64, 4000, 10_000, 100_000, 873_113, 1_100_000, 10_000_000] {
            let bits = bucket_bits(records, None);
            let per_bucket = records >> bits;
            assert!(
                per_bucket <= 17_300 && (bits == 0 || per_bucket >= 8500),
                "{records}: {per_bucket} in each of 2^{bits}"
            );
            assert_eq!(
                bucket_bits(records + records / 10, Some(bits)),
                bits,
                "a tenth more refetches all of {records}"
            );
        }
        assert_ne!(bucket_bits(1_000_000, Some(0)), 0);
    }

    #[test]
    fn records_out_of_order_are_refused() {
        let mut records: Vec<_> = practice::Generator::new(3).take(50).collect();
        records.sort_by_key(|r| std::cmp::Reverse(chunk::bucket_key(&r.id)));
        let mut publisher = Publisher::new(4, |_: &ChunkRef, _: &[u8]| Ok::<_, Infallible>(()));
        assert!(records.into_iter().any(|r| publisher.push(r).is_err()));
    }
}
