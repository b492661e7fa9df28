//! One generation of registers, open for reading.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};

use super::log::{self, sums_of};
use super::over::{Now, Over};
use super::pointer::{Pointer, db_path, index_path};
use super::row::record_of as record_of_row;
use super::rows::{Rows, Shared};
use super::{RecordsError, sealed};
use crate::domain::{Candidate, Grade, Record, RegisterId, Rule};
use crate::registers::chunk::{bucket_key, bucket_of};
use crate::registers::judge::{self, fields};
use crate::registers::state::Sum;
use crate::registers::{
    Frozen, Index, IndexBuilder, Manifest, RecordBytes, RecordRef, RegisterFacts, Registers, SignedManifest,
};

/// Takes records in frozen form, each with what it says beyond that.
pub(super) type Take<'a> = &'a mut dyn FnMut(&Frozen<'_>, &[u8]) -> Result<(), RecordsError>;

/// A register of a generation, as it was signed.
#[derive(Clone)]
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

/// What was built and is only ever read.
pub(super) struct Base {
    pub index: Arc<Index>,
    /// As they were when it was built.
    pub registers: Vec<Register>,
    /// `None` when there are no registers at all.
    files: Option<Arc<Files>>,
}

/// The records of a base on disk.
struct Files {
    db: Mutex<Rows>,
    /// What of them is read without the database, by several threads at a time.
    shared: Arc<Shared>,
    /// For whoever reads much of it, once that was needed: no check waits for that one.
    bulk: Mutex<Option<Rows>>,
}

/// One generation with what has changed since it was built. It never changes: an update makes another one that shares the
/// base.
pub(super) struct Generation {
    pub number: u64,
    pub base: Arc<Base>,
    pub index: Registers,
    /// As they are now.
    pub registers: Vec<Register>,
    pub over: Arc<Over>,
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
            let index = Arc::new(IndexBuilder::new(Vec::new())?.finish()?);
            let base = Base { index, registers: Vec::new(), files: None };
            return Ok(Self::unchanged(0, base, Vec::new()));
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
        let rows = Rows::open(dir, pointer.generation, key)?;
        let registers = read_registers(rows.db())?;
        let index_path = index_path(dir, pointer.generation);
        let index = match sealed::read(&index_path, key, |from, len| Ok(Index::read_from(from, len)?)) {
            Ok(index) if index.registers().iter().eq(&registers.iter().map(Register::facts).collect::<Vec<_>>()) => {
                Arc::new(index)
            }
            other => {
                tracing::warn!("the search index is built again from the records: {:?}", other.err());
                let index = Arc::new(rebuild(&rows, &registers)?);
                judge::prepare(&index);
                // Without the file the next start is slower, and nothing else.
                let _ = sealed::write(&index_path, key, |out| index.write_to(out));
                index
            }
        };
        let sums = read_sums(rows.db(), &registers)?;
        let base = Base::new(index, registers, rows);
        let over_path = &log::paths(dir, pointer.generation)[0];
        match log::read(over_path, key, &base)? {
            Some((registers, over)) => Self::changed(pointer.generation, Arc::new(base), registers, Arc::new(over)),
            None if pointer.changed => Err(RecordsError::Damaged("what has changed since they were built is gone")),
            None => Ok(Self::unchanged(pointer.generation, base, sums)),
        }
    }

    /// A generation that was just built.
    pub fn fresh(
        number: u64,
        dir: &Path,
        key: &[u8; 32],
        index: Arc<Index>,
        registers: Vec<Register>,
        sums: Vec<Vec<Sum>>,
    ) -> Result<Self, RecordsError> {
        let base = Base::new(index, registers, Rows::open(dir, number, key)?);
        Ok(Self::unchanged(number, base, sums))
    }

    fn unchanged(number: u64, base: Base, sums: Vec<Vec<Sum>>) -> Self {
        let base = Arc::new(base);
        Self {
            number,
            index: Registers::new(Arc::clone(&base.index), None),
            registers: base.registers.clone(),
            over: Arc::new(Over::new(sums)),
            base,
        }
    }

    /// The same base with other changes over it.
    pub fn changed(
        number: u64,
        base: Arc<Base>,
        registers: Vec<Register>,
        over: Arc<Over>,
    ) -> Result<Self, RecordsError> {
        let overlay = over.index(&base, registers.iter().map(Register::facts).collect())?;
        let index = Registers::new(Arc::clone(&base.index), Some(Arc::new(overlay)));
        Ok(Self { number, index, registers, over, base })
    }

    /// What finds its records, and nothing else of it: whoever merges lets go of the index part by part.
    pub fn into_index(self) -> Registers {
        self.index
    }

    /// The same records and changes, found by an index that answers as this one's does.
    pub fn found_by(&self, index: Registers) -> Self {
        let Base { registers, files, .. } = &*self.base;
        let base = Base { index: Arc::clone(index.base()), registers: registers.clone(), files: files.clone() };
        let (registers, over) = (self.registers.clone(), Arc::clone(&self.over));
        Self { number: self.number, base: Arc::new(base), index, registers, over }
    }

    /// The record at a position of the index.
    pub fn record(&self, at: RecordRef) -> Result<Record, RecordsError> {
        self.record_quickly(at).unwrap_or_else(|| self.base.with_rows(|rows| rows.record(at.0)))
    }

    /// The same where nothing of the database is needed, which several threads may do at a time; else nothing.
    pub fn record_quickly(&self, at: RecordRef) -> Option<Result<Record, RecordsError>> {
        if at.is_over() {
            return Some(self.over.record_at(at.row()));
        }
        self.base.shared()?.record(at.0)
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
            why: crate::domain::Why::default(),
            fields: fields(&record),
            record: record.id,
        })
    }

    /// Reads every record that it was built of, as an update or a merge does.
    ///
    /// # Errors
    /// What does not open.
    pub fn prove(&self) -> Result<(), RecordsError> {
        let mut finder = self.base.finder()?;
        for (number, register) in self.base.registers.iter().enumerate() {
            for bucket in 0..1u32 << register.manifest.bucket_bits {
                finder.find(number, bucket, "")?;
                self.base.each(number, bucket, &mut |frozen, more| record_of_row(frozen, more).map(drop))?;
            }
        }
        self.base.done_with_bulk();
        Ok(())
    }

    pub fn number_of(&self, register: &RegisterId) -> Option<usize> {
        self.registers.iter().position(|r| r.manifest.register == *register)
    }

    /// The record of that id.
    pub fn by_id(&self, register: &RegisterId, id: &str) -> Result<Option<Record>, RecordsError> {
        let Some(number) = self.number_of(register) else {
            return Ok(None);
        };
        let key = bucket_key(id);
        match self.over.find(number, key, id) {
            Some(kept) => self.over.record(kept),
            None => self.base.by_id(number, bucket_of(key, self.base.bits(number)), id),
        }
    }

    /// The records of a bucket as they are now, in ascending order of their ids.
    #[cfg(test)]
    pub fn bucket(&self, number: usize, bucket: u32) -> Result<Vec<Record>, RecordsError> {
        self.bucket_with(&self.over, number, bucket)
    }

    /// The records of a bucket with other changes than those in use, in ascending order of their ids.
    pub fn bucket_with(&self, over: &Over, number: usize, bucket: u32) -> Result<Vec<Record>, RecordsError> {
        let mut records = self.base.bucket(number, bucket)?;
        let here = over.of_bucket(number, bucket, self.base.bits(number)).collect::<Result<Vec<_>, _>>()?;
        if here.is_empty() {
            return Ok(records);
        }
        let gone: std::collections::HashSet<&str> = here.iter().map(|now| now.id).collect();
        records.retain(|record| !gone.contains(record.id.as_str()));
        for now in here {
            let record = |bytes: Vec<u8>| Record::from_canonical_bytes(&bytes);
            let damaged = |_| RecordsError::Damaged("a changed record does not decode");
            records.extend(now.bytes.map(record).transpose().map_err(damaged)?);
        }
        records.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(records)
    }

    /// The records of a bucket as they were when the generation was built.
    pub fn each_of_base(&self, number: usize, bucket: u32, take: Take<'_>) -> Result<(), RecordsError> {
        self.base.each(number, bucket, take)
    }

    /// What has changed in a bucket since.
    pub fn changes_of(&self, number: usize, bucket: u32) -> impl Iterator<Item = Result<Now<'_>, RecordsError>> {
        self.over.of_bucket(number, bucket, self.base.bits(number))
    }
}

