//! The device's copy of the registers: encrypted, written once, replaced whole.
//!
//! | file | what |
//! |---|---|
//! | `records` | names the generation in use; put in place by one rename |
//! | `records-<generation>.db` | the records (SQLCipher); built fresh, flushed, then only ever read |
//! | `records-<generation>.idx` | the search index, sealed; built again from the records when it is damaged |
//!
//! The power may fail at any byte: what the pointer names was flushed before the pointer was. A file that cannot be read
//! makes every check *not checked*, never *no record*. An update refused half way leaves the generation in use as it is.
//!
//! Records of unchanged chunks are taken over from the generation in use, so only what changed is fetched.

mod build;
mod db;
mod generation;
mod pointer;
mod row;
mod sealed;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use zeroize::Zeroizing;

use self::generation::Generation;
use crate::domain::{Candidate, Item, NotChecked, Object, Record, RegisterId, RegisterVersion, Verdict};
use crate::registers::pattern::{self, PatternError};
use crate::registers::{ChunkError, ChunkRef, IndexError, Manifest, SignedManifest, judge};

/// Why the device's registers could not be read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// They are being loaded.
    #[error("the registers are still being loaded; try again in a moment")]
    Loading,
    /// They cannot be read.
    #[error("the registers cannot be read ({0}); checks are not answered until they are downloaded again: sync")]
    Unreadable(String),
    /// The database failed.
    #[error("the registers' database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// A file could not be used.
    #[error("cannot use {path}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The index could not be built.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A chunk is not what the manifest promises.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// A chunk could not be had.
    #[error("a piece of register {register} could not be had; the registers in use are untouched")]
    Fetch {
        /// Of which register.
        register: RegisterId,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The hub offers less than the device has.
    #[error(
        "the hub offers version {offered} of register {register}, older than version {held} here; it was not taken over: tell the hub's administrator"
    )]
    OlderVersion {
        /// Which.
        register: RegisterId,
        /// On the device.
        held: RegisterVersion,
        /// By the hub.
        offered: RegisterVersion,
    },
    /// Made-up records beside real ones.
    #[error(
        "register {0} is for practice and the others are not (or the reverse); they are never mixed and nothing was changed"
    )]
    Mixed(RegisterId),
    /// What is kept does not fit together.
    #[error("the registers are damaged: {0}")]
    Damaged(&'static str),
    /// The pattern was refused.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// No random numbers for a key.
    #[error(transparent)]
    NoRandomness(#[from] crate::platform::random::NoRandomness),
}

impl RecordsError {
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }
}

/// A register as it is here.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HeldRegister {
    /// Its id.
    pub id: RegisterId,
    /// Its version.
    pub version: RegisterVersion,
    /// Moment up to which the source's data reach.
    pub as_of: DateTime<Utc>,
    /// Number of records.
    pub records: u64,
    /// The authority that owns the records.
    pub owner: String,
    /// The objects that it lists.
    pub objects: Vec<Object>,
    /// Made-up records.
    pub practice: bool,
}

/// A register that is to be taken over; its signature was checked.
#[derive(Debug, Clone)]
pub struct RegisterUpdate {
    /// As signed.
    pub signed: SignedManifest,
    /// As read from it.
    pub manifest: Manifest,
}

/// Records that a pattern found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// At most as many as asked for.
    pub candidates: Vec<Candidate>,
    /// There were more.
    pub cut: bool,
}

enum State {
    Loading,
    Ready(Arc<Generation>),
    Unreadable(String),
}

/// The registers of a device. Cheap to share behind an [`Arc`]; all of it may be called from any thread.
pub struct Records {
    dir: PathBuf,
    key: Zeroizing<[u8; 32]>,
    state: Arc<(Mutex<State>, Condvar)>,
    /// One update at a time.
    installing: Mutex<()>,
}

impl std::fmt::Debug for Records {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Records({})", self.dir.display())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves the state whole: it is only ever replaced by one assignment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Records {
    /// The registers in `dir`. Returns at once: they are loaded in the background, and until then every check says so.
    /// A directory without registers is ready and holds none.
    pub fn open(dir: &Path, key: &[u8; 32]) -> Self {
        let records = Self {
            dir: dir.to_owned(),
            key: Zeroizing::new(*key),
            state: Arc::new((Mutex::new(State::Loading), Condvar::new())),
            installing: Mutex::new(()),
        };
        let (dir, key, state) = (records.dir.clone(), records.key.clone(), Arc::clone(&records.state));
        let load = move || settle(&state, loaded(Generation::open(&dir, &key)));
        if let Err(error) = std::thread::Builder::new().name("registers".into()).spawn(load) {
            settle(&records.state, State::Unreadable(format!("no thread to load them: {error}")));
        }
        records
    }

