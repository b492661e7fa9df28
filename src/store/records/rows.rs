//! The records of a generation as rows: a few records a block, which is sealed, written and read as one, and texts that
//! repeat once for all.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rusqlite::Connection;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::blocks::{self, Blocks};
use super::pointer::{db_path, rows_path};
use super::row::{self, Texts};
use super::{RecordsError, db};
use crate::domain::{Hash, Record};
use crate::platform::files;
use crate::registers::Frozen;

/// Records of one block: with more the file is a little shorter, and a look-up opens more in vain.
const RECORDS_PER_BLOCK: u32 = 8;
/// The same of generations that have their records in the database.
const RECORDS_PER_ROW: u32 = 16;
/// Most texts that are held in memory; registers repeat a few thousand, and those that come first are those that repeat.
const TEXTS_HELD_MAX: u32 = 100_000;

const DAMAGED: RecordsError = RecordsError::Damaged("a block of records does not decode");

/// Writes records one after the other; their rows are numbered from 0.
pub(super) struct Writer<'a> {
    connection: &'a Connection,
    blocks: blocks::Writer,
    texts: Texts,
    block: Vec<u8>,
    rows: u32,
}

impl<'a> Writer<'a> {
    pub fn new(connection: &'a Connection, blocks: blocks::Writer) -> Self {
        Self { connection, blocks, texts: Texts::default(), block: Vec::with_capacity(4096), rows: 0 }
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
            self.blocks.put(&mut self.block)?;
        }
        Ok(row)
    }

    /// Writes what is left; gives the file of blocks, not flushed to disk yet.
    pub fn finish(mut self) -> Result<files::Paced, RecordsError> {
        if !self.block.is_empty() {
            self.blocks.put(&mut self.block)?;
        }
        self.texts.store(self.connection)?;
        let (file, seal) = self.blocks.finish()?;
        let row = (&seal.salt[..], &seal.lengths);
        self.connection.execute("INSERT INTO blocks (salt, lengths) VALUES (?1, ?2)", row)?;
        Ok(file)
    }
}

/// The rows of a generation, open for reading.
pub(super) struct Rows {
    db: Connection,
    shared: Arc<Shared>,
}

/// What all who read the rows of a generation have in common.
pub(super) struct Shared {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
    /// `None`: they stand in the database, as those of before do.
    blocks: Option<Blocks>,
    /// The texts that rows name by number, read when the first row is.
    texts: OnceLock<Vec<Box<str>>>,
}

impl Shared {
    fn records_per_block(&self) -> u32 {
        if self.blocks.is_some() { RECORDS_PER_BLOCK } else { RECORDS_PER_ROW }
    }

    /// See [`Blocks::look_through`].
    pub fn look_through(&self, is_wanted: &dyn Fn() -> bool) {
        if let Some(blocks) = &self.blocks {
            blocks.look_through(is_wanted);
        }
    }

    /// The record at a row, where the database is not needed for it: it stands in a block, and all its texts are in memory.
    pub fn record(&self, row: u32) -> Option<Result<Record, RecordsError>> {
        let (blocks, texts) = (self.blocks.as_ref()?, self.texts.get()?);
        let mut held = Vec::with_capacity(1024);
        if let Err(error) = blocks.read(row / RECORDS_PER_BLOCK, &mut held) {
            return Some(Err(error));
        }
        let body = bodies(&held).nth((row % RECORDS_PER_BLOCK) as usize);
        let is_rare = std::cell::Cell::new(false);
        let text = |n: u32| {
            let text = texts.get((n as usize).wrapping_sub(1)).map(|text| &**text);
            is_rare.set(is_rare.get() || text.is_none());
            text.ok_or(DAMAGED)
        };
        let record = body.ok_or(DAMAGED).and_then(|body| row::thawing(body, text, row::record_of));
        (!is_rare.get()).then_some(record)
    }
}

impl Rows {
    /// Those of a generation.
    pub fn open(dir: &Path, generation: u64, key: &[u8; 32]) -> Result<Self, RecordsError> {
        let path = db_path(dir, generation);
        let (db, has_blocks) = db::open(&path, key)?;
        let mut blocks = None;
        if has_blocks {
            let path = rows_path(dir, generation);
            let open = |row: &rusqlite::Row<'_>| {
                let (salt, lengths) = (row.get_ref(0)?.as_blob()?, row.get_ref(1)?.as_blob()?);
                Ok(Blocks::open(&path, key, salt, lengths))
            };
            blocks = Some(db.query_row("SELECT salt, lengths FROM blocks", [], open)??);
        }
        let key = Zeroizing::new(*key);
        Ok(Self { db, shared: Arc::new(Shared { path, key, blocks, texts: OnceLock::new() }) })
    }

    /// What another connection needs.
    pub fn shared(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }

    /// The same rows by one more connection.
    pub fn again(shared: Arc<Shared>) -> Result<Self, RecordsError> {
        let (db, _) = db::open(&shared.path, &shared.key)?;
        Ok(Self { db, shared })
    }

    /// The database, for its other tables.
    pub fn db(&self) -> &Connection {
        &self.db
    }

    fn texts(&self) -> Result<&[Box<str>], RecordsError> {
        if let Some(texts) = self.shared.texts.get() {
            return Ok(texts);
        }
        let mut select = self.db.prepare("SELECT text FROM texts WHERE n <= ?1 ORDER BY n")?;
        let rows = select.query_map([TEXTS_HELD_MAX], |row| row.get::<_, String>(0))?;
        let texts = rows.map(|text| Ok(text?.into_boxed_str())).collect::<Result<_, RecordsError>>()?;
        Ok(self.shared.texts.get_or_init(|| texts))
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
        let in_block = self.shared.records_per_block();
        self.block(row / in_block, |block| work(bodies(block).nth((row % in_block) as usize).ok_or(DAMAGED)?))
    }

    fn block<T>(&self, block: u32, work: impl FnOnce(&[u8]) -> Result<T, RecordsError>) -> Result<T, RecordsError> {
        if let Some(blocks) = &self.shared.blocks {
            let mut held = Vec::with_capacity(1024);
            blocks.read(block, &mut held)?;
            return work(&held);
        }
        let mut select = self.db.prepare_cached("SELECT body FROM records WHERE block = ?1")?;
        let mut rows = select.query([block])?;
        let found = rows.next()?.ok_or(RecordsError::Damaged("a record is missing"))?;
        work(found.get_ref(0)?.as_blob().map_err(|_| DAMAGED)?)
    }

    /// `count` records from a row on, in order and in frozen form, each with what it says beyond that.
    pub fn each(
        &self,
        first: u32,
        count: u32,
        take: &mut dyn FnMut(&Frozen<'_>, &[u8]) -> Result<(), RecordsError>,
    ) -> Result<(), RecordsError> {
        let end = first.checked_add(count).ok_or(DAMAGED)?;
        let in_block = self.shared.records_per_block();
        let mut row = first;
        while row < end {
            let skipped = row % in_block;
            let here = (end - row).min(in_block - skipped);
            self.block(row / in_block, |block| {
                let mut bodies = bodies(block).skip(skipped as usize);
                (0..here).try_for_each(|_| {
                    let body = bodies.next().ok_or(RecordsError::Damaged("records are missing"))?;
                    self.frozen(body, |frozen, more| take(frozen, more))
                })
            })?;
            row += here;
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
