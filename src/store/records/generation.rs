//! One generation of registers, open for reading.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use super::pointer::{Pointer, db_path, index_path};
use super::{RecordsError, db, row, sealed};
use crate::domain::{Candidate, Grade, Record, RegisterId, Rule};
use crate::registers::chunk::{bucket_key, bucket_of};
use crate::registers::judge::fields;
use crate::registers::{ChunkRef, Index, IndexBuilder, Manifest, RecordRef, RegisterFacts, Registers, SignedManifest};

/// A register of a generation, as it was signed.
pub(super) struct Register {
    pub signed: SignedManifest,
    pub manifest: Manifest,
}

impl Register {
    pub fn facts(&self) -> RegisterFacts {
        let m = &self.manifest;
        RegisterFacts {
            id: m.register.clone(),
            version: m.version,
            as_of_ms: m.as_of_ms,
            owner: m.owner.clone(),
            objects: m.objects.clone(),
            records: m.records,
            practice: m.practice,
        }
    }
}

pub(super) struct Generation {
    pub number: u64,
    pub index: Registers,
    pub registers: Vec<Register>,
    /// `None` when there are no registers at all.
    db: Option<Mutex<Connection>>,
}

/// A database of records in a home whose pointer is gone: that is damage, and not a home without registers.
fn db_without_pointer(dir: &Path) -> Option<String> {
    let names = std::fs::read_dir(dir).ok()?.flatten().map(|e| e.file_name().to_string_lossy().into_owned());
    names.into_iter().find(|name| name.starts_with("records-") && name.ends_with(".db"))
}

impl Generation {
    /// What the pointer names; an empty generation when there is none.
    pub fn open(dir: &Path, key: &[u8; 32]) -> Result<Self, RecordsError> {
        let Some(pointer) = Pointer::read(dir)? else {
            if let Some(left) = db_without_pointer(dir) {
                return Err(RecordsError::Unreadable(format!(
                    "{left} is here, and nothing says which registers are in use"
                )));
            }
            let index = IndexBuilder::new(Vec::new())?.finish()?.into();
            return Ok(Self { number: 0, index, registers: Vec::new(), db: None });
        };
        match Self::open_number(dir, key, pointer) {
            Ok(generation) => Ok(generation),
            // Another process may have replaced it between the two looks.
            Err(error) => match Pointer::read(dir)? {
                Some(newer) if newer != pointer => Self::open_number(dir, key, newer),
                _ => Err(error),
            },
        }
    }

    fn open_number(dir: &Path, key: &[u8; 32], pointer: Pointer) -> Result<Self, RecordsError> {
        let path = db_path(dir, pointer.generation);
        let len = std::fs::metadata(&path).map_err(RecordsError::io(&path))?.len();
        if len != pointer.db_bytes {
            return Err(RecordsError::Damaged("the file of records is not as long as it was written"));
        }
        let connection = db::open(&path, key)?;
        let registers = read_registers(&connection)?;
        let index_path = index_path(dir, pointer.generation);
        let index = match sealed::read(&index_path, key).and_then(|bytes| Ok(Index::from_bytes(&bytes)?)) {
            Ok(index) if index.registers().iter().eq(&registers.iter().map(Register::facts).collect::<Vec<_>>()) => {
                index
            }
            other => {
                tracing::warn!("the search index is built again from the records: {:?}", other.err());
                let index = rebuild(&connection, &registers)?;
                // Without the file the next start is slower, and nothing else.
                let _ = sealed::write(&index_path, key, index.to_bytes());
                index
            }
        };
        Ok(Self { number: pointer.generation, index: index.into(), registers, db: Some(Mutex::new(connection)) })
    }

    /// A generation that was just built.
    pub fn fresh(
        number: u64,
        dir: &Path,
        key: &[u8; 32],
        index: Index,
        registers: Vec<Register>,
    ) -> Result<Self, RecordsError> {
        let connection = db::open(&db_path(dir, number), key)?;
        Ok(Self { number, index: index.into(), registers, db: Some(Mutex::new(connection)) })
    }

