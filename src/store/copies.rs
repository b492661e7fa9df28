//! Copies of a ledger: to look at elsewhere, and, for the practice post's demonstration, to spoil.

use std::path::PathBuf;

use rusqlite::{OptionalExtension, params};

use super::connection::{self, Mode};
use super::projections::number;
use super::{Home, Keys, LedgerStore, StoreError};
use crate::domain::Seq;
use crate::platform::files;

impl LedgerStore {
    /// Copies the ledger with its keys into a new home; photos and registers stay behind. No entry is written meanwhile, so
    /// the copy is of one moment.
    pub fn copy_to(&self, dir: impl Into<PathBuf>) -> Result<Home, StoreError> {
        let copy = Home::open(dir)?;
        self.with_writer_at_rest(|| {
            let from = self.home();
            for (from, to) in [
                (from.ledger(), copy.ledger()),
                (from.ledger_wal(), copy.ledger_wal()),
                (from.database_key(), copy.database_key()),
                (from.device_key(), copy.device_key()),
            ] {
                if from.exists() {
                    std::fs::copy(&from, &to).map_err(StoreError::io(&to))?;
                    files::make_private(&to).map_err(StoreError::io(&to))?;
                }
            }
            Ok::<_, StoreError>(())
        })?;
        Ok(copy)
    }
}

/// Changes one byte of an entry, as somebody would who has the key. For the demonstration that verification finds it, so it
/// works on a practice ledger only.
pub fn change_one_byte(home: &Home, at: Seq) -> Result<(), StoreError> {
    let _lock = home.lock()?;
    let path = home.ledger();
    let failed = StoreError::database(&path);
    let connection = connection::open(&path, Keys::open(home)?.database(), Mode::Write)?;
    let practice: bool =
        connection.query_row("SELECT practice FROM identity", [], |row| row.get(0)).map_err(&failed)?;
    if !practice {
        return Err(StoreError::PracticeMismatch { is: false, wanted: true });
    }
    let bytes: Option<Vec<u8>> = connection
        .query_row("SELECT bytes FROM entry WHERE seq = ?1", [number(at)], |row| row.get(0))
        .optional()
        .map_err(&failed)?;
    let mut bytes = bytes.ok_or(StoreError::NoSuchCheck(at))?;
    if let Some(last) = bytes.last_mut() {
        *last ^= 1;
    }
    let changed = connection.execute("UPDATE entry SET bytes = ?2 WHERE seq = ?1", params![number(at), bytes]);
    changed.map(|_| ()).map_err(&failed)
}
