//! Rows of an import, set aside until the whole file was read, then given back in the order of their keys.
//!
//! A file that breaks off must leave a register as it was, and a million rows do not fit into the memory of a small
//! server. So rows go to temporary files, one for each range of keys; at the end each is sorted by itself and they follow
//! one another, and the database sees one ascending stream, which it takes several times as fast as rows in disorder.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::storage::{NewRecord, StorageError};

/// Ranges by the first six bits of the key: at ten million rows each holds some 40 MB.
const RANGES: usize = 64;
const BUFFER_BYTES: usize = 32 << 10;

/// Rows set aside.
pub struct Spill {
    ranges: Vec<BufWriter<File>>,
}

impl Spill {
    /// Opens the temporary files in a folder; they have no names and vanish with the process.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let ranges = (0..RANGES)
            .map(|_| tempfile::tempfile_in(folder).map(|file| BufWriter::with_capacity(BUFFER_BYTES, file)))
            .collect::<io::Result<_>>()?;
        Ok(Self { ranges })
    }

    /// Sets a row aside.
    pub fn push(&mut self, row: &NewRecord) -> io::Result<()> {
        let range = &mut self.ranges[usize::from(row.key[0]) * RANGES / 256];
        let length = u32::try_from(row.bytes.len()).map_err(io::Error::other)?;
        range.write_all(&row.key)?;
        range.write_all(&row.hash)?;
        range.write_all(&length.to_le_bytes())?;
        range.write_all(&row.bytes)
    }

    /// All rows in the order of their keys. Rows with the same key come once: the first that was set aside.
    pub fn sorted(self) -> impl Iterator<Item = Result<NewRecord, StorageError>> {
        self.ranges.into_iter().flat_map(|range| {
            let (rows, error) = match read(range) {
                Ok(rows) => (rows, None),
                Err(e) => (Vec::new(), Some(Err(StorageError::Failed(format!("a temporary file: {e}"))))),
            };
            rows.into_iter().map(Ok).chain(error)
        })
    }
}

fn read(range: BufWriter<File>) -> io::Result<Vec<NewRecord>> {
    let mut file = range.into_inner().map_err(io::IntoInnerError::into_error)?;
    let end = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let mut rows = Vec::new();
    let mut at = 0;
    while at < end {
        let (mut key, mut hash, mut length) = ([0; 16], [0; 16], [0; 4]);
        reader.read_exact(&mut key)?;
        reader.read_exact(&mut hash)?;
        reader.read_exact(&mut length)?;
        let length = u32::from_le_bytes(length);
        let mut bytes = vec![0; length as usize];
        reader.read_exact(&mut bytes)?;
        rows.push(NewRecord { key, hash, bytes });
        at += 36 + u64::from(length);
    }
    // A word about a record that cannot be read counts only where no row of the file gives it.
    rows.sort_by_key(|row| (row.key, row.is_marker()));
    rows.dedup_by_key(|row| row.key);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_in_order_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(folder.path()).unwrap();
        for n in (0..=255_u8).rev() {
            for again in 0..2 {
                spill.push(&NewRecord { key: [n; 16], hash: [again; 16], bytes: vec![n; usize::from(n)] }).unwrap();
            }
        }
        let rows: Vec<NewRecord> = spill.sorted().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), 256);
        assert!(rows.windows(2).all(|w| w[0].key < w[1].key));
        assert!(rows.iter().all(|x| x.hash == [0; 16] && x.bytes == vec![x.key[0]; usize::from(x.key[0])]));
    }
}
