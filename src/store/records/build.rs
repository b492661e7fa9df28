//! Builds the next generation beside the one in use, and puts it into use.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};

use rusqlite::Connection;

use super::apply::Fetch;
use super::bucket::{Became, Bucket, Later};
use super::generation::{Generation, Register};
use super::incoming::Incoming;
use super::log::paths;
use super::over::Now;
use super::pointer::{Pointer, db_path, index_path, rows_path};
use super::{Content, RecordsError, RegisterUpdate, blocks, damage, db, rows, sealed};
use crate::platform::{failpoint, files, memory};
use crate::registers::chunk::{self, ChunkError};
use crate::registers::manifest::BaseList;
use crate::registers::state::{self, Sum};
use crate::registers::{Frozen, Index, IndexBuilder, judge};

/// Where the records of a register of the next generation come from.
enum Source<'a> {
    /// As they are in the generation in use.
    Held(usize),
    /// From a base of the hub, with what changed since; from the generation in use (its number there) where that holds the
    /// same. New: nothing of it is in use.
    Fetched { update: &'a RegisterUpdate, list: &'a BaseList, since: Incoming<'a>, held: Option<usize>, is_new: bool },
}

fn became(now: Now<'_>) -> (&str, Became<'_>) {
    (now.id, Became { bytes: now.bytes.map(Cow::Owned), over_row: Some(now.row) })
}

/// How the next generation comes to its index.
enum Indexing {
    /// Of all records as they come in.
    Anew(Box<IndexBuilder>),
    /// Of the index in use and what lies over it: the new rows of that, and the rows there.
    Moved(Vec<(u32, u32)>),
    /// The same, and registers that are new here, from that number on. Their records and what lies over the index in use are gathered
    /// in an index of their own: the new rows of those, and the rows there.
    Beside { builder: Box<IndexBuilder>, new_from: usize, moved: Vec<(u32, u32)> },
}

/// Registers that are new here are laid beside those in use while they have no more than one record for so many of those.
const NEW_ONE_FOR: u64 = 4;

impl Indexing {
    fn of(current: Option<&Generation>, entries: &[Entry<'_>]) -> Result<Self, RecordsError> {
        let facts = entries.iter().map(|e| e.register.facts()).collect();
        let new_from = entries.iter().take_while(|entry| entry.is_held()).count();
        let new = &entries[new_from..];
        let Some(current) = current.filter(|_| new.iter().all(Entry::is_new)) else {
            return Ok(Self::Anew(Box::new(IndexBuilder::new(facts)?)));
        };
        let new_records: u64 = new.iter().map(|entry| entry.register.manifest.records).sum();
        if new.is_empty() && current.index.overlay().is_some() {
            return Ok(Self::Moved(Vec::new()));
        }
        if !new.is_empty() && new_records.saturating_mul(NEW_ONE_FOR) <= current.base.index.len() as u64 {
            let builder = Box::new(IndexBuilder::beside(&current.base.index, facts)?);
            return Ok(Self::Beside { builder, new_from, moved: Vec::new() });
        }
        Ok(Self::Anew(Box::new(IndexBuilder::new(facts)?)))
    }

    /// Takes in the record of a new row; `over_row` is its row in the overlay in use, where it comes from there.
    fn take(
        &mut self,
        row: u32,
        over_row: Option<u32>,
        register: usize,
        frozen: &Frozen<'_>,
        more: &[u8],
    ) -> Result<(), RecordsError> {
        match self {
            Self::Anew(builder) => _ = builder.push_frozen(register, frozen, more)?,
            Self::Moved(moved) => moved.extend(over_row.map(|over_row| (row, over_row))),
            Self::Beside { builder, new_from, moved } => {
                if over_row.is_some() || register >= *new_from {
                    moved.push((row, builder.push_frozen(register, frozen, more)?.0));
                }
            }
        }
        Ok(())
    }

    /// Of a generation that nobody else holds, each part goes as soon as it is not needed any more. Of one that is asked, too, when
    /// `in_between` puts what it gets in its place.
    fn finish(
        self,
        in_use: Option<Arc<Generation>>,
        in_between: &mut dyn FnMut(Arc<Generation>),
    ) -> Result<Index, RecordsError> {
        let gone = RecordsError::Damaged("the registers in use are gone");
        let (more, moved) = match self {
            Self::Anew(builder) => return Ok(builder.finish()?),
            Self::Moved(moved) => (None, moved),
            Self::Beside { builder, moved, .. } => (Some(builder.finish()?), moved),
        };
        let more = more.as_ref();
        let merged = match Arc::try_unwrap(in_use.ok_or(gone)?) {
            Ok(generation) => generation.into_index().merged(more, &moved, &mut |_| (), &memory::give_back),
            Err(mut now) => now.index.clone().merged(
                more,
                &moved,
                &mut |index| {
                    now = Arc::new(now.found_by(index));
                    in_between(Arc::clone(&now));
                },
                &memory::give_back,
            ),
        };
        Ok(merged.ok_or(RecordsError::Damaged("there is nothing to be laid over the registers in use"))??)
    }
}

/// A register of the next generation.
struct Entry<'a> {
    register: Register,
    source: Source<'a>,
}

