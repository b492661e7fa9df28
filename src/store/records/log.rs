//! What changed since a generation was built, on disk.
//!
//! A small database beside the generation's own (`records-<generation>.over`), with a write-ahead log and a full flush for
//! each update: an update is there whole or not at all, whenever the power fails. It is a log: an update adds a few packed
//! pieces of a thousand changes and more, and nothing of before is looked for or written again. A tree of changes by their
//! ids cost ten times the pages, and most of the time that an update took.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};

use super::generation::{Base, Register};
use super::over::{Change, Over};
use super::{RecordsError, db};
use crate::platform::failpoint;
use crate::registers::chunk::bucket_key;
use crate::registers::state::{SUM_BYTES, Sum};
use crate::registers::{Manifest, SignedManifest};

/// Form of the database. In the first, changes stood one a row; such a file keeps them and goes on as a log.
const FORM: i64 = 2;
const FORM_WITH_ROWS: i64 = 1;

const REGISTERS: &str =
    "CREATE TABLE registers (number INTEGER PRIMARY KEY, manifest BLOB NOT NULL, sums BLOB NOT NULL);";
const LOG: &str = "
    -- Changes end to end in the order in which they came, packed with zstd.
    CREATE TABLE log (n INTEGER PRIMARY KEY, raw_len INTEGER NOT NULL, body BLOB NOT NULL);
    PRAGMA user_version = 2;
";

/// Changes are packed when they are so many bytes.
const PIECE_BYTES: usize = 1 << 20;
/// What a piece says of its length is not believed beyond this.
const PIECE_BYTES_MAX: usize = 1 << 31;
/// When the log is read, changes are taken in when they are so many bytes.
#[cfg(not(test))]
const AT_ONCE_BYTES: usize = 32 << 20;
#[cfg(test)]
const AT_ONCE_BYTES: usize = 1_000;
/// Quick: all of it is written again when the next generation is built.
const ZSTD_LEVEL: i32 = 1;

const DAMAGED: RecordsError = RecordsError::Damaged("a changed record is none");

/// A change in the log. The order of the fields is the form.
#[derive(Serialize, Deserialize)]
struct Line<'a> {
    register: u32,
    base_row: Option<u32>,
    id: &'a str,
    body: Option<&'a [u8]>,
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
    let (_copy, db) = db::open_over(path, key)?;
    // A kill while it was made leaves a file in which nothing was committed.
    let version: i64 = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        0 => return Ok(None),
        FORM_WITH_ROWS | FORM => {}
        _ => return Err(RecordsError::Damaged("what changed was written by another version")),
    }
    let (registers, sums) = read_registers(&db)?;
    if registers.is_empty() {
        return Ok(None);
    }
    let fits = registers.len() == base.registers.len()
        && registers.iter().zip(&base.registers).all(|(a, b)| {
            a.manifest.register == b.manifest.register && a.manifest.bucket_bits == b.manifest.bucket_bits
        });
    if !fits {
        return Err(RecordsError::Damaged("what changed belongs to other registers"));
    }
    let (mut over, mut logged) = (Over::new(sums), 0);
    each_change(&db, version, &mut |mut changes| {
        logged += changes.len() as u64;
        // The sort is stable, so of one place the last comes last, and it counts.
        changes.sort_by_key(Change::place);
        changes.reverse();
        changes.dedup_by_key(|change| change.place());
        if changes.first().is_some_and(|last| last.register as usize >= registers.len()) {
            return Err(RecordsError::Damaged("a changed record is of no register"));
        }
        over = over.then(changes.into_iter().rev())?;
        Ok(())
    })?;
    over.logged = logged;
    Ok(Some((registers, over)))
}

/// Hands on all changes in the order in which they came, many at a time.
pub(super) fn each_change(
    db: &Connection,
    version: i64,
    take: &mut dyn FnMut(Vec<Change<'_>>) -> Result<(), RecordsError>,
) -> Result<(), RecordsError> {
    let mut hand_on = |lines: &mut Vec<u8>| {
        let mut changes = Vec::new();
        let mut rest = &lines[..];
        while !rest.is_empty() {
            let (line, after) = postcard::take_from_bytes::<Line<'_>>(rest).map_err(|_| DAMAGED)?;
            rest = after;
            let Line { register, base_row, id, body } = line;
            changes.push(Change { register, key: bucket_key(id), id, base_row, body });
        }
        take(changes)?;
        lines.clear();
        Ok::<_, RecordsError>(())
    };
    let mut lines = Vec::new();
    let has_rows = "SELECT 1 FROM sqlite_master WHERE name = 'changes'";
    if db.query_row(has_rows, [], |_| Ok(())).optional()?.is_some() {
        lines = read_rows(db)?;
    }
    if version == FORM {
        let mut select = db.prepare("SELECT raw_len, body FROM log ORDER BY n")?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()? {
            let begin = lines.len();
            let raw_len = usize::try_from(row.get::<_, i64>(0)?).ok().filter(|&len| len <= PIECE_BYTES_MAX);
            lines.resize(begin + raw_len.ok_or(DAMAGED)?, 0);
            let packed = row.get_ref(1)?.as_blob().map_err(|_| DAMAGED)?;
            let len = zstd::bulk::decompress_to_buffer(packed, &mut lines[begin..]).map_err(|_| DAMAGED)?;
            if begin + len != lines.len() {
                return Err(DAMAGED);
            }
            if lines.len() >= AT_ONCE_BYTES {
                hand_on(&mut lines)?;
            }
        }
    }
    hand_on(&mut lines)
}

/// Changes of the first form, as a piece of a log.
fn read_rows(db: &Connection) -> Result<Vec<u8>, RecordsError> {
    let mut piece = Vec::new();
    let mut select = db.prepare("SELECT register, id, base_row, body FROM changes")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let id = row.get_ref(1)?.as_str().map_err(|_| DAMAGED)?;
        let body = row.get_ref(3)?.as_blob_or_null().map_err(|_| DAMAGED)?;
        let line = Line { register: row.get(0)?, base_row: row.get(2)?, id, body };
        piece = postcard::to_extend(&line, piece).map_err(|_| DAMAGED)?;
    }
    Ok(piece)
}