impl Base {
    fn new(index: Arc<Index>, registers: Vec<Register>, rows: Rows) -> Self {
        let files = Files { shared: rows.shared(), db: Mutex::new(rows), bulk: Mutex::default() };
        Self { index, registers, files: Some(Arc::new(files)) }
    }

    /// What is read without the database; `None` when there are no registers at all.
    pub fn shared(&self) -> Option<&Arc<Shared>> {
        self.files.as_ref().map(|files| &files.shared)
    }

    fn with_rows<T>(&self, work: impl FnOnce(&Rows) -> Result<T, RecordsError>) -> Result<T, RecordsError> {
        let files = self.files.as_ref().ok_or(RecordsError::Damaged("a record without registers"))?;
        work(&files.db.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Buckets of a register, as a power of two.
    pub fn bits(&self, number: usize) -> u8 {
        self.registers.get(number).map_or(0, |r| r.manifest.bucket_bits)
    }

    /// The record of that id: its bucket says which rows, and within them ids ascend.
    fn by_id(&self, number: usize, bucket: u32, id: &str) -> Result<Option<Record>, RecordsError> {
        self.with_rows(|rows| {
            let Some((first, count)) = bucket_rows(rows.db(), number, bucket)? else {
                return Ok(None);
            };
            let (mut low, mut high) = (first, first + count);
            while low < high {
                let middle = low + (high - low) / 2;
                match rows.id(middle)?.as_str().cmp(id) {
                    std::cmp::Ordering::Equal => return rows.record(middle).map(Some),
                    std::cmp::Ordering::Less => low = middle + 1,
                    std::cmp::Ordering::Greater => high = middle,
                }
            }
            Ok(None)
        })
    }

    fn bucket(&self, number: usize, bucket: u32) -> Result<Vec<Record>, RecordsError> {
        let mut records = Vec::new();
        self.each(number, bucket, &mut |frozen, more| {
            records.push(record_of_row(frozen, more)?);
            Ok(())
        })?;
        Ok(records)
    }

    /// The records of a bucket in ascending order of their ids, in frozen form, each with what it says beyond that.
    fn each(&self, number: usize, bucket: u32, take: Take<'_>) -> Result<(), RecordsError> {
        let Some(files) = &self.files else { return Ok(()) };
        let mut bulk = files.bulk.lock().unwrap_or_else(PoisonError::into_inner);
        if bulk.is_none() {
            *bulk = self.own_rows()?;
        }
        let Some(rows) = bulk.as_ref() else { return Ok(()) };
        match bucket_rows(rows.db(), number, bucket)? {
            Some((first, count)) => rows.each(first, count, take),
            None => Ok(()),
        }
    }

    /// Much of it was read, and more will not be soon.
    pub fn done_with_bulk(&self) {
        if let Some(files) = &self.files {
            *files.bulk.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// One more connection.
    pub(super) fn own_rows(&self) -> Result<Option<Rows>, RecordsError> {
        self.shared().cloned().map(Rows::again).transpose()
    }
}

fn read_sums(db: &Connection, registers: &[Register]) -> Result<Vec<Vec<Sum>>, RecordsError> {
    let mut all: Vec<Vec<Sum>> = registers.iter().map(|r| vec![Sum::default(); 1 << r.manifest.bucket_bits]).collect();
    let mut select = db.prepare("SELECT register, bucket, sum FROM buckets")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (register, bucket): (u32, u32) = (row.get(0)?, row.get(1)?);
        let sum = row.get_ref(2)?.as_blob().map_err(|_| RecordsError::Damaged("a sum is none"))?;
        let slot = all.get_mut(register as usize).and_then(|sums| sums.get_mut(bucket as usize));
        *slot.ok_or(RecordsError::Damaged("a bucket of no register"))? = sums_of(sum, 0)?[0];
    }
    Ok(all)
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

fn bucket_rows(db: &Connection, register: usize, bucket: u32) -> Result<Option<(u32, u32)>, RecordsError> {
    let mut select = db.prepare_cached("SELECT first_row, rows FROM buckets WHERE register = ?1 AND bucket = ?2")?;
    Ok(select.query_row((register as i64, bucket), |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
}

fn rebuild(rows: &Rows, registers: &[Register]) -> Result<Index, RecordsError> {
    let mut builder = IndexBuilder::new(registers.iter().map(Register::facts).collect())?;
    let mut first = 0;
    for number in 0..registers.len() {
        // As they stand here, whatever was claimed of their number.
        let rows_of = "SELECT coalesce(sum(rows), 0) FROM buckets WHERE register = ?1";
        let count: u32 = rows.db().query_row(rows_of, [number as i64], |row| row.get(0))?;
        rows.each(first, count, &mut |frozen, more| Ok(builder.push_frozen(number, frozen, more).map(drop)?))?;
        first += count;
    }
    Ok(builder.finish()?)
}
