//! The records of a generation as rows of its database: some sixteen records a row, which SQLite reads and writes in little
//! more time than one, and texts that repeat once for all.

use std::sync::OnceLock;

use rusqlite::{CachedStatement, Connection, Statement};
use sha2::{Digest, Sha256};

use super::RecordsError;
use super::row::{self, Texts};
use crate::domain::{Hash, Record};
use crate::registers::Frozen;

/// Records of one row of the database.
const RECORDS_PER_BLOCK: u32 = 16;
/// Most texts that are held in memory; registers repeat a few thousand, and those that come first are those that repeat.
const TEXTS_HELD_MAX: u32 = 100_000;

pub(super) const TABLES: &str = "
    CREATE TABLE texts (n INTEGER PRIMARY KEY, text TEXT NOT NULL);
    -- Blocks of sixteen records, each after its length.
    CREATE TABLE records (block INTEGER PRIMARY KEY, body BLOB NOT NULL);
";

const DAMAGED: RecordsError = RecordsError::Damaged("a block of records does not decode");

/// Writes records one after the other; their rows are numbered from 0.
pub(super) struct Writer<'a> {
    insert: Statement<'a>,
    connection: &'a Connection,
    texts: Texts,
    block: Vec<u8>,
    rows: u32,
}

impl<'a> Writer<'a> {
    pub fn new(connection: &'a Connection) -> Result<Self, RecordsError> {
        let insert = connection.prepare("INSERT INTO records (block, body) VALUES (?1, ?2)")?;
        Ok(Self { insert, connection, texts: Texts::default(), block: Vec::with_capacity(4096), rows: 0 })
    }

    /// Number of records so far, which is the row of the next.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Adds a record and gives its row. `more` is what it says beyond its first frozen form.
    pub fn push(&mut self, frozen: &Frozen<'_>, more: &[u8]) -> Result<u32, RecordsError> {
        let row = self.rows;
        let next = row.checked_add(1).ok_or(RecordsError::Damaged("too many records"))?;
        row::encode_into(frozen, more, &mut self.texts, &mut self.block)?;
        self.rows = next;
        if next.is_multiple_of(RECORDS_PER_BLOCK) {
            self.flush(row / RECORDS_PER_BLOCK)?;
        }
        Ok(row)
    }

    fn flush(&mut self, block: u32) -> Result<(), RecordsError> {
        self.insert.execute((block, &self.block))?;
        self.block.clear();
        Ok(())
    }

    /// Writes what is left.
    pub fn finish(mut self) -> Result<(), RecordsError> {
        if !self.block.is_empty() {
            self.flush(self.rows / RECORDS_PER_BLOCK)?;
        }
        self.texts.store(self.connection)
    }
}

/// The rows of a generation, open for reading.
pub(super) struct Rows {
    db: Connection,
    /// The texts that rows name by number, read when the first row is.
    texts: OnceLock<Vec<Box<str>>>,
}

impl Rows {
    pub fn new(db: Connection) -> Self {
        Self { db, texts: OnceLock::new() }
    }

    /// The database, for its other tables.
    pub fn db(&self) -> &Connection {
        &self.db
    }

    fn texts(&self) -> Result<&[Box<str>], RecordsError> {
        if let Some(texts) = self.texts.get() {
            return Ok(texts);
        }
        let mut select = self.db.prepare("SELECT text FROM texts WHERE n <= ?1 ORDER BY n")?;
        let rows = select.query_map([TEXTS_HELD_MAX], |row| row.get::<_, String>(0))?;
        let texts = rows.map(|text| Ok(text?.into_boxed_str())).collect::<Result<_, RecordsError>>()?;
        Ok(self.texts.get_or_init(|| texts))
    }