    fn with_db<T>(&self, work: impl FnOnce(&Connection) -> Result<T, RecordsError>) -> Result<T, RecordsError> {
        let db = self.db.as_ref().ok_or(RecordsError::Damaged("a record without registers"))?;
        work(&db.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The record at a position of the index.
    pub fn record(&self, at: RecordRef) -> Result<Record, RecordsError> {
        self.with_db(|db| record_at(db, at.0))
    }

    /// A record as a look-up by pattern lists it: nothing was compared, so it has the weakest grade.
    pub fn listed(&self, at: RecordRef) -> Result<Candidate, RecordsError> {
        let record = self.record(at)?;
        let register = self.index.registers().get(self.index.register_of(at));
        Ok(Candidate {
            register: register.ok_or(RecordsError::Damaged("a record of no register"))?.id.clone(),
            grade: Grade::Possible,
            rule: Rule::Exact,
            differs: Vec::new(),
            fields: fields(&record),
            record: record.id,
        })
    }

    fn number_of(&self, register: &RegisterId) -> Option<usize> {
        self.registers.iter().position(|r| r.manifest.register == *register)
    }

    /// The record of that id: its bucket says which rows, and within them ids ascend.
    pub fn by_id(&self, register: &RegisterId, id: &str) -> Result<Option<Record>, RecordsError> {
        let Some(number) = self.number_of(register) else {
            return Ok(None);
        };
        let bucket = bucket_of(bucket_key(id), self.registers[number].manifest.bucket_bits);
        self.with_db(|db| {
            let Some((first, rows)) = chunk_rows(db, number, bucket)? else {
                return Ok(None);
            };
            let (mut low, mut high) = (first, first + rows);
            while low < high {
                let middle = low + (high - low) / 2;
                let body = body_at(db, middle)?;
                match row::id_of(&body)?.cmp(id) {
                    std::cmp::Ordering::Equal => return record_at(db, middle).map(Some),
                    std::cmp::Ordering::Less => low = middle + 1,
                    std::cmp::Ordering::Greater => high = middle,
                }
            }
            Ok(None)
        })
    }

    /// The rows of a chunk, when this generation holds exactly it.
    pub fn held_chunk(&self, register: &RegisterId, chunk: &ChunkRef) -> Result<Option<(u32, u32)>, RecordsError> {
        let Some(number) = self.number_of(register) else {
            return Ok(None);
        };
        let chunks = &self.registers[number].manifest.chunks;
        let held = chunks.binary_search_by_key(&chunk.bucket, |c| c.bucket).is_ok_and(|at| chunks[at] == *chunk);
        if held { self.with_db(|db| chunk_rows(db, number, chunk.bucket)) } else { Ok(None) }
    }
}

fn read_registers(db: &Connection) -> Result<Vec<Register>, RecordsError> {
    let mut select = db.prepare("SELECT manifest FROM registers ORDER BY number")?;
    let rows = select.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    rows.map(|bytes| {
        // The signature was checked before it was stored, and SQLCipher vouches for the page since.
        let damaged = |_| RecordsError::Damaged("a table of contents does not decode");
        let signed = SignedManifest::from_wire(&bytes?).map_err(damaged)?;
        let manifest = Manifest::from_bytes(&signed.bytes).map_err(damaged)?;
        Ok(Register { signed, manifest })
    })
    .collect()
}

fn chunk_rows(db: &Connection, register: usize, bucket: u32) -> Result<Option<(u32, u32)>, RecordsError> {
    let mut select = db.prepare_cached("SELECT first_row, rows FROM chunks WHERE register = ?1 AND bucket = ?2")?;
    Ok(select.query_row((register as i64, bucket), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn body_at(db: &Connection, at: u32) -> Result<Vec<u8>, RecordsError> {
    let mut select = db.prepare_cached("SELECT body FROM records WHERE row = ?1")?;
    Ok(select.query_row([at], |row| row.get(0))?)
}

pub(super) fn record_at(db: &Connection, at: u32) -> Result<Record, RecordsError> {
    row::decode(&body_at(db, at)?, &mut |n| {
        let mut select = db.prepare_cached("SELECT text FROM texts WHERE n = ?1")?;
        Ok(select.query_row([n], |row| row.get(0))?)
    })
}

fn rebuild(db: &Connection, registers: &[Register]) -> Result<Index, RecordsError> {
    let mut builder = IndexBuilder::new(registers.iter().map(Register::facts).collect())?;
    let mut select = db.prepare("SELECT text FROM texts ORDER BY n")?;
    let texts = select.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    let mut select = db.prepare("SELECT body FROM records ORDER BY row")?;
    let mut rows = select.query([])?;
    for (number, register) in registers.iter().enumerate() {
        for _ in 0..register.manifest.records {
            let row = rows.next()?.ok_or(RecordsError::Damaged("records are missing"))?;
            let body = row.get_ref(0)?.as_blob().map_err(|_| RecordsError::Damaged("a record is no record"))?;
            let text = |n: u32| texts.get(n as usize - 1).cloned().ok_or(RecordsError::Damaged("a text is missing"));
            builder.push(number, &row::decode(body, &mut { text })?)?;
        }
    }
    Ok(builder.finish()?)
}
