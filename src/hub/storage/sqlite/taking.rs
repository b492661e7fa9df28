//! The rows of an import against the rows that are held: what came, what changed, what is gone.
//!
//! Both come in the order of their keys, so one walk along both is enough, whatever their number. The rows held are read a
//! page at a time, and nothing is written while a page is read.

use rusqlite::{Connection, OptionalExtension, Statement, params};

use super::registers::number;
use super::{Extent, ImportNote, NewRecord, StorageError, Taken, failed, int};
use crate::domain::RegisterId;

/// Rows held in memory at a time.
const PAGE_ROWS: i64 = 8192;

type Key = [u8; 16];

/// The rows of one register in order, by key and hash.
struct Held<'a> {
    select: Statement<'a>,
    register: i64,
    page: std::vec::IntoIter<(Key, Key)>,
    next: Option<(Key, Key)>,
    after: Option<Key>,
}

impl<'a> Held<'a> {
    fn of(db: &'a Connection, register: i64) -> Result<Self, StorageError> {
        let sql = "SELECT key, hash FROM records WHERE register = ?1 AND key > ?2 ORDER BY key LIMIT ?3";
        let select = db.prepare(sql).map_err(failed)?;
        let mut held = Self { select, register, page: Vec::new().into_iter(), next: None, after: None };
        held.advance()?;
        Ok(held)
    }

    fn advance(&mut self) -> Result<(), StorageError> {
        self.next = self.page.next();
        if self.next.is_none() {
            // An empty blob comes before every key.
            let after: &[u8] = self.after.as_ref().map_or(&[], |key| &key[..]);
            let rows = self.select.query_map(params![self.register, after, PAGE_ROWS], |row| {
                Ok((row.get::<_, Key>(0)?, row.get::<_, Key>(1)?))
            });
            let page = rows.and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>).map_err(failed)?;
            self.after = page.last().map(|(key, _)| *key).or(self.after);
            self.page = page.into_iter();
            self.next = self.page.next();
        }
        Ok(())
    }
}

/// Takes the rows of a file in. With `note.dry_run` nothing is written, and the counts are what they would be.
pub(super) fn take(
    db: &Connection,
    id: &RegisterId,
    rows: &mut dyn Iterator<Item = Result<NewRecord, StorageError>>,
    note: &ImportNote,
) -> Result<Taken, StorageError> {
    let register = number(db, id).map_err(failed)?;
    let mut done = Taken::default();
    let mut held = Held::of(db, register)?;
    let mut writer = Writer::of(db, register, note.dry_run)?;
    let whole = matches!(note.extent, Extent::Whole { .. });
    let gone = |done: &mut Taken, writer: &mut Writer<'_>, key: &Key| {
        if whole {
            done.withdrawn += 1;
            writer.delete(key)
        } else {
            done.untouched += 1;
            Ok(())
        }
    };
    for row in rows {
        let row = row?;
        while let Some((key, _)) = held.next.filter(|(key, _)| *key < row.key) {
            gone(&mut done, &mut writer, &key)?;
            held.advance()?;
        }
        let hash = held.next.filter(|(key, _)| *key == row.key).map(|(_, hash)| hash);
        match hash {
            _ if row.is_marker() => done.kept += u64::from(hash.is_some()),
            None => {
                writer.insert(&row)?;
                done.added += 1;
            }
            Some(hash) if hash == row.hash => done.same += 1,
            Some(_) => {
                writer.update(&row)?;
                done.changed += 1;
            }
        }
        if hash.is_some() {
            held.advance()?;
        }
    }
    while let Some((key, _)) = held.next {
        gone(&mut done, &mut writer, &key)?;
        held.advance()?;
    }
    refuse_too_many(&done, note)?;
    if !note.dry_run {
        annotate(db, register, done, note).map_err(failed)?;
    }
    Ok(done)
}

/// A file that was cut looks like one from which the rest was withdrawn; so many withdrawals need a person's word.
fn refuse_too_many(done: &Taken, note: &ImportNote) -> Result<(), StorageError> {
    let Extent::Whole { withdrawals_max } = note.extent else {
        return Ok(());
    };
    let (held, allowed) = (done.held(), done.withdrawals_allowed(withdrawals_max));
    if done.withdrawn > allowed && !note.dry_run {
        let given = withdrawals_max.is_some();
        return Err(StorageError::TooManyWithdrawals { withdrawn: done.withdrawn, held, allowed, given });
    }
    Ok(())
}

struct Writer<'a> {
    register: i64,
    dry_run: bool,
    insert: Statement<'a>,
    update: Statement<'a>,
    delete: Statement<'a>,
}

impl<'a> Writer<'a> {
    fn of(db: &'a Connection, register: i64, dry_run: bool) -> Result<Self, StorageError> {
        let prepare = |sql| db.prepare(sql).map_err(failed);
        Ok(Self {
            register,
            dry_run,
            insert: prepare("INSERT INTO records (register, key, hash, bytes) VALUES (?1, ?2, ?3, ?4)")?,
            update: prepare("UPDATE records SET hash = ?3, bytes = ?4 WHERE register = ?1 AND key = ?2")?,
            delete: prepare("DELETE FROM records WHERE register = ?1 AND key = ?2")?,
        })
    }

    fn insert(&mut self, row: &NewRecord) -> Result<(), StorageError> {
        if !self.dry_run {
            self.insert.execute(params![self.register, row.key, row.hash, row.bytes]).map_err(failed)?;
        }
        Ok(())
    }

    fn update(&mut self, row: &NewRecord) -> Result<(), StorageError> {
        if !self.dry_run {
            self.update.execute(params![self.register, row.key, row.hash, row.bytes]).map_err(failed)?;
        }
        Ok(())
    }

    fn delete(&mut self, key: &Key) -> Result<(), StorageError> {
        if !self.dry_run {
            self.delete.execute(params![self.register, key]).map_err(failed)?;
        }
        Ok(())
    }
}

fn annotate(db: &Connection, register: i64, done: Taken, note: &ImportNote) -> rusqlite::Result<()> {
    let before: Option<String> =
        db.query_row("SELECT objects FROM registers WHERE number = ?1", [register], |row| row.get(0)).optional()?;
    // What a whole file lists is all that the register lists, unless a record stays of which it has no good row.
    let is_all = matches!(note.extent, Extent::Whole { .. }) && done.kept == 0;
    let before = before.filter(|_| !is_all).unwrap_or_default();
    let mut objects: Vec<&str> = before.split_whitespace().chain(note.objects.iter().map(String::as_str)).collect();
    objects.sort_unstable();
    objects.dedup();
    let changed = done.added + done.changed + done.withdrawn > 0;
    // The age moves forward only: an older file added to a register makes none of it older. An import that changes
    // nothing leaves the age alone unless a person vouches for it.
    let as_of_ms = (changed || note.as_of_given).then_some(note.as_of_ms);
    db.execute(
        "UPDATE registers SET objects = ?2, records = records + ?3 - ?6,
             changed = changed OR ?4 OR (?5 IS NOT NULL AND coalesce(as_of_ms < ?5, 1)),
             as_of_ms = CASE WHEN ?5 IS NULL THEN as_of_ms ELSE max(coalesce(as_of_ms, ?5), ?5) END
         WHERE number = ?1",
        params![register, objects.join(" "), int(done.added), changed, as_of_ms, int(done.withdrawn)],
    )?;
    Ok(())
}
