//! The tables of `ledger.db`, version by version. A migration that has been released is never edited.

use std::path::Path;

use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::StoreError;

/// Marks the file as ours ("TPL1"), so that another program's database is never taken for a ledger.
pub const APPLICATION_ID: i64 = 0x5450_4C31;

/// The newest version of the tables.
pub const VERSION: i64 = 1;

/// `entry`, `head` and `receipt` are the evidence; `identity` and `setting` cannot be rebuilt either. `sighting`,
/// `decision`, `retro_hit`, `shift` are projections of the entries; `photo` is one too, but for how much was sent.
const V1: &str = "
PRAGMA application_id = 0x54504C31;
CREATE TABLE identity (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    device BLOB NOT NULL,
    device_key BLOB NOT NULL,
    practice INTEGER NOT NULL
) STRICT;
CREATE TABLE entry (
    seq INTEGER PRIMARY KEY,
    bytes BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;
CREATE TABLE head (
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL,
    signed_ms INTEGER NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE INDEX head_by_seq ON head (seq);
CREATE TABLE receipt (
    through INTEGER NOT NULL,
    head BLOB NOT NULL,
    server_ms INTEGER NOT NULL,
    signature BLOB NOT NULL
) STRICT;
CREATE INDEX receipt_by_through ON receipt (through);
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE sighting (
    seq INTEGER PRIMARY KEY,
    wall_ms INTEGER NOT NULL,
    grade TEXT NOT NULL
) STRICT;
CREATE TABLE decision (
    seq INTEGER PRIMARY KEY,
    of INTEGER NOT NULL,
    code TEXT NOT NULL
) STRICT;
CREATE INDEX decision_by_check ON decision (of);
CREATE TABLE retro_hit (
    seq INTEGER PRIMARY KEY,
    of INTEGER NOT NULL,
    grade TEXT NOT NULL
) STRICT;
CREATE INDEX retro_hit_by_check ON retro_hit (of);
CREATE TABLE shift (
    seq INTEGER PRIMARY KEY,
    wall_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE photo (
    hash BLOB PRIMARY KEY,
    len INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    sent_bytes INTEGER NOT NULL DEFAULT 0,
    sent INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_pending ON photo (seq) WHERE sent = 0;
";

/// Says whether this program may use the file at all, before anything is written to it.
pub fn check(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let failed = StoreError::database(path);
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(&failed)?;
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(&failed)?;
    if application != APPLICATION_ID && (application != 0 || found != 0) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    if found > VERSION {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: VERSION });
    }
    Ok(found)
}

/// Brings the tables to the newest version, each step in a transaction.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    Migrations::new(vec![M::up(V1)]).to_latest(connection).map_err(|error| match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => StoreError::database(path)(err),
        _ => StoreError::Foreign { path: path.to_owned() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_migrations_are_valid_and_reach_the_version() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, Path::new("x")).unwrap();
        assert_eq!(check(&connection, Path::new("x")).unwrap(), VERSION);
    }
}