    /// Hands a body to `take` in frozen form, with what it says beyond that.
    fn frozen<T>(
        &self,
        body: &[u8],
        take: impl FnOnce(&Frozen<'_>, &[u8]) -> Result<T, RecordsError>,
    ) -> Result<T, RecordsError> {
        let texts = self.texts()?;
        let mut rare: Vec<(u32, String)> = Vec::new();
        if texts.len() >= TEXTS_HELD_MAX as usize {
            for n in row::names(body)?.into_iter().filter(|n| *n > TEXTS_HELD_MAX) {
                let mut select = self.db.prepare_cached("SELECT text FROM texts WHERE n = ?1")?;
                rare.push((n, select.query_row([n], |row| row.get(0))?));
            }
        }
        let text = |n: u32| match texts.get((n as usize).wrapping_sub(1)) {
            Some(text) => Ok(&**text),
            None => rare.iter().find(|(number, _)| *number == n).map(|(_, text)| text.as_str()).ok_or(DAMAGED),
        };
        row::thawing(body, text, take)
    }

    /// The record at a row.
    pub fn record(&self, row: u32) -> Result<Record, RecordsError> {
        self.at(row, |body| self.frozen(body, row::record_of))
    }

    /// The content hash of the record at a row, when it has that id.
    pub fn hash_if(&self, row: u32, id: &str) -> Result<Option<Hash>, RecordsError> {
        self.at(row, |body| {
            if row::id_of(body)? != id {
                return Ok(None);
            }
            let mut bytes = Vec::with_capacity(256);
            self.frozen(body, |frozen, more| frozen.write_known(more, &mut bytes).map_err(|_| DAMAGED))?;
            Ok(Some(Hash(Sha256::digest(&bytes).into())))
        })
    }

    /// Only the id of the record at a row.
    pub fn id(&self, row: u32) -> Result<String, RecordsError> {
        self.at(row, |body| row::id_of(body).map(str::to_owned))
    }

    fn at<T>(&self, row: u32, work: impl FnOnce(&[u8]) -> Result<T, RecordsError>) -> Result<T, RecordsError> {
        let mut select = self.select()?;
        let mut rows = select.query([row / RECORDS_PER_BLOCK])?;
        let found = rows.next()?.ok_or(RecordsError::Damaged("a record is missing"))?;
        let block = found.get_ref(0)?.as_blob().map_err(|_| DAMAGED)?;
        let body = bodies(block).nth((row % RECORDS_PER_BLOCK) as usize).ok_or(DAMAGED)?;
        work(body)
    }

    fn select(&self) -> Result<CachedStatement<'_>, RecordsError> {
        Ok(self.db.prepare_cached("SELECT body FROM records WHERE block = ?1")?)
    }

    /// `count` records from a row on, in order and in frozen form, each with what it says beyond that.
    pub fn each(
        &self,
        first: u32,
        count: u32,
        take: &mut dyn FnMut(&Frozen<'_>, &[u8]) -> Result<(), RecordsError>,
    ) -> Result<(), RecordsError> {
        let mut select = self.select()?;
        let end = first.checked_add(count).ok_or(DAMAGED)?;
        let mut row = first;
        while row < end {
            let mut rows = select.query([row / RECORDS_PER_BLOCK])?;
            let found = rows.next()?.ok_or(RecordsError::Damaged("records are missing"))?;
            let block = found.get_ref(0)?.as_blob().map_err(|_| DAMAGED)?;
            let here = (end - row).min(RECORDS_PER_BLOCK - row % RECORDS_PER_BLOCK) as usize;
            for body in bodies(block).skip((row % RECORDS_PER_BLOCK) as usize).take(here) {
                self.frozen(body, |frozen, more| take(frozen, more))?;
                row += 1;
            }
            if row < end && !row.is_multiple_of(RECORDS_PER_BLOCK) {
                return Err(RecordsError::Damaged("records are missing"));
            }
        }
        Ok(())
    }
}

/// The bodies in a block.
fn bodies(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = block;
    std::iter::from_fn(move || {
        let (len, after) = row::take_len(rest)?;
        let (body, after) = after.split_at_checked(len)?;
        rest = after;
        Some(body)
    })
}
