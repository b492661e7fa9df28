//! Registers and their rows.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{EachChange, EachRecord, PublishTx, PublishedState, Register, StorageError, count, failed, int};
use crate::domain::{RegisterId, RegisterKind, RegisterVersion};

pub(super) fn create(
    db: &Connection,
    id: &RegisterId,
    owner: &str,
    kind: RegisterKind,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    let made = db.execute(
        "INSERT INTO registers (id, owner, kind, objects, records, changed, created_ms) VALUES (?1, ?2, ?3, '', 0, 1, ?4)
         ON CONFLICT DO NOTHING",
        params![id.0, owner, kind.code(), now_ms],
    )?;
    Ok(made == 1)
}

const COLUMNS: &str = "id, owner, objects, records, as_of_ms, changed, kind";

fn register(row: &Row<'_>) -> rusqlite::Result<Register> {
    let objects: String = row.get(2)?;
    Ok(Register {
        id: RegisterId(row.get(0)?),
        owner: row.get(1)?,
        objects: objects.split_whitespace().map(str::to_owned).collect(),
        records: count(row.get(3)?),
        as_of_ms: row.get(4)?,
        changed: row.get(5)?,
        kind: row.get::<_, String>(6)?.parse().unwrap_or_default(),
    })
}

pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<Register>> {
    db.prepare(&format!("SELECT {COLUMNS} FROM registers ORDER BY id"))?.query_map([], register)?.collect()
}

pub(super) fn one(db: &Connection, id: &RegisterId) -> rusqlite::Result<Option<Register>> {
    db.query_row(&format!("SELECT {COLUMNS} FROM registers WHERE id = ?1"), [&id.0], register).optional()
}

pub(super) fn number(db: &Connection, id: &RegisterId) -> rusqlite::Result<i64> {
    db.query_row("SELECT number FROM registers WHERE id = ?1", [&id.0], |row| row.get(0))
}

pub(super) fn noted_manifest(db: &Connection, id: &RegisterId) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT manifest FROM registers WHERE id = ?1 AND version > 0";
    Ok(db.query_row(sql, [&id.0], |row| row.get(0)).optional()?.flatten())
}

/// See [`PublishTx`].
pub(super) struct Publishing<'a> {
    db: &'a Connection,
    id: &'a RegisterId,
    number: i64,
}

impl<'a> Publishing<'a> {
    pub fn of(db: &'a Connection, id: &'a RegisterId) -> Result<Self, StorageError> {
        Ok(Self { db, id, number: number(db, id).map_err(failed)? })
    }
}

impl PublishTx for Publishing<'_> {
    fn state(&mut self) -> Result<Option<PublishedState>, StorageError> {
        let sql = "SELECT version, manifest, sums FROM registers
                   WHERE number = ?1 AND version > 0 AND manifest IS NOT NULL AND sums IS NOT NULL";
        let state = |row: &Row<'_>| {
            let version = RegisterVersion(count(row.get(0)?));
            Ok(PublishedState { version, manifest: row.get(1)?, sums: row.get(2)? })
        };
        self.db.query_row(sql, [self.number], state).optional().map_err(failed)
    }

    fn records(&mut self, each: EachRecord<'_>) -> Result<(), StorageError> {
        rows(self.db, self.id, each)
    }

    fn changes(&mut self, each: EachChange<'_>) -> Result<(), StorageError> {
        let sql =
            "SELECT c.before, r.bytes FROM changes c LEFT JOIN records r ON r.register = c.register AND r.key = c.key
                   WHERE c.register = ?1 ORDER BY c.key";
        let mut statement = self.db.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([self.number]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let blob = |at| row.get_ref(at).and_then(|x| Ok(x.as_blob_or_null()?)).map_err(failed);
            each(blob(0)?, blob(1)?)?;
        }
        Ok(())
    }

    fn published(&mut self, state: &PublishedState) -> Result<(), StorageError> {
        let noted = self.db.execute(
            "UPDATE registers SET changed = 0, version = ?2, manifest = ?3, sums = ?4 WHERE number = ?1",
            params![self.number, int(state.version.0), state.manifest, state.sums],
        );
        noted.map_err(failed)?;
        self.db.execute("DELETE FROM changes WHERE register = ?1", [self.number]).map_err(failed)?;
        Ok(())
    }
}

pub(super) fn rows(db: &Connection, id: &RegisterId, each: EachRecord<'_>) -> Result<(), StorageError> {
    let register = number(db, id).map_err(failed)?;
    let mut statement =
        db.prepare("SELECT key, bytes FROM records WHERE register = ?1 ORDER BY key").map_err(failed)?;
    let mut rows = statement.query([register]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let key = row.get_ref(0).and_then(|x| Ok(x.as_blob()?)).map_err(failed)?;
        let key: &[u8; 16] =
            key.try_into().map_err(|_| StorageError::Failed("a row's key has the wrong length".to_owned()))?;
        let bytes = row.get_ref(1).and_then(|x| Ok(x.as_blob()?)).map_err(failed)?;
        each(key, bytes)?;
    }
    Ok(())
}
