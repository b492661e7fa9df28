//! [`Storage`] on SQLite: two files, one writer each, readers beside them.
//!
//! `hub.db` holds what must never be lost and is written with `synchronous=FULL`: an acknowledgement goes out only after
//! its rows are on the disk. `registers.db` is a file of its own, because an import of a million rows holds its write
//! lock for seconds at a time and no ledger may wait for that. Other processes (`device invite` beside a running
//! `serve`) write too; the engine's own locks keep them apart.

mod devices;
mod ledger;
mod registers;
mod sightings;
mod taking;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior};
use rusqlite_migration::{M, Migrations};

use super::*;
use crate::domain::{DeviceId, Hash, RegisterId, RegisterKind, Seq};

/// How long a call waits for another process's transaction before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Readers kept open; more are opened when needed and closed again.
const READERS_KEPT: usize = 4;

/// A database file with one writing connection and some reading ones.
struct File {
    path: PathBuf,
    // Dropped before the writer: only a connection that may write can fold the log into the file when it closes last.
    readers: Mutex<Vec<Connection>>,
    writer: Mutex<Connection>,
}

/// Storage in a folder.
pub struct SqliteStorage {
    hub: File,
    registers: File,
}

impl SqliteStorage {
    /// Opens both files, making them when absent and bringing older ones up to date.
    ///
    /// # Errors
    /// When a file is damaged, comes from a later program, or cannot be opened.
    pub fn open(hub: &Path, registers: &Path) -> Result<Self, StorageError> {
        let hub_steps = Migrations::new(vec![M::up(include_str!("hub.sql")), M::up(include_str!("hub_2.sql"))]);
        let register_steps = Migrations::new(vec![
            M::up(include_str!("registers.sql")),
            M::up(include_str!("registers_2.sql")),
            M::up(include_str!("registers_3.sql")),
        ]);
        Ok(Self { hub: File::open(hub, &hub_steps)?, registers: File::open(registers, &register_steps)? })
    }
}

impl File {
    fn open(path: &Path, steps: &Migrations<'_>) -> Result<Self, StorageError> {
        let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
            .map_err(|e| opening(path, &e))?;
        writer
            .execute_batch(
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536;
                 PRAGMA journal_size_limit=67108864;",
            )
            .map_err(|e| opening(path, &e))?;
        steps.to_latest(&mut writer).map_err(|e| match e {
            rusqlite_migration::Error::MigrationDefinition(
                rusqlite_migration::MigrationDefinitionError::DatabaseTooFarAhead,
            ) => StorageError::Newer { path: path.to_owned() },
            rusqlite_migration::Error::RusqliteError { err, .. } => opening(path, &err),
            other => StorageError::Failed(other.to_string()),
        })?;
        Ok(Self { path: path.to_owned(), writer: Mutex::new(writer), readers: Mutex::new(Vec::new()) })
    }

