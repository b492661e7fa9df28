//! How the ledger of a home is opened: by its one writer, beside it, on a medium that cannot be written, or not at all.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::{Connection, OptionalExtension, params};

use super::{Access, LedgerStore, Writer, read_head};
use crate::domain::Seq;
use crate::ledger::Entry;
use crate::platform::{Clock, ClockWatch, Moment, SystemClock, failpoint, files};
use crate::store::connection::{self, Mode};
use crate::store::projections::number;
use crate::store::reserve::Reserve;
use crate::store::{Home, Keys, StoreError, migrations};

impl LedgerStore {
    /// Opens the ledger of a home with the machine's clocks.
    pub fn open(home: &Home, access: Access) -> Result<Self, StoreError> {
        Self::open_with_clock(home, access, Arc::new(SystemClock::new()))
    }

    /// Opens the ledger of a home. A writer makes what is missing; a reader changes nothing.
    pub fn open_with_clock(home: &Home, access: Access, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        match access {
            Access::Write => Self::open_writer(home, clock),
            Access::Read => Self::open_reader(home, clock),
        }
    }

    fn open_writer(home: &Home, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        Home::open(home.dir())?;
        let lock = home.lock()?;
        failpoint::hit("ledger.open").map_err(|_| StoreError::DiskFull { path: home.ledger() })?;
        if home.lost_ledger() {
            return Err(StoreError::LedgerMissing { dir: home.dir().to_owned() });
        }
        let keys = Keys::open_or_create(home)?;
        let path = home.ledger();
        let reserve = Reserve::of(home);
        let begun = home.had_ledger();
        let connection = match Self::open_tables(&path, &keys, begun) {
            // On a full disk even the file of shared memory beside the log cannot be made, and SQLite calls that an I/O error.
            Err(error) if (error.is_disk_full() || no_room(home)) && reserve.release() => {
                Self::open_tables(&path, &keys, begun)?
            }
            Err(_) if no_room(home) => return Err(StoreError::DiskFull { path }),
            other => other?,
        };
        // What a kill left behind the end of the log is not to be taken for a change later: the log begins anew. When a reader
        // is in the way or the disk is full, it stays as it is, and nothing is lost by that.
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        reserve.restore();
        let reader = connection::open(&path, keys.database(), Mode::Read)?;
        let head = read_head(&connection, &keys).map_err(StoreError::database(&path))?;
        let last_moment = read_last_moment(&connection, head.0).map_err(StoreError::database(&path))?;
        let watch = ClockWatch::from(last_moment);
        let writer = Writer { connection, head: Some(head), watch, appends: 0 };
        Ok(Self {
            writer: Some(Mutex::new(writer)),
            reader: Mutex::new(reader),
            home: home.clone(),
            keys,
            clock,
            reserve,
            path,
            mode: Mode::Read,
            _copy: None,
            _lock: Some(lock),
        })
    }

    /// An empty ledger that nothing can be written to, in place of one that is damaged or gone, or whose device key is: the
    /// registers of the home can be asked all the same. What the home holds stays as it is.
    ///
    /// # Errors
    /// When the database key cannot be used, or the system gives no folder for it.
    pub fn in_place_of(home: &Home, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let keys = Keys::without_device(home)?;
        let dir = tempfile::tempdir().map_err(StoreError::io(home.dir()))?;
        let path = dir.path().join("ledger.db");
        drop(Self::open_tables(&path, &keys, false)?);
        let reader = connection::open(&path, keys.database(), Mode::Read)?;
        Ok(Self {
            writer: None,
            reader: Mutex::new(reader),
            home: home.clone(),
            keys,
            clock,
            reserve: Reserve::of(home),
            path,
            mode: Mode::Read,
            _copy: Some(dir),
            _lock: None,
        })
    }

    /// The tables, made where there are none; where a ledger was `begun` already, that is its loss.
    fn open_tables(path: &Path, keys: &Keys, begun: bool) -> Result<Connection, StoreError> {
        if !path.exists() {
            // SQLite takes an empty file for a new database, and gives its log the same permissions.
            files::write_new(path, b"").map_err(StoreError::io(path))?;
        }
        let mut connection = connection::open(path, keys.database(), Mode::Write)?;
        if migrations::check(&connection, path)? == 0 && begun {
            return Err(StoreError::LedgerMissing { dir: path.parent().unwrap_or(path).to_owned() });
        }
        migrations::migrate(&mut connection, path)?;
        let failed = StoreError::database(path);
        connection
            .execute(
                "INSERT OR IGNORE INTO identity (one, device, device_key, practice) VALUES (1, ?1, ?2, 0)",
                params![keys.device().0.as_bytes(), keys.verifying().as_bytes()],
            )
            .map_err(&failed)?;
        check_identity(&connection, keys).map_err(&failed)?.then_some(connection).ok_or(StoreError::OtherDevice)
    }

