//! The database of one generation: its tables, and how it is opened for building and for reading.

use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;
use zeroize::Zeroizing;

use super::RecordsError;
use crate::platform::files;

const TABLES: &str = "
    CREATE TABLE registers (number INTEGER PRIMARY KEY, manifest BLOB NOT NULL);
    -- The rows of each bucket, a short hash of each row's id (two bytes), and the sum of its records.
    CREATE TABLE buckets (
        register INTEGER NOT NULL, bucket INTEGER NOT NULL, first_row INTEGER NOT NULL, rows INTEGER NOT NULL,
        sum BLOB NOT NULL, tags BLOB NOT NULL, PRIMARY KEY (register, bucket)
    );
    CREATE TABLE texts (n INTEGER PRIMARY KEY, text TEXT NOT NULL);
    -- What opens the file of records: one row.
    CREATE TABLE blocks (salt BLOB NOT NULL, lengths BLOB NOT NULL);
";

/// Form of a generation's database.
const FORM: i64 = 4;
/// The form before, with the records in a table of the database. It is read, and no more written.
const FORM_WITH_ROWS: i64 = 3;

fn unlock(connection: &Connection, key: &[u8; 32]) -> Result<(), RecordsError> {
    let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(key));
    let pragma = Zeroizing::new(format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\";", *hex));
    Ok(connection.execute_batch(&pragma)?)
}

/// A new database inside one open transaction. Nothing protects it while it is built: until the pointer names it, it is
/// nobody's, and what is left of it after a power loss is thrown away.
pub(super) fn create(path: &Path, key: &[u8; 32]) -> Result<Connection, RecordsError> {
    files::create_private(path).map_err(RecordsError::io(path))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    unlock(&connection, key)?;
    connection.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
         PRAGMA cache_size = -4000; PRAGMA user_version = 4; BEGIN;",
    )?;
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

/// The database of what changed, for writing; it is made when it is not there. Each commit is on disk before it returns.
pub(super) fn create_over(path: &Path, key: &[u8; 32]) -> Result<Connection, RecordsError> {
    if !path.exists() {
        files::create_private(path).map_err(RecordsError::io(path))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    unlock(&connection, key)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// The database of what changed, for reading. What a kill left in its log is part of it.
///
/// SQLite reads a database with a write-ahead log only where it can put a file beside it. A disk that is full or cannot be
/// written must not take the registers away, so then the database is read as it stands when its log is empty, with
/// everything held in memory when the log may be opened for writing, and else from a copy: the first value, whose files
/// go when it is dropped.
pub(super) fn open_over(path: &Path, key: &[u8; 32]) -> Result<(Option<TempDir>, Connection), RecordsError> {
    let open = |file: String, flags, first: &str| {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let connection = Connection::open_with_flags(file, flags)?;
        unlock(&connection, key)?;
        connection.execute_batch(first)?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok::<_, RecordsError>(connection)
    };
    let (read, write) = (OpenFlags::SQLITE_OPEN_READ_ONLY, OpenFlags::SQLITE_OPEN_READ_WRITE);
    // A log left behind is read only by a connection that may write.
    let usual = || open(address(path), write, "").or_else(|_| open(address(path), read, ""));
    let log = log_of(path);
    let has_log = std::fs::metadata(&log).is_ok_and(|log| log.len() > 0);
    match usual() {
        Ok(connection) => Ok((None, connection)),
        Err(_) if !has_log => open(immutable(path), read, "").map(|connection| (None, connection)),
        Err(_) => {
            // Nothing is written back: what is read here belongs to whoever writes next.
            if let Ok(alone) = open(address(path), write, "PRAGMA locking_mode = EXCLUSIVE;") {
                alone.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
                return Ok((None, alone));
            }
            let dir = tempfile::tempdir().map_err(RecordsError::io(&std::env::temp_dir()))?;
            let copy = dir.path().join("over");
            for (from, to) in [(path, &copy), (&log, &log_of(&copy))] {
                std::fs::copy(from, to).map_err(RecordsError::io(from))?;
                files::make_private(to).map_err(RecordsError::io(to))?;
            }
            open(address(&copy), write, "").map(|connection| (Some(dir), connection))
        }
    }
}

/// What SQLite has not yet written back into the database.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    PathBuf::from(log)
}

/// Ends the transaction, closes and flushes.
pub(super) fn seal(connection: Connection, path: &Path) -> Result<u64, RecordsError> {
    connection.execute_batch("COMMIT")?;
    connection.close().map_err(|(_, error)| error)?;
    let failed = |source| RecordsError::Io { path: path.to_owned(), source };
    let file = std::fs::File::open(path).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    Ok(file.metadata().map_err(failed)?.len())
}

/// A sealed database, which nobody writes any more: no locks are taken, and locks are two thirds of a warm look-up.
/// With it, whether the records have a file of their own.
pub(super) fn open(path: &Path, key: &[u8; 32]) -> Result<(Connection, bool), RecordsError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(immutable(path), flags)?;
    unlock(&connection, key)?;
    connection.set_prepared_statement_cache_capacity(16);
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    match version {
        FORM => Ok((connection, true)),
        FORM_WITH_ROWS => Ok((connection, false)),
        _ => Err(RecordsError::Damaged("they are of another version")),
    }
}

fn immutable(path: &Path) -> String {
    address(path) + "?immutable=1"
}

/// The path as SQLite takes it together with settings.
fn address(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri
}
