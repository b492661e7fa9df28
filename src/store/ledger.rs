//! The device's ledger on disk: entries are added, never changed; each is on disk when [`LedgerStore::append`] returns.

mod opening;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, TransactionBehavior, params};

use super::connection::{self, Mode};
use super::projections::{self, number, seq};
use super::reserve::Reserve;
use super::{Home, Keys, StoreError, WriterLock};
use crate::domain::{DeviceId, Grade, Hash, Seq};
use crate::ledger::{ClockStep, Entry, EntryBytes, Payload, chain_hash, genesis};
use crate::platform::{Clock, ClockWatch, Moment, failpoint};

/// The reserve is looked after once in so many appends.
const RESERVE_EVERY_APPENDS: u64 = 256;

/// What a ledger is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// By the one writer; made if it is not there.
    Write,
    /// Beside a running writer, or on a copy that cannot be written.
    Read,
}

/// An entry as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Its number.
    pub seq: Seq,
    /// Its bytes, as chained.
    pub bytes: EntryBytes,
    /// Its hash.
    pub hash: Hash,
}

/// Checks by grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(missing_docs)]
pub struct GradeCounts {
    pub hit: u64,
    pub probable: u64,
    pub possible: u64,
    pub no_record: u64,
    pub not_checked: u64,
}

impl GradeCounts {
    /// The count of one grade.
    pub fn of(&mut self, grade: Grade) -> &mut u64 {
        match grade {
            Grade::Hit => &mut self.hit,
            Grade::Probable => &mut self.probable,
            Grade::Possible => &mut self.possible,
            Grade::NoRecord => &mut self.no_record,
            Grade::NotChecked => &mut self.not_checked,
        }
    }

    /// All checks.
    pub fn total(&self) -> u64 {
        self.hit + self.probable + self.possible + self.no_record + self.not_checked
    }

    /// In the order in which a closed shift writes them: hit, probable, possible, no record, not checked.
    pub fn as_array(&self) -> [u64; 5] {
        [self.hit, self.probable, self.possible, self.no_record, self.not_checked]
    }
}

/// The writing half.
struct Writer {
    connection: Connection,
    /// The last entry and its hash; `None` after a failure, until it is read again.
    head: Option<(Seq, Hash)>,
    watch: ClockWatch,
    appends: u64,
}

/// A device's ledger, with its settings and the book-keeping of its photos. May be shared between threads: readers do not
/// wait for a writer.
pub struct LedgerStore {
    // Closed in this order: the reader first, for only a last connection that may write puts the log back into the database;
    // then the writer; then the copy and the lock are given up.
    reader: Mutex<Connection>,
    writer: Option<Mutex<Writer>>,
    home: Home,
    keys: Keys,
    clock: Arc<dyn Clock>,
    reserve: Reserve,
    path: PathBuf,
    mode: Mode,
    _copy: Option<tempfile::TempDir>,
    _lock: Option<WriterLock>,
}

impl std::fmt::Debug for LedgerStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerStore").field("home", &self.home).field("mode", &self.mode).finish_non_exhaustive()
    }
}

impl LedgerStore {
    /// The home it belongs to.
    pub fn home(&self) -> &Home {
        &self.home
    }

    /// The device's keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The device.
    pub fn device(&self) -> DeviceId {
        self.keys.device()
    }

    /// The clock that entries are dated by.
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Whether this is the ledger of a practice post.
    pub fn is_practice(&self) -> Result<bool, StoreError> {
        self.read(read_practice)
    }

    /// Makes this the ledger of a practice post, or of a real one. Fixed once there is an entry, for it is part of the
    /// genesis: practice and real data never meet.
    pub fn set_practice(&self, practice: bool) -> Result<(), StoreError> {
        let mut writer = self.writer()?;
        let failed = StoreError::database(&self.path);
        let is = read_practice(&writer.connection).map_err(&failed)?;
        if is == practice {
            return Ok(());
        }
        let (last, _) = read_head(&writer.connection, &self.keys).map_err(&failed)?;
        let heads: i64 =
            writer.connection.query_row("SELECT count(*) FROM head", [], |row| row.get(0)).map_err(&failed)?;
        if last != Seq(0) || heads != 0 {
            return Err(StoreError::PracticeMismatch { is, wanted: practice });
        }
        writer.connection.execute("UPDATE identity SET practice = ?1", [practice]).map_err(&failed)?;
        writer.head = None;
        Ok(())
    }

    /// Adds an entry; when this returns `Ok`, it is on disk. An error means that it may not be: the caller shows the
    /// verdict all the same, marked as not recorded.
    pub fn append(&self, officer: &str, payload: &Payload) -> Result<Seq, StoreError> {
        let seqs = self.append_all(officer, std::slice::from_ref(payload))?;
        seqs.first().copied().ok_or(StoreError::ReadOnly)
    }

    /// Adds entries in one transaction: all of them, with one wait for the disk, or none.
    pub fn append_all(&self, officer: &str, payloads: &[Payload]) -> Result<Vec<Seq>, StoreError> {
        let mut writer = self.writer()?;
        let now = self.clock.now();
        let result = match self.try_append(&mut writer, now, officer, payloads) {
            Err(error) if error.is_disk_full() && self.reserve.release() => {
                self.try_append(&mut writer, now, officer, payloads)
            }
            other => other,
        };
        writer.appends += 1;
        if result.is_ok() && writer.appends.is_multiple_of(RESERVE_EVERY_APPENDS) {
            self.reserve.restore();
        }
        result
    }