    fn open_reader(home: &Home, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let mut path = home.ledger();
        if home.lost_ledger() {
            return Err(StoreError::LedgerMissing { dir: home.dir().to_owned() });
        }
        if !path.exists() {
            return Err(StoreError::NoLedger { dir: home.dir().to_owned() });
        }
        let keys = Keys::open(home)?;
        let (mut mode, mut copy) = (Mode::Read, None);
        let connection = match connection::open(&path, keys.database(), Mode::Read) {
            // On a medium that cannot be written SQLite cannot open a database with a write-ahead log in the usual way.
            Err(StoreError::Database(error)) if cannot_write_beside(&error) => {
                if std::fs::metadata(home.ledger_wal()).is_ok_and(|wal| wal.len() > 0) {
                    let (dir, copied) = copy_with_log(home)?;
                    (copy, path) = (Some(dir), copied);
                } else {
                    mode = Mode::Immutable;
                }
                connection::open(&path, keys.database(), mode)?
            }
            other => other?,
        };
        let found = migrations::check(&connection, &path)?;
        if found == 0 {
            let dir = home.dir().to_owned();
            // A writer was stopped before it had made the tables: nothing was ever recorded, unless other files tell of it.
            return Err(if home.had_ledger() {
                StoreError::LedgerMissing { dir }
            } else {
                StoreError::NoLedger { dir }
            });
        }
        if found < migrations::VERSION {
            return Err(StoreError::Older { path, found, known: migrations::VERSION });
        }
        if !check_identity(&connection, &keys).map_err(StoreError::database(&path))? {
            return Err(StoreError::OtherDevice);
        }
        Ok(Self {
            writer: None,
            reader: Mutex::new(connection),
            home: home.clone(),
            keys,
            clock,
            reserve: Reserve::of(home),
            path,
            mode,
            _copy: copy,
            _lock: None,
        })
    }
}

/// Whether the ledger was begun with these keys.
fn check_identity(connection: &Connection, keys: &Keys) -> rusqlite::Result<bool> {
    connection.query_row("SELECT device, device_key FROM identity", [], |row| {
        let (device, key): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        Ok(device == keys.device().0.as_bytes() && key == keys.verifying().as_bytes())
    })
}

/// Whether the disk has no room for the files that SQLite makes beside a database.
fn no_room(home: &Home) -> bool {
    files::free_bytes(home.dir()).is_some_and(|free| free < 128 << 10)
}

fn read_last_moment(connection: &Connection, at: Seq) -> rusqlite::Result<Option<Moment>> {
    let mut statement = connection.prepare_cached("SELECT bytes FROM entry WHERE seq = ?1")?;
    let bytes = statement.query_row([number(at)], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    let entry = bytes.and_then(|bytes| Entry::decode(&bytes).ok());
    Ok(entry.map(|entry| Moment { wall_ms: entry.wall_ms, mono_ms: entry.mono_ms, boot: entry.boot }))
}

/// Whether SQLite failed because it could not make its files beside the database.
fn cannot_write_beside(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{CannotOpen, PermissionDenied, ReadOnly, SystemIoFailure};
    matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly | SystemIoFailure))
}

/// A private copy of the database with its log, for a medium that cannot be written.
fn copy_with_log(home: &Home) -> Result<(tempfile::TempDir, PathBuf), StoreError> {
    let dir = tempfile::tempdir().map_err(StoreError::io(&std::env::temp_dir()))?;
    let copied = dir.path().join("ledger.db");
    for (from, to) in [(home.ledger(), copied.clone()), (home.ledger_wal(), dir.path().join("ledger.db-wal"))] {
        std::fs::copy(&from, &to).map_err(StoreError::io(&from))?;
        files::make_private(&to).map_err(StoreError::io(&to))?;
    }
    Ok((dir, copied))
}
