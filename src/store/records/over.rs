//! What changed since a generation was built, on disk and in memory.
//!
//! A small database beside the generation's own (`records-<generation>.over`), with a write-ahead log and a full flush for
//! each update: an update is there whole or not at all, whenever the power fails. Everything in it is in memory too, so that
//! no check ever waits for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

use super::generation::{Base, Register};
use super::{RecordsError, db};
use crate::domain::Record;
use crate::platform::failpoint;
use crate::registers::chunk::bucket_of;
use crate::registers::state::{SUM_BYTES, Sum};
use crate::registers::{Hidden, Manifest, Overlay, RecordBytes, RegisterFacts, SignedManifest};

const TABLES: &str = "
    CREATE TABLE registers (number INTEGER PRIMARY KEY, manifest BLOB NOT NULL, sums BLOB NOT NULL);
    CREATE TABLE changes (
        register INTEGER NOT NULL, key INTEGER NOT NULL, id TEXT NOT NULL, base_row INTEGER, body BLOB,
        PRIMARY KEY (register, key, id)
    ) WITHOUT ROWID;
    PRAGMA user_version = 1;
";

/// Register, bucket key and id: the order in which a generation keeps its records.
pub(super) type Place = (usize, u32, String);

/// What became of a record of the base, or of one that came later.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// Its row in the base, which is hidden now.
    pub base_row: Option<u32>,
    /// What it is now; `None` when it was withdrawn.
    pub body: Option<Arc<[u8]>>,
}

/// What changed, in memory. Cheap enough to copy for each update.
#[derive(Clone)]
pub(super) struct Over {
    pub changes: BTreeMap<Place, Change>,
    /// The sum of each bucket of each register, as it is now.
    pub sums: Vec<Vec<Sum>>,
}

impl Over {
    /// Nothing has changed yet.
    pub fn new(sums: Vec<Vec<Sum>>) -> Self {
        Self { changes: BTreeMap::new(), sums }
    }

    /// What changed in a bucket: ids in no order, with what each record is now, `None` when it was withdrawn.
    pub fn of_bucket(&self, number: usize, bucket: u32, bits: u8) -> impl Iterator<Item = (&str, Option<&[u8]>)> {
        let first = if bits == 0 { 0 } else { bucket << (32 - u32::from(bits)) };
        let from_here = self.changes.range((number, first, String::new())..);
        let here = from_here.take_while(move |((n, key, _), _)| *n == number && bucket_of(*key, bits) == bucket);
        here.map(|((.., id), change)| (id.as_str(), change.body.as_deref()))
    }

    /// Bodies in the order of their places: their positions are their rows in the overlay's index.
    pub fn bodies(&self) -> Vec<Arc<[u8]>> {
        self.changes.values().filter_map(|change| change.body.clone()).collect()
    }

    /// The index of what changed.
    pub fn index(&self, base: &Base, facts: Vec<RegisterFacts>) -> Result<Overlay, RecordsError> {
        let mut hidden = Hidden::default();
        for row in self.changes.values().filter_map(|change| change.base_row) {
            hidden.hide(row);
        }
        let bodies = self.changes.iter().filter_map(|((register, ..), c)| Some((*register, &**c.body.as_ref()?)));
        Ok(Overlay::build_of_bytes(&base.index, facts, hidden, bodies)?)
    }
}

/// The record of a body.
pub(super) fn record_of(body: &[u8]) -> Result<Record, RecordsError> {
    Record::from_canonical_bytes(body).map_err(|_| RecordsError::Damaged("a changed record does not decode"))
}

/// The file, and what SQLite puts beside it.
pub(super) fn paths(dir: &Path, generation: u64) -> [PathBuf; 3] {
    ["over", "over-wal", "over-shm"].map(|end| dir.join(format!("records-{generation}.{end}")))
}

