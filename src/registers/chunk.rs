//! Chunks: the records of one bucket, by columns, compressed, known by their SHA-256.
//!
//! Columns, because the owners, kinds and models of neighbours repeat: zstd then needs some 30 bytes a record. Buckets by
//! the hash of the id, because a record then stays in its bucket whatever else comes and goes, and a small change
//! refetches a few chunks only.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::frozen::{Frozen, FrozenError, FrozenMark, More};
use crate::domain::{Hash, Record};

/// No chunk is longer than this when compressed: 16 times what [`super::publish`] aims at.
pub const CHUNK_BYTES_MAX: usize = 4 << 20;
/// No chunk is longer than this when unpacked; a limit of its own, because a few bytes can unpack to gigabytes.
pub const CHUNK_RAW_BYTES_MAX: usize = 64 << 20;
/// Form of the unpacked bytes.
const FORM: u8 = 1;
/// Form with a column of [`More`] behind the others, for buckets in which a record has it.
const FORM_WITH_MORE: u8 = 2;
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
    /// A record in it is damaged.
    #[error(transparent)]
    Record(#[from] FrozenError),
}

/// A chunk as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ChunkRef {
    /// Which bucket's records it holds.
    pub bucket: u32,
    /// SHA-256 of the compressed bytes: its name.
    pub hash: Hash,
    /// Length of the compressed bytes.
    pub len: u32,
    /// Length of the unpacked bytes.
    pub raw_len: u32,
    /// Number of records.
    pub records: u32,
}

/// The records of a bucket, column by column. The order of the fields is the format; it never changes.
#[derive(Serialize, Deserialize, Default)]
struct Columns<'a> {
    #[serde(borrow)]
    id: Vec<&'a str>,
    marks: Vec<u16>,
    mark_scheme: Vec<&'a str>,
    mark_value: Vec<&'a str>,
    mark_place: Vec<Option<&'a str>>,
    object: Vec<Option<&'a str>>,
    kind: Vec<Option<&'a str>>,
    make: Vec<Option<&'a str>>,
    model: Vec<Option<&'a str>>,
    calibre: Vec<Option<&'a str>>,
    year: Vec<Option<u16>>,
    country: Vec<Option<&'a str>>,
    issuer: Vec<Option<&'a str>>,
    status: Vec<&'a str>,
    owner: Vec<&'a str>,
    action: Vec<Option<&'a str>>,
    reported_day: Vec<Option<i32>>,
    lost_day: Vec<Option<i32>>,
    expires_day: Vec<Option<i32>>,
    caution: Vec<Option<&'a str>>,
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

