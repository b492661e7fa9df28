//! Chunks: the records of one bucket, by columns, compressed, known by their SHA-256. A piece of a delta is one too, with the
//! ids of withdrawn records beside those that came or changed.
//!
//! Buckets by the hash of the id, because a record then stays in its bucket whatever else comes and goes: a bucket that is
//! found to differ is fetched again without the others.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::columns;
use super::frozen::{Frozen, FrozenError};
use crate::domain::{Hash, Record};

/// No chunk is longer than this when compressed: 16 times what [`super::publish`] aims at.
pub const CHUNK_BYTES_MAX: usize = 4 << 20;
/// No chunk is longer than this when unpacked; a limit of its own, because a few bytes can unpack to gigabytes.
pub const CHUNK_RAW_BYTES_MAX: usize = 64 << 20;
/// Form of the unpacked bytes.
const FORM: u8 = 2;
/// Of the levels measured, the one past which chunks hardly shrink while the time still grows.
const ZSTD_LEVEL: i32 = 9;

/// Why a chunk was not accepted. None of its records is used then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// Not as long as the manifest says.
    #[error("a piece of the register is {got} bytes long instead of {expected}; it will be fetched again")]
    Length {
        /// By the manifest.
        expected: u32,
        /// As received.
        got: usize,
    },
    /// Not the bytes that the manifest names.
    #[error("a piece of the register does not have the promised content; it will be fetched again")]
    Hash,
    /// Unpacks to more than the manifest says or the limit allows.
    #[error("a piece of the register unpacks to more than its limit")]
    TooLong,
    /// Unpacks to no chunk.
    #[error("a piece of the register is damaged: {0}")]
    Damaged(&'static str),
    /// Written by a newer hub.
    #[error("a piece of the register is in form {0}, which this version cannot read; update the program")]
    NewerForm(u8),
    /// Written by a hub before its last update.
    #[error("a piece of the register is in the old form {0}; the hub publishes it anew after its own update")]
    OlderForm(u8),
    /// A record in it is damaged.
    #[error(transparent)]
    Record(#[from] FrozenError),
}

/// A chunk as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChunkRef {
    /// Which bucket's records it holds; of a piece of a delta, the bucket of its first record.
    pub bucket: u32,
    /// SHA-256 of the compressed bytes: its name.
    pub hash: Hash,
    /// Length of the compressed bytes.
    pub len: u32,
    /// Length of the unpacked bytes.
    pub raw_len: u32,
    /// Number of records, without withdrawn ones.
    pub records: u32,
}

/// What a chunk holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sheet {
    /// Records in ascending order of their ids.
    pub records: Vec<Record>,
    /// Ids of records that were withdrawn, in ascending order; none in a chunk of a base.
    pub withdrawn: Vec<String>,
}