    fn writer(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere rolled its transaction back when it dropped; the connection itself stays sound.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` in one immediate transaction.
    fn write<T>(
        &self,
        work: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StorageError>,
    ) -> Result<T, StorageError> {
        let mut writer = self.writer();
        let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let value = work(&tx)?;
        tx.commit().map_err(failed)?;
        Ok(value)
    }

    /// Runs `work` in one read transaction on a connection of its own.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T, StorageError>) -> Result<T, StorageError> {
        let kept = self.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match kept {
            Some(reader) => reader,
            None => connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|e| opening(&self.path, &e))?,
        };
        let tx = reader.transaction().map_err(failed)?;
        let value = work(&tx)?;
        tx.finish().map_err(failed)?;
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.len() < READERS_KEPT {
            readers.push(reader);
        }
        Ok(value)
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn opening(path: &Path, error: &rusqlite::Error) -> StorageError {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            StorageError::Damaged { path: path.to_owned(), message: error.to_string() }
        }
        _ => StorageError::Failed(format!("{}: {error}", path.display())),
    }
}

fn failed(error: rusqlite::Error) -> StorageError {
    StorageError::Failed(error.to_string())
}

/// SQLite's integers are signed; nothing that we count reaches 2^63.
fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn hash_of(blob: &[u8]) -> Hash {
    // A blob of another length is damage; an all-zero hash then fails every comparison it meets.
    Hash(blob.try_into().unwrap_or_default())
}

fn device_of(blob: &[u8]) -> DeviceId {
    DeviceId(uuid::Uuid::from_slice(blob).unwrap_or_default())
}

impl Storage for SqliteStorage {
    fn ping(&self) -> Result<(), StorageError> {
        for file in [&self.hub, &self.registers] {
            file.read(|db| db.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(failed))?;
        }
        Ok(())
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StorageError> {
        self.hub.read(|db| {
            db.query_row("SELECT value FROM settings WHERE name = ?1", [name], |row| row.get(0))
                .optional()
                .map_err(failed)
        })
    }

    fn set_setting(&self, name: &str, value: &str) -> Result<(), StorageError> {
        self.hub.write(|tx| {
            tx.execute(
                "INSERT INTO settings VALUES (?1, ?2) ON CONFLICT DO UPDATE SET value = excluded.value",
                [name, value],
            )
            .map_err(failed)?;
            Ok(())
        })
    }

    fn add_invite(&self, invite: &NewInvite) -> Result<(), StorageError> {
        self.hub.write(|tx| devices::add_invite(tx, invite).map_err(failed))
    }

    fn redeem(&self, token: &Hash, device: &NewDevice, now_ms: i64) -> Result<Redeemed, StorageError> {
        self.hub.write(|tx| devices::redeem(tx, token, device, now_ms).map_err(failed))
    }

    fn device_by_key(&self, key: &[u8; 32]) -> Result<Option<Device>, StorageError> {
        self.hub.read(|db| devices::by_key(db, key).map_err(failed))
    }

    fn device(&self, id: DeviceId) -> Result<Option<Device>, StorageError> {
        self.hub.read(|db| devices::by_id(db, id).map_err(failed))
    }

    fn devices(&self) -> Result<Vec<Device>, StorageError> {
        self.hub.read(|db| devices::all(db).map_err(failed))
    }

    fn revoke(&self, id: DeviceId, now_ms: i64) -> Result<bool, StorageError> {
        self.hub.write(|tx| devices::revoke(tx, id, now_ms).map_err(failed))
    }

    fn seen(&self, id: DeviceId, now_ms: i64) -> Result<(), StorageError> {
        self.hub.write(|tx| devices::seen(tx, id, now_ms).map_err(failed))
    }

    fn ledger(&self, device: DeviceId, work: LedgerWork<'_>) -> Result<(), StorageError> {
        self.hub.write(|tx| work(&mut ledger::Tx { db: tx, device }))
    }

    fn entries(&self, device: DeviceId, first: Seq, limit: u64) -> Result<Vec<StoredEntry>, StorageError> {
        self.hub.read(|db| ledger::entries(db, device, first, limit).map_err(failed))
    }

    fn receipts(&self, device: DeviceId) -> Result<Vec<StoredSigned>, StorageError> {
        self.hub.read(|db| {
            ledger::signed(db, "SELECT next_seq, bytes FROM receipts WHERE device_id = ?1 ORDER BY next_seq", device)
                .map_err(failed)
        })
    }

    fn heads(&self, device: DeviceId) -> Result<Vec<StoredSigned>, StorageError> {
        self.hub.read(|db| {
            ledger::signed(db, "SELECT next_seq, bytes FROM heads WHERE device_id = ?1 ORDER BY next_seq", device)
                .map_err(failed)
        })
    }

    fn sightings(&self, query: &SightingQuery, each: &mut dyn FnMut(Sighting) -> bool) -> Result<(), StorageError> {
        self.hub.read(|db| sightings::list(db, query, each))
    }

    fn sightings_at(&self, device: DeviceId, seq: Seq) -> Result<Vec<Sighting>, StorageError> {
        self.hub.read(|db| sightings::at(db, device, seq))
    }

    fn post_counts(&self) -> Result<Vec<PostCounts>, StorageError> {
        self.hub.read(|db| sightings::counts(db).map_err(failed))
    }

    fn photo(&self, device: DeviceId, hash: &Hash) -> Result<Option<StoredPhoto>, StorageError> {
        self.hub.read(|db| ledger::photo(db, device, hash).map_err(failed))
    }

    fn set_photo(&self, device: DeviceId, hash: &Hash, photo: StoredPhoto) -> Result<(), StorageError> {
        self.hub.write(|tx| ledger::set_photo(tx, device, hash, photo).map_err(failed))
    }

    fn create_register(
        &self,
        id: &RegisterId,
        owner: &str,
        kind: RegisterKind,
        now_ms: i64,
    ) -> Result<bool, StorageError> {
        self.registers.write(|tx| registers::create(tx, id, owner, kind, now_ms).map_err(failed))
    }

    fn registers(&self) -> Result<Vec<Register>, StorageError> {
        self.registers.read(|db| registers::all(db).map_err(failed))
    }

    fn register(&self, id: &RegisterId) -> Result<Option<Register>, StorageError> {
        self.registers.read(|db| registers::one(db, id).map_err(failed))
    }

    fn take_records(
        &self,
        id: &RegisterId,
        rows: &mut dyn Iterator<Item = Result<NewRecord, StorageError>>,
        note: &ImportNote,
    ) -> Result<Taken, StorageError> {
        self.registers.write(|tx| taking::take(tx, id, rows, note))
    }

    fn publishing(&self, id: &RegisterId, work: PublishWork<'_>) -> Result<(), StorageError> {
        self.registers.write(|tx| work(&mut registers::Publishing::of(tx, id)?))
    }

    fn noted_manifest(&self, id: &RegisterId) -> Result<Option<Vec<u8>>, StorageError> {
        self.registers.read(|db| registers::noted_manifest(db, id).map_err(failed))
    }

    fn records(&self, id: &RegisterId, each: EachRecord<'_>) -> Result<(), StorageError> {
        self.registers.read(|db| registers::rows(db, id, each))
    }
}