/// The registers of the next generation: those in use, each replaced by its update, then the new ones.
fn entries<'a>(
    current: Option<&Generation>,
    is_sound: bool,
    updates: &'a [RegisterUpdate],
) -> Result<Vec<Entry<'a>>, RecordsError> {
    let mut entries: Vec<Entry<'a>> = current.map_or_else(Vec::new, |g| {
        let held = |(n, r): (usize, &Register)| Entry { register: r.clone(), source: Source::Held(n) };
        g.registers.iter().enumerate().map(held).collect()
    });
    for update in updates {
        let Content::Base { list } = &update.content else {
            return Err(RecordsError::Damaged("a register cannot be built of what changed alone"));
        };
        let register = Register { signed: update.signed.clone(), manifest: update.manifest.clone() };
        let place = entries.iter().position(|e| e.register.manifest.register == update.manifest.register);
        let since = Incoming::new(&update.manifest.register, &update.pieces);
        let held =
            place.filter(|&n| is_sound && entries[n].register.manifest.bucket_bits == update.manifest.bucket_bits);
        let source = Source::Fetched { update, list, since, held, is_new: place.is_none() };
        let entry = Entry { register, source };
        match place {
            Some(n) => entries[n] = entry,
            None => entries.push(entry),
        }
    }
    Ok(entries)
}

/// The generation in use.
pub(super) struct InUse {
    pub generation: Arc<Generation>,
    /// All of it opens, as far as is known: what it holds need not be fetched again.
    pub is_sound: bool,
}

/// Builds, flushes and names the next generation. On any error what was built is thrown away. `in_between` gets the one in use again and
/// again, found by less and less of its own index: whoever puts each in its place lets the older one go.
pub(super) fn build(
    dir: &Path,
    key: &[u8; 32],
    in_use: Option<InUse>,
    updates: &[RegisterUpdate],
    fetch: Fetch<'_>,
    progress: &mut dyn FnMut(u64, u64),
    in_between: &mut dyn FnMut(Arc<Generation>),
) -> Result<Generation, RecordsError> {
    let is_sound = in_use.as_ref().is_some_and(|in_use| in_use.is_sound);
    let current = in_use.map(|in_use| in_use.generation);
    let mut entries = entries(current.as_deref(), is_sound, updates)?;
    // A damaged pointer is replaced too; its generation is skipped by number, for its files may still be open somewhere.
    let number = highest_generation(dir) + 1;
    let next = NextFiles { dir, key, number };
    let filled = next.fill(current.as_deref(), &mut entries, fetch, progress);
    let outcome = filled.and_then(|filled| next.index_and_name(current, entries, filled, in_between));
    // Once the pointer names it, it is in use, whatever went wrong afterwards.
    if outcome.is_err() && !is_named(dir, number) {
        remove(dir, number);
    }
    outcome
}

/// The files of the next generation.
struct NextFiles<'a> {
    dir: &'a Path,
    key: &'a [u8; 32],
    number: u64,
}

/// What they hold before there is an index.
struct Filled {
    sums: Vec<Vec<Sum>>,
    connection: Connection,
    blocks: files::Paced,
    indexing: Indexing,
}

