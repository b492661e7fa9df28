//! The database of one generation: its tables, and how it is opened for building and for reading.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::RecordsError;

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
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
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
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    unlock(&connection, key)?;
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000; PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// The database of what changed, for reading. What a kill left in its log is part of it.
pub(super) fn open_over(path: &Path, key: &[u8; 32]) -> Result<Connection, RecordsError> {
    let open = |flags| {
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        unlock(&connection, key)?;
        connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
        Ok::<_, RecordsError>(connection)
    };
    // A log left behind is read only by a connection that may write; on a medium that cannot be written there is none.
    open(OpenFlags::SQLITE_OPEN_READ_WRITE).or_else(|_| open(OpenFlags::SQLITE_OPEN_READ_ONLY))
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
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?immutable=1"
}
