//! Many records by their ids.

use rusqlite::OptionalExtension;

use super::RecordsError;
use super::generation::Base;
use super::rows::Rows;
use crate::domain::Hash;

impl Base {
    /// Finds many records by their ids, on a connection of its own: no check waits for it.
    pub fn finder(&self) -> Result<Finder, RecordsError> {
        Ok(Finder { rows: self.own_rows()?, bucket: None, first: 0, tags: Vec::new() })
    }
}

/// See [`Base::finder`]. Quick when the ids come bucket by bucket.
pub(super) struct Finder {
    rows: Option<Rows>,
    bucket: Option<(usize, u32)>,
    first: u32,
    tags: Vec<u16>,
}

impl Finder {
    /// Row and content hash of the record with an id.
    pub fn find(&mut self, number: usize, bucket: u32, id: &str) -> Result<Option<(u32, Hash)>, RecordsError> {
        let Some(rows) = &self.rows else { return Ok(None) };
        if self.bucket != Some((number, bucket)) {
            self.bucket = Some((number, bucket));
            let mut select =
                rows.db().prepare_cached("SELECT first_row, tags FROM buckets WHERE register = ?1 AND bucket = ?2")?;
            let found = select.query_row((number as i64, bucket), |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (first, tags): (u32, Vec<u8>) = found.unwrap_or_default();
            self.first = first;
            self.tags = tags.as_chunks::<2>().0.iter().map(|tag| u16::from_le_bytes(*tag)).collect();
        }
        let wanted = tag_of(id);
        // Most of a bucket is passed over in strides without a branch for each tag.
        for (stride, tags) in self.tags.chunks(TAGS_STRIDE).enumerate() {
            if !tags.iter().fold(false, |any, tag| any | (*tag == wanted)) {
                continue;
            }
            let begin = self.first + (stride * TAGS_STRIDE) as u32;
            for (row, _) in (begin..).zip(tags).filter(|(_, tag)| **tag == wanted) {
                if let Some(hash) = rows.hash_if(row, id)? {
                    return Ok(Some((row, hash)));
                }
            }
        }
        Ok(None)
    }
}

const TAGS_STRIDE: usize = 128;

/// A short hash of an id (FNV-1a, folded): one row in 65,536 is looked at in vain.
pub(super) fn tag_of(id: &str) -> u16 {
    let h = id.bytes().fold(0x811c_9dc5_u32, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193));
    (h ^ h >> 16) as u16
}
