//! Registers and their rows.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{EachRecord, ImportNote, NewRecord, Register, StorageError, Upserted, count, failed, int};
use crate::domain::RegisterId;

pub(super) fn create(db: &Connection, id: &RegisterId, owner: &str, now_ms: i64) -> rusqlite::Result<bool> {
    let made = db.execute(
        "INSERT INTO registers (id, owner, objects, records, changed, created_ms) VALUES (?1, ?2, '', 0, 1, ?3)
         ON CONFLICT DO NOTHING",
        params![id.0, owner, now_ms],
    )?;
    Ok(made == 1)
}

const COLUMNS: &str = "id, owner, objects, records, as_of_ms, changed";

fn register(row: &Row<'_>) -> rusqlite::Result<Register> {
    let objects: String = row.get(2)?;
    Ok(Register {
        id: RegisterId(row.get(0)?),
        owner: row.get(1)?,
        objects: objects.split_whitespace().map(str::to_owned).collect(),
        records: count(row.get(3)?),
        as_of_ms: row.get(4)?,
        changed: row.get(5)?,
    })
}

pub(super) fn all(db: &Connection) -> rusqlite::Result<Vec<Register>> {
    db.prepare(&format!("SELECT {COLUMNS} FROM registers ORDER BY id"))?.query_map([], register)?.collect()
}

pub(super) fn one(db: &Connection, id: &RegisterId) -> rusqlite::Result<Option<Register>> {
    db.query_row(&format!("SELECT {COLUMNS} FROM registers WHERE id = ?1"), [&id.0], register).optional()
}

fn number(db: &Connection, id: &RegisterId) -> rusqlite::Result<i64> {
    db.query_row("SELECT number FROM registers WHERE id = ?1", [&id.0], |row| row.get(0))
}

pub(super) fn upsert(
    db: &Connection,
    id: &RegisterId,
    rows: &mut dyn Iterator<Item = Result<NewRecord, StorageError>>,
    note: &ImportNote,
) -> Result<Upserted, StorageError> {
    let register = number(db, id).map_err(failed)?;
    let empty: bool = db
        .query_row("SELECT NOT EXISTS (SELECT 1 FROM records WHERE register = ?1)", [register], |row| row.get(0))
        .map_err(failed)?;
    let mut done = Upserted::default();
    {
        let mut find = db.prepare("SELECT hash FROM records WHERE register = ?1 AND key = ?2").map_err(failed)?;
        let mut insert =
            db.prepare("INSERT INTO records (register, key, hash, bytes) VALUES (?1, ?2, ?3, ?4)").map_err(failed)?;
        let mut update =
            db.prepare("UPDATE records SET hash = ?3, bytes = ?4 WHERE register = ?1 AND key = ?2").map_err(failed)?;
        for row in rows {
            let row = row?;
            // Into an empty register nothing can be there already: the look-up is a third of the cost of a first import.
            let held: Option<Vec<u8>> = if empty {
                None
            } else {
                find.query_row(params![register, row.key], |found| found.get(0)).optional().map_err(failed)?
            };
            match held {
                None => {
                    insert.execute(params![register, row.key, row.hash, row.bytes]).map_err(failed)?;
                    done.added += 1;
                }
                Some(hash) if hash == row.hash => done.same += 1,
                Some(_) => {
                    update.execute(params![register, row.key, row.hash, row.bytes]).map_err(failed)?;
                    done.changed += 1;
                }
            }
        }
    }
    annotate(db, register, done, note).map_err(failed)?;
    Ok(done)
}

fn annotate(db: &Connection, register: i64, done: Upserted, note: &ImportNote) -> rusqlite::Result<()> {
    let before: String =
        db.query_row("SELECT objects FROM registers WHERE number = ?1", [register], |row| row.get(0))?;
    let mut objects: Vec<&str> = before.split_whitespace().chain(note.objects.iter().map(String::as_str)).collect();
    objects.sort_unstable();
    objects.dedup();
    let changed = done.added + done.changed > 0;
    // The age moves forward only: an older file added to a register makes none of it older. An import that changes
    // nothing leaves the age alone unless a person vouches for it.
    let as_of_ms = (changed || note.as_of_given).then_some(note.as_of_ms);
    db.execute(
        "UPDATE registers SET objects = ?2, records = records + ?3,
             changed = changed OR ?4 OR (?5 IS NOT NULL AND coalesce(as_of_ms < ?5, 1)),
             as_of_ms = CASE WHEN ?5 IS NULL THEN as_of_ms ELSE max(coalesce(as_of_ms, ?5), ?5) END
         WHERE number = ?1",
        params![register, objects.join(" "), int(done.added), changed, as_of_ms],
    )?;
    Ok(())
}

pub(super) fn note_published(db: &Connection, id: &RegisterId) -> rusqlite::Result<()> {
    db.execute("UPDATE registers SET changed = 0 WHERE id = ?1", [&id.0])?;
    Ok(())
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