impl NextFiles<'_> {
    fn failing(&self, name: &str) -> Result<(), RecordsError> {
        failpoint::hit(name).map_err(RecordsError::io(self.dir))
    }

    /// Writes all records.
    fn fill(
        &self,
        current: Option<&Generation>,
        entries: &mut [Entry<'_>],
        fetch: Fetch<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Filled, RecordsError> {
        let Self { dir, key, number } = *self;
        remove(dir, number);
        self.failing("records.build.begin")?;
        let connection = db::create(&db_path(dir, number), key)?;
        for (n, entry) in entries.iter().enumerate() {
            let row = (n as i64, entry.register.signed.to_wire());
            connection.execute("INSERT INTO registers (number, manifest) VALUES (?1, ?2)", row)?;
        }
        let indexing = Indexing::of(current, entries)?;
        let blocks = blocks::Writer::create(&rows_path(dir, number), key)?;
        let (sums, taken) = std::thread::scope(|scope| {
            let (send, receive) = std::sync::mpsc::sync_channel(BUCKETS_AHEAD);
            let taking = std::thread::Builder::new()
                .name("records".into())
                .spawn_scoped(scope, move || take_in(connection, blocks, indexing, &receive))
                .map_err(RecordsError::io(dir))?;
            let sums = read_all(entries, current, fetch, &send, progress);
            drop(send);
            let taken = taking.join().unwrap_or(Err(RecordsError::Damaged("building them broke off")));
            match (taken, sums) {
                (Ok(taken), Ok(sums)) => Ok((sums, taken)),
                // When taking in fails, reading ends for want of a listener: the first is the reason.
                (Err(error), Ok(_) | Err(RecordsError::Damaged(NO_LISTENER))) => Err(error),
                (_, Err(error)) => Err(error),
            }
        })?;
        self.failing("records.build.seal")?;
        if let Some(generation) = &current {
            generation.base.done_with_bulk();
        }
        memory::give_back();
        let (connection, blocks, indexing) = taken;
        Ok(Filled { sums, connection, blocks, indexing })
    }

    /// Flushes them, makes their index and names them.
    fn index_and_name(
        &self,
        current: Option<Arc<Generation>>,
        entries: Vec<Entry<'_>>,
        filled: Filled,
        in_between: &mut dyn FnMut(Arc<Generation>),
    ) -> Result<Generation, RecordsError> {
        let Self { dir, key, number } = *self;
        let Filled { sums, connection, blocks, indexing } = filled;
        let sealing = || {
            blocks.finish().map_err(RecordsError::io(&rows_path(dir, number)))?;
            db::seal(connection, &db_path(dir, number))
        };
        let (db_bytes, index) = match indexing {
            // In the background nobody waits for it, and what the database holds of itself goes before the index comes.
            Indexing::Moved(_) | Indexing::Beside { .. } => {
                let db_bytes = sealing()?;
                memory::give_back();
                (db_bytes, indexing.finish(current, in_between)?)
            }
            Indexing::Anew(_) => std::thread::scope(|scope| {
                let sealing = scope.spawn(sealing);
                let index = indexing.finish(current, in_between);
                let sealed = sealing.join().unwrap_or(Err(RecordsError::Damaged("flushing them broke off")));
                Ok::<_, RecordsError>((sealed?, index?))
            })?,
        };
        // Before it is written, for it is kept with it, and before anybody checks: a check would have to wait for it.
        let index = Arc::new(index);
        judge::prepare(&index);
        sealed::write(&index_path(dir, number), key, |out| index.write_to(out))?;
        files::sync_dir(dir).map_err(RecordsError::io(dir))?;
        memory::give_back();
        let registers = entries.into_iter().map(|e| e.register).collect();
        let generation = Generation::fresh(number, dir, key, index, registers, sums)?;
        self.failing("records.build.point")?;
        Pointer::new(number, db_bytes).write(dir)?;
        self.failing("records.build.pointed")?;
        Ok(generation)
    }
}

/// Buckets that are read ahead of those being taken in.
const BUCKETS_AHEAD: usize = 2;
const NO_LISTENER: &str = "nobody takes the records in";

/// Reads, unpacks and proves bucket after bucket; gives the sums of all.
fn read_all(
    entries: &mut [Entry<'_>],
    current: Option<&Generation>,
    fetch: Fetch<'_>,
    send: &SyncSender<Bucket>,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Vec<Vec<Sum>>, RecordsError> {
    let in_all: u64 = entries.iter().map(|e| e.register.manifest.records).sum();
    let mut done = 0;
    let mut sums = Vec::with_capacity(entries.len());
    for (register, entry) in entries.iter_mut().enumerate() {
        let (manifest, before) = (entry.register.manifest.clone(), done);
        let mut own = vec![Sum::default(); 1 << manifest.bucket_bits];
        for (number, sum) in (0u32..).zip(&mut own) {
            let mut bucket = Bucket::new(register, number, manifest.bucket_bits);
            entry.read(&mut bucket, current, fetch)?;
            if bucket.is_empty() {
                continue;
            }
            *sum = bucket.sum;
            done += bucket.len();
            send.send(bucket).map_err(|_| RecordsError::Damaged(NO_LISTENER))?;
            progress(done, in_all);
        }
        if state::root(&own) != manifest.states.hash {
            return Err(RecordsError::OtherSet {
                register: manifest.register.clone(),
                digests: own.iter().map(Sum::digest).collect(),
            });
        }
        let claimed = manifest.records;
        if done - before != claimed && !entry.is_held() {
            return Err(ChunkError::Damaged("there are more or fewer records than was said").into());
        }
        sums.push(own);
    }
    Ok(sums)
}

/// Writes and indexes what is read, on a thread of its own.
fn take_in(
    connection: Connection,
    blocks: blocks::Writer,
    mut indexing: Indexing,
    receive: &Receiver<Bucket>,
) -> Result<(Connection, files::Paced, Indexing), RecordsError> {
    let blocks = {
        let mut rows = rows::Writer::new(&connection, blocks);
        let mut insert = connection.prepare(
            "INSERT INTO buckets (register, bucket, first_row, rows, sum, tags) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        for bucket in receive {
            let first = rows.rows();
            let mut from_over = bucket.from_over.iter().peekable();
            let mut place = 0;
            bucket.each(&mut |frozen, more| {
                let over_row = from_over.next_if(|(changed, _)| *changed == place).map(|(_, row)| *row);
                indexing.take(first + place, over_row, bucket.register, frozen, more)?;
                place += 1;
                rows.push(frozen, more).map(drop)
            })?;
            let (register, count) = (bucket.register as i64, rows.rows() - first);
            insert.execute((register, bucket.number, first, count, &bucket.sum.to_bytes()[..], &bucket.tags))?;
        }
        rows.finish()?
    };
    Ok((connection, blocks, indexing))
}

impl Entry<'_> {
    fn is_held(&self) -> bool {
        matches!(self.source, Source::Held(_))
    }

    fn is_new(&self) -> bool {
        matches!(self.source, Source::Fetched { is_new: true, .. })
    }

    /// Reads a bucket as it is to be.
    fn read(&mut self, into: &mut Bucket, current: Option<&Generation>, fetch: Fetch<'_>) -> Result<(), RecordsError> {
        let number = into.number;
        let gone = RecordsError::Damaged("the registers in use are gone");
        let from_held = |into: &mut Bucket, current: &Generation, register: usize, then: Later<'_>| {
            let changes = current.changes_of(register, number).map(|now| now.map(became));
            let mut changes = changes.collect::<Result<Later<'_>, _>>()?;
            changes.extend(then);
            into.merge(changes, |take| current.each_of_base(register, number, take))
        };
        let (update, list, since, held) = match &mut self.source {
            Source::Held(register) => return from_held(into, current.ok_or(gone)?, *register, Later::new()),
            Source::Fetched { update, list, since, held, .. } => (update, list, since, held),
        };
        let changed = since.up_to_bucket(number, update.manifest.bucket_bits, fetch)?;
        let changes: Later<'_> = changed
            .iter()
            .map(|(_, id, bytes)| (id, Became { bytes: bytes.map(Cow::Borrowed), over_row: None }))
            .collect();
        let entry = list.chunks.binary_search_by_key(&number, |c| c.chunk.bucket).ok().map(|at| &list.chunks[at]);
        match (entry, held.zip(current)) {
            (None, _) => into.merge(changes, |_| Ok(())),
            (Some(entry), Some((register, current)))
                if current.over.sums.get(register).and_then(|sums| sums.get(number as usize)) == Some(&entry.sum()) =>
            {
                from_held(into, current, register, changes)
            }
            (Some(entry), _) => {
                let packed = fetch(&entry.chunk)
                    .map_err(|source| RecordsError::Fetch { register: update.manifest.register.clone(), source })?;
                into.merge(changes, |take| match chunk::each(&entry.chunk, &packed, take)?.is_empty() {
                    true => Ok(()),
                    false => Err(ChunkError::Damaged("a base withdraws records").into()),
                })
            }
        }
    }
}

/// Whether the pointer names that generation.
pub(super) fn is_named(dir: &Path, number: u64) -> bool {
    Pointer::read(dir).ok().flatten().is_some_and(|pointer| pointer.generation == number)
}

/// What was written when it was built.
fn files_of(dir: &Path, number: u64) -> [PathBuf; 3] {
    [db_path(dir, number), rows_path(dir, number), index_path(dir, number)]
}

/// How long they are.
pub(super) fn bytes_of(dir: &Path, number: u64) -> u64 {
    files_of(dir, number).iter().filter_map(|path| Some(std::fs::metadata(path).ok()?.len())).sum()
}

fn remove(dir: &Path, number: u64) {
    for path in files_of(dir, number).into_iter().chain(paths(dir, number)).chain([damage::path(dir, number)]) {
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
