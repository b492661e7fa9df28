//! Opens an encrypted database: the one place where a key meets SQLCipher.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use zeroize::Zeroizing;

use super::StoreError;

/// How a database is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Made if it is not there; write-ahead log, every commit on disk before it returns.
    Write,
    /// As it is, beside a running writer.
    Read,
    /// As it is, on a medium that cannot be written at all; only for a file that nobody writes.
    Immutable,
}

/// The log is written back into the database after this many pages (2 MB): small, so that it fits the reserve.
const CHECKPOINT_PAGES: u32 = 512;

/// Opens and proves that the key fits.
pub fn open(path: &Path, key: &[u8; 32], mode: Mode) -> Result<Connection, StoreError> {
    let failed = StoreError::database(path);
    let flags = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match mode {
        Mode::Write => {
            Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)
        }
        Mode::Read => Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_READ_ONLY),
        Mode::Immutable => {
            let flags = flags | OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            Connection::open_with_flags(immutable_uri(path), flags)
        }
    }
    .map_err(&failed)?;
    // Until the file has proven to be ours, closing it must not write a log that may lie beside it over it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map_err(&failed)?;
    // A 32-byte raw key in this form skips the slow derivation that a passphrase would need.
    let hex = Zeroizing::new(data_encoding::HEXLOWER.encode(key));
    let pragma = Zeroizing::new(format!("PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{}'\";", *hex));
    connection.execute_batch(&pragma).map_err(&failed)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(&failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    // The first read decrypts the first page and so proves the key.
    connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0)).map_err(&failed)?;
    if mode == Mode::Write {
        connection.pragma_update(None, "journal_mode", "WAL").map_err(&failed)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(&failed)?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(&failed)?;
        connection.pragma_update(None, "trusted_schema", false).map_err(&failed)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false).map_err(&failed)?;
    }
    Ok(connection)
}

/// The path as an address that tells SQLite to take no locks and expect no changes.
fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}