    fn try_append(
        &self,
        writer: &mut Writer,
        now: Moment,
        officer: &str,
        payloads: &[Payload],
    ) -> Result<Vec<Seq>, StoreError> {
        let failed = StoreError::database(&self.path);
        // After a failure nobody knows what reached the disk: the head is read again.
        let (mut last, mut hash) = match writer.head.take() {
            Some(head) => head,
            None => read_head(&writer.connection, &self.keys).map_err(&failed)?,
        };
        let mut watch = writer.watch.clone();
        let step = watch
            .observe(now)
            .map(|step| Payload::ClockStep(ClockStep { expected_ms: step.expected_ms, found_ms: step.found_ms }));
        let transaction =
            writer.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let mut seqs = Vec::with_capacity(payloads.len());
        for (payload, is_asked_for) in step.iter().map(|step| (step, false)).chain(payloads.iter().map(|x| (x, true))) {
            last = last.next();
            let entry = Entry {
                wall_ms: now.wall_ms,
                boot: now.boot,
                mono_ms: now.mono_ms,
                officer: officer.to_owned(),
                payload: payload.clone(),
            };
            let bytes = entry.encode();
            hash = chain_hash(hash, last, &bytes.0);
            insert_entry(&transaction, last, &bytes, hash).map_err(&failed)?;
            projections::project(&transaction, last, now.wall_ms, payload).map_err(&failed)?;
            if is_asked_for {
                seqs.push(last);
            }
        }
        failpoint::hit("ledger.append").map_err(StoreError::io(&self.path))?;
        transaction.commit().map_err(&failed)?;
        failpoint::hit("ledger.appended").map_err(StoreError::io(&self.path))?;
        writer.head = Some((last, hash));
        writer.watch = watch;
        Ok(seqs)
    }

    /// Entries from `from` on, in order, at most `limit`.
    pub fn entries(&self, from: Seq, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT seq, bytes, hash FROM entry WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map(params![number(from), limit], stored_entry)?;
            rows.collect()
        })
    }

    /// The last entry and its hash; 0 and the genesis for a ledger without entries.
    pub fn head(&self) -> Result<(Seq, Hash), StoreError> {
        self.read(|connection| read_head(connection, &self.keys))
    }

    /// Asks something of the reading connection.
    pub(super) fn read<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let connection = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        ask(&connection).map_err(StoreError::database(&self.path))
    }

    /// Changes something other than entries, in a transaction. On a full disk it fails: the reserve is for entries.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer()?;
        let failed = StoreError::database(&self.path);
        let transaction =
            writer.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let result = change(&transaction).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(result)
    }

    /// Does something while no entry is being written by this program.
    pub(super) fn with_writer_at_rest<T>(&self, act: impl FnOnce() -> T) -> T {
        let _resting = self.writer.as_ref().map(|writer| writer.lock().unwrap_or_else(PoisonError::into_inner));
        act()
    }

    /// A connection of its own for a long look, such as verification.
    pub(super) fn another_reader(&self) -> Result<Connection, StoreError> {
        connection::open(&self.path, self.keys.database(), self.mode)
    }

    /// The database file that is being read: the home's own, or a copy of it.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn writer(&self) -> Result<MutexGuard<'_, Writer>, StoreError> {
        let writer = self.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        let mut writer = writer.lock().unwrap_or_else(|poisoned| {
            // A thread ended in the middle of an append: what it thought of the head does not count.
            let mut writer = poisoned.into_inner();
            writer.head = None;
            writer
        });
        if !writer.connection.is_autocommit() {
            writer.head = None;
            writer.connection.execute_batch("ROLLBACK").map_err(StoreError::database(&self.path))?;
        }
        Ok(writer)
    }
}

fn insert_entry(transaction: &Transaction<'_>, seq: Seq, bytes: &EntryBytes, hash: Hash) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT INTO entry (seq, bytes, hash) VALUES (?1, ?2, ?3)")?
        .execute(params![number(seq), bytes.0, hash.0])
        .map(|_| ())
}

fn read_practice(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT practice FROM identity", [], |row| row.get(0))
}

pub(super) fn stored_entry(row: &Row<'_>) -> rusqlite::Result<StoredEntry> {
    Ok(StoredEntry { seq: seq(row.get(0)?), bytes: EntryBytes(row.get(1)?), hash: Hash(row.get(2)?) })
}

fn read_head(connection: &Connection, keys: &Keys) -> rusqlite::Result<(Seq, Hash)> {
    let mut statement = connection.prepare_cached("SELECT seq, hash FROM entry ORDER BY seq DESC LIMIT 1")?;
    let found = statement.query_row([], |row| Ok((seq(row.get(0)?), Hash(row.get(1)?)))).optional()?;
    match found {
        Some(head) => Ok(head),
        None => Ok((Seq(0), genesis(&keys.verifying(), read_practice(connection)?))),
    }
}

pub(super) fn read_hash(connection: &Connection, at: Seq) -> rusqlite::Result<Option<Hash>> {
    let mut statement = connection.prepare_cached("SELECT hash FROM entry WHERE seq = ?1")?;
    statement.query_row([number(at)], |row| row.get(0).map(Hash)).optional()
}