fn read_registers(db: &Connection) -> Result<(Vec<Register>, Vec<Vec<Sum>>), RecordsError> {
    let (mut registers, mut all) = (Vec::new(), Vec::new());
    let mut select = db.prepare("SELECT manifest, sums FROM registers ORDER BY number")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let not_a_blob = |_| RecordsError::Damaged("a table of contents is none");
        let no_contents = || RecordsError::Damaged("a table of contents does not decode");
        let manifest = row.get_ref(0)?.as_blob().map_err(not_a_blob)?;
        let signed = SignedManifest::from_wire(manifest).map_err(|_| no_contents())?;
        let manifest = Manifest::from_bytes(&signed.bytes).map_err(|_| no_contents())?;
        all.push(sums_of(row.get_ref(1)?.as_blob().map_err(not_a_blob)?, manifest.bucket_bits)?);
        registers.push(Register { signed, manifest });
    }
    Ok((registers, all))
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
fn sum_bytes(sums: &[Sum]) -> Vec<u8> {
    sums.iter().flat_map(Sum::to_bytes).collect()
}

/// An update on its way in, all of it in one transaction: dropped, it never was.
pub(super) struct Writer(Connection);

/// An update that is written and not yet committed: dropped, it never was.
pub(super) struct Written(Connection);

impl Writer {
    /// Begins.
    pub fn begin(path: &Path, key: &[u8; 32]) -> Result<Self, RecordsError> {
        failpoint::hit("records.over.open").map_err(RecordsError::io(path))?;
        let db = db::create_over(path, key)?;
        db.execute_batch("BEGIN IMMEDIATE")?;
        match db.query_row("PRAGMA user_version", [], |row| row.get(0))? {
            0 => db.execute_batch(REGISTERS).and_then(|()| db.execute_batch(LOG))?,
            FORM_WITH_ROWS => db.execute_batch(LOG)?,
            _ => {}
        }
        Ok(Self(db))
    }

    /// Writes what changes, after what came before.
    pub fn append<'a>(&mut self, changes: impl Iterator<Item = Change<'a>>) -> Result<(), RecordsError> {
        let unwritable = RecordsError::Damaged("a change cannot be written");
        let mut put = self.0.prepare_cached("INSERT INTO log (raw_len, body) VALUES (?1, ?2)")?;
        let mut raw = Vec::with_capacity(PIECE_BYTES + 4096);
        let mut changes = changes.peekable();
        while let Some(Change { register, id, base_row, body, .. }) = changes.next() {
            let Ok(longer) = postcard::to_extend(&Line { register, base_row, id, body }, raw) else {
                return Err(unwritable);
            };
            raw = longer;
            if raw.len() >= PIECE_BYTES || changes.peek().is_none() {
                let Ok(packed) = zstd::bulk::compress(&raw, ZSTD_LEVEL) else { return Err(unwritable) };
                put.execute((raw.len() as i64, packed))?;
                raw.clear();
            }
        }
        Ok(())
    }

    /// Writes the registers with their sums as they are after it.
    pub fn finish(self, registers: &[Register], sums: &[Vec<Sum>]) -> Result<Written, RecordsError> {
        let mut put =
            self.0.prepare("INSERT OR REPLACE INTO registers (number, manifest, sums) VALUES (?1, ?2, ?3)")?;
        for (number, (register, sums)) in registers.iter().zip(sums).enumerate() {
            put.execute((number as i64, register.signed.to_wire(), sum_bytes(sums)))?;
        }
        drop(put);
        Ok(Written(self.0))
    }
}

impl Written {
    /// Puts it on disk.
    pub fn commit(self, path: &Path) -> Result<(), RecordsError> {
        failpoint::hit("records.over.commit").map_err(RecordsError::io(path))?;
        self.0.execute_batch("COMMIT")?;
        failpoint::hit("records.over.committed").map_err(RecordsError::io(path))
    }
}