/// Packs the records of one bucket, in the order given.
pub fn encode(bucket: u32, records: &[Record]) -> Result<(ChunkRef, Vec<u8>), ChunkError> {
    let mut c = Columns::default();
    for record in records {
        let f = Frozen::of(record);
        c.id.push(f.id);
        c.marks.push(f.marks.len().try_into().map_err(|_| ChunkError::Damaged("a record with too many marks"))?);
        for mark in &f.marks {
            c.mark_scheme.push(mark.scheme);
            c.mark_value.push(mark.value);
            c.mark_place.push(mark.place);
        }
        c.object.push(f.object);
        c.kind.push(f.kind);
        c.make.push(f.make);
        c.model.push(f.model);
        c.calibre.push(f.calibre);
        c.year.push(f.year);
        c.country.push(f.country);
        c.issuer.push(f.issuer);
        c.status.push(f.status);
        c.owner.push(f.owner);
        c.action.push(f.action);
        c.reported_day.push(f.reported_day);
        c.lost_day.push(f.lost_day);
        c.expires_day.push(f.expires_day);
        c.caution.push(f.caution);
    }
    let more: Vec<Option<Vec<u8>>> = records.iter().map(More::bytes_of).collect();
    let has_more = more.iter().any(Option::is_some);
    let does_not_encode = |_| ChunkError::Damaged("it does not encode");
    let form = if has_more { FORM_WITH_MORE } else { FORM };
    let mut raw = postcard::to_extend(&c, vec![form]).map_err(does_not_encode)?;
    if has_more {
        raw = postcard::to_extend(&more, raw).map_err(does_not_encode)?;
    }
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

/// Checks, unpacks and reads the records of a chunk.
pub fn decode(chunk: &ChunkRef, packed: &[u8]) -> Result<Vec<Record>, ChunkError> {
    check(chunk, packed)?;
    let raw_len = chunk.raw_len as usize;
    if raw_len > CHUNK_RAW_BYTES_MAX {
        return Err(ChunkError::TooLong);
    }
    let raw = zstd::bulk::decompress(packed, raw_len).map_err(|_| ChunkError::Damaged("it does not unpack"))?;
    let (&form, rest) = raw.split_first().ok_or(ChunkError::Damaged("it is empty"))?;
    if form != FORM && form != FORM_WITH_MORE {
        return Err(ChunkError::NewerForm(form));
    }
    let damaged = |_| ChunkError::Damaged("its columns do not decode");
    let (columns, rest) = postcard::take_from_bytes::<Columns>(rest).map_err(damaged)?;
    let mut records = columns.rows(chunk.records as usize)?;
    if form == FORM_WITH_MORE {
        let more: Vec<Option<&[u8]>> = postcard::from_bytes(rest).map_err(damaged)?;
        if more.len() != records.len() {
            return Err(ChunkError::Damaged("its columns are of different lengths"));
        }
        for (record, more) in records.iter_mut().zip(more) {
            more.map_or(Ok(()), |bytes| More::add(bytes, record))?;
        }
    }
    Ok(records)
}

impl Columns<'_> {
    fn rows(&self, count: usize) -> Result<Vec<Record>, ChunkError> {
        let lengths = [
            self.id.len(),
            self.marks.len(),
            self.object.len(),
            self.kind.len(),
            self.make.len(),
            self.model.len(),
            self.calibre.len(),
            self.year.len(),
            self.country.len(),
            self.issuer.len(),
            self.status.len(),
            self.owner.len(),
            self.action.len(),
            self.reported_day.len(),
            self.lost_day.len(),
            self.expires_day.len(),
            self.caution.len(),
        ];
        let marks: usize = self.marks.iter().map(|&n| usize::from(n)).sum();
        let mark_lengths = [self.mark_scheme.len(), self.mark_value.len(), self.mark_place.len()];
        if lengths != [count; 17] || mark_lengths != [marks; 3] {
            return Err(ChunkError::Damaged("its columns are of different lengths"));
        }
        let mut next_mark = 0;
        let mut out = Vec::with_capacity(count);
        for i in 0..count {
            let of_this = next_mark..next_mark + usize::from(self.marks[i]);
            next_mark = of_this.end;
            let frozen = Frozen {
                id: self.id[i],
                marks: of_this
                    .map(|m| FrozenMark {
                        scheme: self.mark_scheme[m],
                        value: self.mark_value[m],
                        place: self.mark_place[m],
                    })
                    .collect(),
                object: self.object[i],
                kind: self.kind[i],
                make: self.make[i],
                model: self.model[i],
                calibre: self.calibre[i],
                year: self.year[i],
                country: self.country[i],
                issuer: self.issuer[i],
                status: self.status[i],
                owner: self.owner[i],
                action: self.action[i],
                reported_day: self.reported_day[i],
                lost_day: self.lost_day[i],
                expires_day: self.expires_day[i],
                caution: self.caution[i],
            };
            out.push(frozen.thaw()?);
        }
        Ok(out)
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
        records
    }

    #[test]
    fn records_with_more_to_say_survive_too() {
        let mut records = some();
        records[7].contact = Some("an invented desk".into());
        records[9].status = crate::domain::Status::Delivered;
        let (chunk, packed) = encode(5, &records).unwrap();
        assert_eq!(decode(&chunk, &packed).unwrap(), records);
    }

    #[test]
    fn records_survive_a_chunk() {
        let (chunk, packed) = encode(5, &some()).unwrap();
        assert_eq!(decode(&chunk, &packed).unwrap(), some());
        assert_eq!((chunk.bucket, chunk.records), (5, 300));
    }

    #[test]
    fn a_changed_cut_or_lengthened_chunk_is_refused() {
        let (chunk, mut packed) = encode(0, &some()).unwrap();
        assert!(matches!(decode(&chunk, &packed[1..]), Err(ChunkError::Length { .. })));
        packed[40] ^= 1;
        assert_eq!(decode(&chunk, &packed), Err(ChunkError::Hash));
        let mut liar = encode(0, &some()).unwrap();
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
    fn one_order_serves_every_number_of_buckets() {
        let mut keys: Vec<u32> = (0..1000).map(|n| bucket_key(&n.to_string())).collect();
        keys.sort_unstable();
        for bits in [0, 1, 4, 8] {
            assert!(keys.windows(2).all(|w| bucket_of(w[0], bits) <= bucket_of(w[1], bits)));
            assert!(keys.iter().all(|&k| bucket_of(k, bits) < 1 << bits));
        }
    }
}
