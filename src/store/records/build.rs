//! Builds the next generation beside the one in use, and puts it into use.

use std::path::Path;

use super::generation::{Generation, Register};
use super::pointer::{Pointer, db_path, index_path};
use super::row::{self, Texts};
use super::{RecordsError, RegisterUpdate, db, sealed};
use crate::domain::Record;
use crate::platform::files;
use crate::registers::{ChunkRef, IndexBuilder, RecordRef, chunk};

type Fetch<'a> = &'a mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;

/// The registers of the next generation: those in use, each replaced by its update, then the new ones.
fn merged(current: Option<&Generation>, updates: &[RegisterUpdate]) -> Result<Vec<Register>, RecordsError> {
    let mut registers: Vec<Register> = current.map_or_else(Vec::new, |g| {
        g.registers.iter().map(|r| Register { signed: r.signed.clone(), manifest: r.manifest.clone() }).collect()
    });
    for update in updates {
        let new = Register { signed: update.signed.clone(), manifest: update.manifest.clone() };
        match registers.iter_mut().find(|r| r.manifest.register == new.manifest.register) {
            Some(held) if held.manifest.version > new.manifest.version => {
                return Err(RecordsError::OlderVersion {
                    register: new.manifest.register,
                    held: held.manifest.version,
                    offered: new.manifest.version,
                });
            }
            Some(held) => *held = new,
            None => registers.push(new),
        }
    }
    let practice = registers.first().map(|r| r.manifest.practice);
    match registers.iter().find(|r| Some(r.manifest.practice) != practice) {
        Some(other) => Err(RecordsError::Mixed(other.manifest.register.clone())),
        None => Ok(registers),
    }
}

/// Builds, flushes and names the next generation. On any error what was built is thrown away.
pub(super) fn build(
    dir: &Path,
    key: &[u8; 32],
    current: Option<&Generation>,
    updates: &[RegisterUpdate],
    fetch: Fetch<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Generation, RecordsError> {
    let registers = merged(current, updates)?;
    // A damaged pointer is replaced too; its generation is skipped by number, for its files may still be open somewhere.
    let in_use = highest_generation(dir);
    let number = in_use + 1;
    let outcome = fill(dir, key, number, current, registers, fetch, progress);
    if outcome.is_err() {
        remove(dir, number);
    }
    outcome
}

fn fill(
    dir: &Path,
    key: &[u8; 32],
    number: u64,
    current: Option<&Generation>,
    registers: Vec<Register>,
    fetch: Fetch<'_>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Generation, RecordsError> {
    remove(dir, number);
    let path = db_path(dir, number);
    let connection = db::create(&path, key)?;
    let mut index = IndexBuilder::new(registers.iter().map(Register::facts).collect())?;
    let mut texts = Texts::default();
    let in_all: u64 = registers.iter().map(|r| r.manifest.records).sum();
    let mut row_number = 0u32;
    {
        let mut insert = connection.prepare("INSERT INTO records (row, body) VALUES (?1, ?2)")?;
        let mut insert_chunk = connection
            .prepare("INSERT INTO chunks (register, bucket, hash, first_row, rows) VALUES (?1, ?2, ?3, ?4, ?5)")?;
        for (n, register) in registers.iter().enumerate() {
            connection.execute(
                "INSERT INTO registers (number, manifest) VALUES (?1, ?2)",
                (n as i64, register.signed.to_wire()),
            )?;
            for chunk in &register.manifest.chunks {
                insert_chunk.execute((n as i64, chunk.bucket, &chunk.hash.0[..], row_number, chunk.records))?;
                for record in records_of(register, chunk, current, fetch)? {
                    index.push(n, &record)?;
                    insert.execute((row_number, row::encode(&record, &mut texts)?))?;
                    row_number = row_number.checked_add(1).ok_or(RecordsError::Damaged("too many records"))?;
                }
                progress(u64::from(row_number), in_all);
            }
        }
    }
    texts.store(&connection)?;
    let db_bytes = db::seal(connection, &path)?;
    let index = index.finish()?;
    sealed::write(&index_path(dir, number), key, index.to_bytes())?;
    files::sync_dir(dir).map_err(RecordsError::io(dir))?;
    let generation = Generation::fresh(number, dir, key, index, registers)?;
    Pointer::new(number, db_bytes).write(dir)?;
    Ok(generation)
}

/// The records of a chunk: from the generation in use when it holds them, else fetched, checked and unpacked.
fn records_of(
    register: &Register,
    chunk: &ChunkRef,
    current: Option<&Generation>,
    fetch: Fetch<'_>,
) -> Result<Vec<Record>, RecordsError> {
    let id = &register.manifest.register;
    if let Some(current) = current
        && let Some((first, rows)) = current.held_chunk(id, chunk)?
    {
        return (first..first + rows).map(|row| current.record(RecordRef(row))).collect();
    }
    let packed = fetch(chunk).map_err(|source| RecordsError::Fetch { register: id.clone(), source })?;
    Ok(chunk::decode(chunk, &packed)?)
}

fn remove(dir: &Path, number: u64) {
    for path in [db_path(dir, number), index_path(dir, number)] {
        // What cannot be removed is only in the way of space; the next update tries again.
        let _ = std::fs::remove_file(path);
    }
}

/// Numbers of the generations of which a file is there.
fn generations(dir: &Path) -> Vec<u64> {
    let number = |name: &str| name.strip_prefix("records-")?.split('.').next()?.parse().ok();
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| number(entry.file_name().to_str()?)).collect()
}

fn highest_generation(dir: &Path) -> u64 {
    let named = Pointer::read(dir).ok().flatten().map_or(0, |p| p.generation);
    // Leftovers of a build that the power ended are overwritten, not skipped: nobody reads what no pointer named.
    if named > 0 { named } else { generations(dir).into_iter().max().unwrap_or(0) }
}

/// Removes every generation but one. A process that still reads an old one keeps it open until it is done.
pub(super) fn remove_others(dir: &Path, keep: u64) {
    generations(dir).into_iter().filter(|&n| n != keep).for_each(|n| remove(dir, n));
}