    /// Waits until they are ready or known to be unreadable.
    pub fn wait(&self) {
        let (state, changed) = &*self.state;
        let mut guard = lock(state);
        while matches!(*guard, State::Loading) {
            guard = changed.wait(guard).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Whether checks can be answered.
    pub fn is_ready(&self) -> bool {
        matches!(*lock(&self.state.0), State::Ready(_))
    }

    /// Why checks cannot be answered, when the files are the reason.
    pub fn unreadable(&self) -> Option<String> {
        match &*lock(&self.state.0) {
            State::Unreadable(why) => Some(why.clone()),
            State::Loading | State::Ready(_) => None,
        }
    }

    fn generation(&self) -> Result<Arc<Generation>, RecordsError> {
        match &*lock(&self.state.0) {
            State::Ready(generation) => Ok(Arc::clone(generation)),
            State::Loading => Err(RecordsError::Loading),
            State::Unreadable(why) => Err(RecordsError::Unreadable(why.clone())),
        }
    }

    /// The registers held; none while they are loaded or unreadable.
    pub fn registers(&self) -> Vec<HeldRegister> {
        let held = |r: &crate::registers::RegisterFacts| HeldRegister {
            id: r.id.clone(),
            version: r.version,
            as_of: r.age().as_of,
            records: r.records,
            owner: r.owner.clone(),
            objects: r.objects.clone(),
            practice: r.practice,
        };
        self.generation().map_or_else(|_| Vec::new(), |g| g.index.registers().iter().map(held).collect())
    }

    /// The verdict on an item, but for its ledger entry. Whatever cannot be read makes it *not checked*.
    pub fn judge(&self, item: &Item) -> Verdict {
        let generation = match self.generation() {
            Ok(generation) => generation,
            Err(RecordsError::Loading) => return Verdict::not_checked(NotChecked::IndexLoading),
            Err(_) => return Verdict::not_checked(NotChecked::RegistersUnreadable),
        };
        match judge(&generation.index, item, &|at| generation.record(at)) {
            Ok(verdict) => verdict,
            Err(error) => {
                self.give_up(&generation, &error);
                Verdict::not_checked(NotChecked::RegistersUnreadable)
            }
        }
    }

    /// From now on nothing is answered from files that failed once.
    fn give_up(&self, generation: &Arc<Generation>, error: &RecordsError) {
        tracing::error!("the registers cannot be read: {error}");
        let mut state = lock(&self.state.0);
        if matches!(&*state, State::Ready(current) if Arc::ptr_eq(current, generation)) {
            *state = State::Unreadable(error.to_string());
        }
    }

    /// Records by a pattern of their marks: `?` one character, `*` any number, four fixed ones at least. The caller writes
    /// the look-up to the ledger.
    pub fn search(&self, pattern: &str, limit: usize) -> Result<Found, RecordsError> {
        let generation = self.generation()?;
        let matches = pattern::search(&generation.index, pattern, limit)?;
        let candidates = matches.records.iter().map(|&at| generation.listed(at)).collect::<Result<_, _>>()?;
        Ok(Found { candidates, cut: matches.cut })
    }

    /// One record by its register and id.
    pub fn record(&self, register: &RegisterId, id: &str) -> Result<Option<Record>, RecordsError> {
        self.generation()?.by_id(register, id)
    }

    /// Whether the records of a chunk are here and need not be fetched.
    pub fn holds_chunk(&self, register: &RegisterId, chunk: &ChunkRef) -> bool {
        self.generation().is_ok_and(|g| g.held_chunk(register, chunk).is_ok_and(|held| held.is_some()))
    }

    /// Chunks of a manifest that must be fetched.
    pub fn missing_chunks(&self, manifest: &Manifest) -> Vec<ChunkRef> {
        manifest.chunks.iter().filter(|c| !self.holds_chunk(&manifest.register, c)).cloned().collect()
    }

    /// Builds the next generation from the registers in use and the updates, and puts it into use. `chunk` gives the bytes
    /// of a chunk that is not held; `progress` hears records done and in all. Registers that cannot be read any more are
    /// replaced by the updates alone.
    ///
    /// # Errors
    /// Whatever goes wrong, the generation in use stays in use.
    pub fn install<E>(
        &self,
        updates: &[RegisterUpdate],
        chunk: &mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, E>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), RecordsError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let _one_at_a_time = lock(&self.installing);
        self.wait();
        let current = self.generation().ok();
        let mut fetch = |c: &ChunkRef| chunk(c).map_err(Into::into);
        let next = build::build(&self.dir, &self.key, current.as_deref(), updates, &mut fetch, progress)?;
        let number = next.number;
        settle(&self.state, State::Ready(Arc::new(next)));
        build::remove_others(&self.dir, number);
        Ok(())
    }
}

fn loaded(outcome: Result<Generation, RecordsError>) -> State {
    match outcome {
        Ok(generation) => State::Ready(Arc::new(generation)),
        Err(RecordsError::Unreadable(why)) => State::Unreadable(why),
        Err(error) => State::Unreadable(error.to_string()),
    }
}

fn settle(state: &(Mutex<State>, Condvar), new: State) {
    *lock(&state.0) = new;
    state.1.notify_all();
}

#[cfg(test)]
mod tests;