/// Where a record belongs: the first four bytes of SHA-256 of its id, as a number. Its upper bits are the bucket, so one
/// order by this key serves every number of buckets.
pub fn bucket_key(id: &str) -> u32 {
    let digest = Sha256::digest(id.as_bytes());
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// The bucket of a key when there are 2 to the power `bits` of them.
pub fn bucket_of(key: u32, bits: u8) -> u32 {
    if bits == 0 { 0 } else { key >> (32 - u32::from(bits.min(32))) }
}

/// Packs records, and the ids of withdrawn ones, each in ascending order of ids.
pub fn encode(bucket: u32, records: &[Record], withdrawn: &[&str]) -> Result<(ChunkRef, Vec<u8>), ChunkError> {
    let raw = [&[FORM], &*columns::encode(records, withdrawn)?].concat();
    if raw.len() > CHUNK_RAW_BYTES_MAX {
        return Err(ChunkError::TooLong);
    }
    let packed = zstd::bulk::compress(&raw, ZSTD_LEVEL).map_err(|_| ChunkError::Damaged("it does not compress"))?;
    if packed.len() > CHUNK_BYTES_MAX {
        return Err(ChunkError::TooLong);
    }
    let chunk = ChunkRef {
        bucket,
        hash: Hash(Sha256::digest(&packed).into()),
        len: packed.len() as u32,
        raw_len: raw.len() as u32,
        records: records.len() as u32,
    };
    Ok((chunk, packed))
}

/// Checks that the bytes are exactly the chunk that the manifest names.
pub fn check(chunk: &ChunkRef, packed: &[u8]) -> Result<(), ChunkError> {
    if packed.len() != chunk.len as usize {
        return Err(ChunkError::Length { expected: chunk.len, got: packed.len() });
    }
    if Hash(Sha256::digest(packed).into()) != chunk.hash {
        return Err(ChunkError::Hash);
    }
    Ok(())
}

/// Checks, unpacks and reads a chunk.
pub fn decode(chunk: &ChunkRef, packed: &[u8]) -> Result<Sheet, ChunkError> {
    let raw = unpack(chunk, packed)?;
    let (records, withdrawn) = columns::decode(&raw[1..], chunk.records as usize)?;
    Ok(Sheet { records, withdrawn })
}

/// The same: each record is handed to `take` in its frozen form, with what it says beyond that; gives the ids of withdrawn
/// ones. What was taken counts only when all could be read.
pub(crate) fn each<E: From<ChunkError>>(
    chunk: &ChunkRef,
    packed: &[u8],
    take: &mut dyn FnMut(&Frozen<'_>, &[u8]) -> Result<(), E>,
) -> Result<Vec<String>, E> {
    let raw = unpack(chunk, packed)?;
    columns::each(&raw[1..], chunk.records as usize, take)
}

/// The unpacked bytes, of which the first is the form.
fn unpack(chunk: &ChunkRef, packed: &[u8]) -> Result<Vec<u8>, ChunkError> {
    check(chunk, packed)?;
    let raw_len = chunk.raw_len as usize;
    if raw_len > CHUNK_RAW_BYTES_MAX {
        return Err(ChunkError::TooLong);
    }
    let raw = zstd::bulk::decompress(packed, raw_len).map_err(|_| ChunkError::Damaged("it does not unpack"))?;
    match raw.first() {
        None => Err(ChunkError::Damaged("it is empty")),
        Some(&FORM) => Ok(raw),
        Some(&form) if form < FORM => Err(ChunkError::OlderForm(form)),
        Some(&form) => Err(ChunkError::NewerForm(form)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Mark, Scheme};
    use crate::registers::practice;

    fn some() -> Vec<Record> {
        let mut records: Vec<_> = practice::Generator::new(7).take(300).collect();
        records[3].marks.push(Mark {
            scheme: Scheme::Uii,
            value: "D7A72000000001".into(),
            place: Some("frame".into()),
        });
        records[4].marks.clear();
        records[5].marks[0].value = "#@\\ Ъ№ ʼ 12-ab ٣ 𝔸".into();
        records[6].description.year = Some(u16::MAX);
        records[7].caution = Some("armed".into());
        records[8].expires_on = chrono::NaiveDate::from_ymd_opt(1999, 12, 31);
        records[9].lost_on = chrono::NaiveDate::from_ymd_opt(1901, 1, 1);
        records[9].reported_on = None;
        records
    }

    #[test]
    fn records_with_more_to_say_survive_too() {
        let mut records = some();
        records[7].contact = Some("an invented desk".into());
        records[9].status = crate::domain::Status::Delivered;
        let (chunk, packed) = encode(5, &records, &[]).unwrap();
        assert_eq!(decode(&chunk, &packed).unwrap().records, records);
    }

    #[test]
    fn records_survive_a_chunk() {
        let (chunk, packed) = encode(5, &some(), &["901", "9017", "x"]).unwrap();
        let sheet = decode(&chunk, &packed).unwrap();
        assert_eq!(sheet.records, some());
        assert_eq!(sheet.withdrawn, ["901", "9017", "x"]);
        assert_eq!((chunk.bucket, chunk.records), (5, 300));
        let (chunk, packed) = encode(0, &[], &["only"]).unwrap();
        assert_eq!(decode(&chunk, &packed).unwrap(), Sheet { records: vec![], withdrawn: vec!["only".into()] });
    }

    #[test]
    fn a_changed_cut_or_lengthened_chunk_is_refused() {
        let (chunk, mut packed) = encode(0, &some(), &[]).unwrap();
        assert!(matches!(decode(&chunk, &packed[1..]), Err(ChunkError::Length { .. })));
        packed[40] ^= 1;
        assert_eq!(decode(&chunk, &packed), Err(ChunkError::Hash));
        let mut liar = encode(0, &some(), &[]).unwrap();
        liar.0.raw_len -= 1;
        assert!(decode(&liar.0, &liar.1).is_err(), "unpacks to more than it says");
        liar.0.raw_len += 1;
        liar.0.records -= 1;
        assert!(matches!(decode(&liar.0, &liar.1), Err(ChunkError::Damaged(_))));
    }

    #[test]
    fn a_bomb_is_refused_before_it_unpacks() {
        let packed = zstd::bulk::compress(&vec![0u8; 80 << 20], 3).unwrap();
        let hash = Hash(Sha256::digest(&packed).into());
        let chunk = |raw_len| ChunkRef { bucket: 0, hash, len: packed.len() as u32, raw_len, records: 1 };
        assert_eq!(decode(&chunk(80 << 20), &packed), Err(ChunkError::TooLong));
        assert!(decode(&chunk(1000), &packed).is_err());
    }

    #[test]
    fn records_out_of_order_or_twice_are_refused() {
        let two = |a: usize, b: usize| {
            let (chunk, packed) = encode(0, &[some()[a].clone(), some()[b].clone()], &[]).unwrap();
            decode(&chunk, &packed)
        };
        assert!(two(1, 2).is_ok());
        assert!(matches!(two(2, 1), Err(ChunkError::Damaged(_))) && matches!(two(1, 1), Err(ChunkError::Damaged(_))));
    }

    #[test]
    fn a_word_that_is_named_by_every_record_is_no_bomb() {
        let mut records = some();
        records.iter_mut().for_each(|r| r.owner = "x".repeat(1 << 20));
        let (chunk, packed) = encode(0, &records, &[]).unwrap();
        assert!(packed.len() < 100_000);
        assert_eq!(decode(&chunk, &packed), Err(ChunkError::TooLong));
    }

    #[test]
    fn any_changed_byte_is_an_error_or_another_record_and_never_a_panic() {
        let raw = columns::encode(&some()[..40], &["gone"]).unwrap();
        for at in 0..raw.len() {
            for bit in [1, 0x80] {
                let mut changed = raw.clone();
                changed[at] ^= bit;
                let _ = columns::decode(&changed, 40);
            }
            assert!(columns::decode(&raw[..at], 40).is_err(), "cut at {at}");
        }
        assert!(columns::decode(&raw, 41).is_err() && columns::decode(&raw, 39).is_err());
    }

    #[test]
    fn one_order_serves_every_number_of_buckets() {
        let mut keys: Vec<u32> = (0..1000).map(|n| bucket_key(&n.to_string())).collect();
        keys.sort_unstable();
        for bits in [0, 1, 4, 8] {
            assert!(keys.windows(2).all(|w| bucket_of(w[0], bits) <= bucket_of(w[1], bits)));
            assert!(keys.iter().all(|&k| bucket_of(k, bits) < 1 << bits));
        }
    }
}