/// Reads what changed since that generation; `None` when nothing ever did.
pub(super) fn read(path: &Path, key: &[u8; 32], base: &Base) -> Result<Option<(Vec<Register>, Over)>, RecordsError> {
    if !path.exists() {
        return Ok(None);
    }
    let db = db::open_over(path, key)?;
    // A kill while it was made leaves a file in which nothing was committed.
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => return Ok(None),
        1 => {}
        _ => return Err(RecordsError::Damaged("what changed was written by another version")),
    }
    let damaged = RecordsError::Damaged;
    let mut registers = Vec::new();
    let mut over = Over::new(Vec::new());
    let mut select = db.prepare("SELECT manifest, sums FROM registers ORDER BY number")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let not_a_blob = |_| damaged("a table of contents is none");
        let manifest = row.get_ref(0)?.as_blob().map_err(not_a_blob)?;
        let signed = SignedManifest::from_wire(manifest).map_err(|_| damaged("a table of contents does not decode"))?;
        let manifest =
            Manifest::from_bytes(&signed.bytes).map_err(|_| damaged("a table of contents does not decode"))?;
        over.sums.push(sums_of(row.get_ref(1)?.as_blob().map_err(not_a_blob)?, manifest.bucket_bits)?);
        registers.push(Register { signed, manifest });
    }
    if registers.is_empty() {
        return Ok(None);
    }
    let fits = registers.len() == base.registers.len()
        && registers.iter().zip(&base.registers).all(|(a, b)| {
            a.manifest.register == b.manifest.register && a.manifest.bucket_bits == b.manifest.bucket_bits
        });
    if !fits {
        return Err(damaged("what changed belongs to other registers"));
    }
    let mut select = db.prepare("SELECT register, key, id, base_row, body FROM changes")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let place: Place = (row.get::<_, u32>(0)? as usize, row.get(1)?, row.get(2)?);
        let body = row.get_ref(4)?.as_blob_or_null().map_err(|_| damaged("a changed record is none"))?;
        if place.0 >= registers.len() {
            return Err(damaged("a changed record is of no register"));
        }
        over.changes.insert(place, Change { base_row: row.get(3)?, body: body.map(Arc::from) });
    }
    Ok(Some((registers, over)))
}

/// Reads sums end to end, one a bucket.
pub(super) fn sums_of(bytes: &[u8], bits: u8) -> Result<Vec<Sum>, RecordsError> {
    let (sums, rest) = bytes.as_chunks::<SUM_BYTES>();
    let sums: Vec<Sum> = sums.iter().filter_map(|sum| Sum::from_bytes(sum)).collect();
    if rest.is_empty() && sums.len() == 1usize << bits {
        Ok(sums)
    } else {
        Err(RecordsError::Damaged("sums are missing"))
    }
}

/// Sums as they are kept.
pub(super) fn sum_bytes(sums: &[Sum]) -> Vec<u8> {
    sums.iter().flat_map(Sum::to_bytes).collect()
}

/// An update that is written and not yet committed: dropped, it never was.
pub(super) struct Written(Connection);

/// Writes an update in one transaction: the places that it touched, and the registers as they are after it.
pub(super) fn write<'a>(
    path: &Path,
    key: &[u8; 32],
    registers: &[Register],
    over: &Over,
    touched: impl Iterator<Item = &'a Place>,
) -> Result<Written, RecordsError> {
    failpoint::hit("records.over.open").map_err(RecordsError::io(path))?;
    let db = db::create_over(path, key)?;
    db.execute_batch("BEGIN IMMEDIATE")?;
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version == 0 {
        db.execute_batch(TABLES)?;
    }
    fill(&db, registers, over, touched)?;
    Ok(Written(db))
}

impl Written {
    /// Puts it on disk.
    pub fn commit(self, path: &Path) -> Result<(), RecordsError> {
        failpoint::hit("records.over.commit").map_err(RecordsError::io(path))?;
        self.0.execute_batch("COMMIT")?;
        failpoint::hit("records.over.committed").map_err(RecordsError::io(path))
    }
}

fn fill<'a>(
    tx: &Connection,
    registers: &[Register],
    over: &Over,
    touched: impl Iterator<Item = &'a Place>,
) -> Result<(), RecordsError> {
    let mut put = tx.prepare("INSERT OR REPLACE INTO registers (number, manifest, sums) VALUES (?1, ?2, ?3)")?;
    for (number, (register, sums)) in registers.iter().zip(&over.sums).enumerate() {
        put.execute((number as i64, register.signed.to_wire(), sum_bytes(sums)))?;
    }
    let mut put =
        tx.prepare("INSERT OR REPLACE INTO changes (register, key, id, base_row, body) VALUES (?1, ?2, ?3, ?4, ?5)")?;
    let mut forget = tx.prepare("DELETE FROM changes WHERE register = ?1 AND key = ?2 AND id = ?3")?;
    for place in touched {
        let (register, key, id) = place;
        match over.changes.get(place) {
            Some(change) => {
                put.execute((*register as i64, key, id, change.base_row, change.body.as_deref()))?;
            }
            None => {
                forget.execute((*register as i64, key, id))?;
            }
        }
    }
    Ok(())
}
