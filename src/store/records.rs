//! The device's copy of the registers: encrypted, written once, replaced whole.
//!
//! | file | what |
//! |---|---|
//! | `records` | names the generation in use; put in place by one rename |
//! | `records-<generation>.db` | what is in it, and the sums of all (SQLCipher); built fresh, flushed, then only ever read |
//! | `records-<generation>.rows` | the records, in blocks that are sealed one by one; written and read as the database |
//! | `records-<generation>.idx` | the search index, sealed; built again from the records when it is damaged |
//! | `records-<generation>.damaged` | why some of it does not open; absent until that was seen |
//! | `records-<generation>.over` | what has changed since (SQLCipher, write-ahead log); absent until something has |
//!
//! An update that brings changes goes into the last file in one transaction and, once that is on disk, into memory; when
//! much has gathered there, a new generation is built of both in the background. Checks go on all the while with the last
//! state that was whole. Every state was proven first: the sum over all records must be the one that the hub signed.
//!
//! The power may fail at any byte: what the pointer names was flushed before the pointer was. A file that cannot be read
//! makes every check *not checked*, never *no record*. An update refused half way leaves what is in use as it is.

mod apply;
mod beside;
mod blocks;
mod bucket;
mod build;
mod cipher;
mod damage;
mod db;
mod error;
mod finder;
mod generation;
mod incoming;
mod log;
mod over;
mod pointer;
mod row;
mod rows;
mod sealed;
mod update;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use chrono::DateTime;
use zeroize::Zeroizing;

pub use self::error::RecordsError;
use self::update::refuse_mixed;
pub use self::update::{Content, HeldRegister, RegisterUpdate};

use self::apply::Next;
use self::beside::Beside;
use self::build::InUse;
use self::damage::Damage;
use self::generation::Generation;
use crate::domain::{Candidate, Item, NotChecked, Record, RegisterId, RegisterVersion, Verdict};
use crate::platform::memory;
use crate::registers::pattern;
use crate::registers::state::Sum;
use crate::registers::{ChunkRef, Manifest, RecordRef, Registers, judge, judge_with};

/// So many changes, or one in so many records, and a new generation is worth its while.
const MERGE_CHANGES_MIN: u64 = 10_000;
const MERGE_ONE_IN: u64 = 100;

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
    /// See [`Self::nobody_checks`].
    unasked: Arc<AtomicBool>,
    beside: Beside,
    damage: Arc<Damage>,
    /// Who loads them.
    loader: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Records {
    /// A program that ends takes down what its databases stand on, so no thread may have one open by then.
    fn drop(&mut self) {
        self.unasked.store(true, Ordering::Relaxed);
        if let Some(loader) = lock(&self.loader).take() {
            // It has said so, if it panicked.
            let _ = loader.join();
        }
    }
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
            unasked: Arc::default(),
            beside: Beside::default(),
            damage: Arc::default(),
            loader: Mutex::default(),
        };
        let (dir, key, state) = (records.dir.clone(), records.key.clone(), Arc::clone(&records.state));
        let (unasked, damage) = (Arc::clone(&records.unasked), Arc::clone(&records.damage));
        let load = move || {
            // Whoever waits must not wait for a thread that is gone.
            let opened = std::panic::catch_unwind(|| Generation::open(&dir, &key));
            if let Ok(Ok(generation)) = &opened {
                damage.look(&dir, generation.number);
            }
            settle(&state, loaded(opened.unwrap_or(Err(RecordsError::Damaged("loading them broke off")))));
            memory::give_back();
            prepare(&state, &|| !unasked.load(Ordering::Relaxed));
        };
        match std::thread::Builder::new().name("registers".into()).spawn(load) {
            Ok(loader) => *lock(&records.loader) = Some(loader),
            Err(error) => settle(&records.state, State::Unreadable(format!("no thread to load them: {error}"))),
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

    /// Whether they are being loaded.
    pub fn is_loading(&self) -> bool {
        matches!(*lock(&self.state.0), State::Loading)
    }

    /// Why checks cannot be answered, or not all of them, when the files are the reason.
    pub fn unreadable(&self) -> Option<String> {
        match &*lock(&self.state.0) {
            State::Unreadable(why) => Some(why.clone()),
            State::Ready(generation) => self.damage.of(generation.number),
            State::Loading => None,
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
        let moment = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default();
        let held = |m: &Manifest, only_known| HeldRegister {
            only_known,
            id: m.register.clone(),
            version: m.version,
            as_of: m.as_of(),
            records: m.records,
            owner: m.owner.clone(),
            objects: m.objects.clone(),
            practice: m.practice,
            signed: moment(m.signed_ms),
            next: moment(m.next_ms),
            seal: m.seal(),
        };
        let Ok(generation) = self.generation() else { return Vec::new() };
        let all = generation.registers.iter().enumerate();
        all.map(|(number, r)| held(&r.manifest, !generation.index.lists_wanted(number))).collect()
    }

    /// The verdict on an item, but for its ledger entry. Whatever cannot be read makes it *not checked*.
    pub fn judge(&self, item: &Item) -> Verdict {
        let generation = match self.generation() {
            Ok(generation) => generation,
            Err(RecordsError::Loading) => return Verdict::not_checked(NotChecked::IndexLoading),
            Err(_) => return Verdict::not_checked(NotChecked::RegistersUnreadable),
        };
        match judge_with(&generation.index, item, &|wanted| self.beside.list(&generation, wanted)) {
            Ok(verdict) => verdict,
            Err(error) => {
                self.damage.note(&self.dir, generation.number, &error);
                Verdict::not_checked(NotChecked::RegistersUnreadable)
            }
        }
    }

    /// The versions since which every change still stands apart; what came after them is what [`Self::touches_news`] knows.
    pub fn news_since(&self) -> Vec<(RegisterId, RegisterVersion)> {
        let of = |r: &generation::Register| (r.manifest.register.clone(), r.manifest.version);
        self.generation().map_or_else(|_| Vec::new(), |g| g.base.registers.iter().map(of).collect())
    }

    /// Whether anything that changed since then could be the item. Much quicker than a verdict, and none: whoever gets a
    /// `true` asks for one. Where it cannot be told, the answer is `true`.
    pub fn touches_news(&self, item: &Item) -> bool {
        let Ok(generation) = self.generation() else { return true };
        let verdict = judge(&generation.index.news(), item, &|at| generation.record(at));
        verdict.map_or(true, |verdict| !verdict.candidates.is_empty() || verdict.more > 0)
    }

    /// After something failed: whether files in use are the reason, which is noted then. That takes a reading of all of them.
    fn is_of_what_is_held(&self, error: &RecordsError) -> bool {
        let Some(generation) = self.generation().ok().filter(|_| error.may_be_damage()) else { return false };
        let proven = generation.prove();
        proven.inspect_err(|error| self.damage.note(&self.dir, generation.number, error)).is_err()
    }

    /// Records by a pattern of their marks: `?` one character, `*` any number, four fixed ones at least. The caller writes
    /// the look-up to the ledger.
    pub fn search(&self, pattern: &str, limit: usize) -> Result<Found, RecordsError> {
        let generation = self.generation()?;
        let matches = pattern::search(&generation.index, pattern, limit)?;
        let candidates = matches.records.iter().map(|&at| generation.listed(at)).collect::<Result<_, _>>();
        let candidates = candidates.inspect_err(|error| self.damage.note(&self.dir, generation.number, error))?;
        Ok(Found { candidates, cut: matches.cut })
    }

    /// Lets `work` ask the index as it is now; its second argument gives the record at a position. For measurements, and no
    /// way to a verdict.
    ///
    /// # Errors
    /// While they are loaded, and when they cannot be read.
    pub fn with_index<T>(
        &self,
        work: impl FnOnce(&Registers, &dyn Fn(RecordRef) -> Result<Record, RecordsError>) -> T,
    ) -> Result<T, RecordsError> {
        let generation = self.generation()?;
        Ok(work(&generation.index, &|at| generation.record(at)))
    }

    /// One record by its register and id.
    pub fn record(&self, register: &RegisterId, id: &str) -> Result<Option<Record>, RecordsError> {
        let generation = self.generation()?;
        let found = generation.by_id(register, id);
        found.inspect_err(|error| self.damage.note(&self.dir, generation.number, error))
    }

    /// Bytes on the disk of what was built last, and how many records it holds.
    pub fn size(&self) -> (u64, u64) {
        let Ok(generation) = self.generation() else { return (0, 0) };
        let records = generation.registers.iter().map(|r| r.manifest.records).sum();
        (build::bytes_of(&self.dir, generation.number), records)
    }

    /// The sum of each bucket of a register, as a device proves what it holds; `None` when it is not here.
    pub fn sums(&self, register: &RegisterId) -> Option<Vec<Sum>> {
        let generation = self.generation().ok()?;
        generation.number_of(register).and_then(|number| generation.over.sums.get(number).cloned())
    }

    /// Takes updates over. Deltas go over what is in use, in one transaction; a whole register makes a new generation.
    /// `chunk` gives the bytes of a chunk; `progress` hears records done and in all. Registers that cannot be read any more
    /// are replaced by the updates alone.
    ///
    /// # Errors
    /// Whatever goes wrong, what was in use stays in use. [`RecordsError::Held`] when that is the reason.
    pub fn install<E>(
        &self,
        updates: &[RegisterUpdate],
        chunk: &mut dyn FnMut(&ChunkRef) -> Result<Vec<u8>, E>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), RecordsError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let installed = self.install_on_what_is_held(updates, chunk, progress);
        installed.map_err(
            |error| if self.is_of_what_is_held(&error) { RecordsError::Held(error.to_string()) } else { error },
        )
    }

    fn install_on_what_is_held<E>(
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
        refuse_mixed(current.as_deref(), updates)?;
        let mut fetch = |c: &ChunkRef| chunk(c).map_err(Into::into);
        let (whole, over): (Vec<_>, Vec<_>) =
            updates.iter().cloned().partition(|u| matches!(u.content, Content::Base { .. }));
        if !over.is_empty() {
            let current =
                current.clone().ok_or(RecordsError::Damaged("changes came to registers that are not here"))?;
            let total = over.len() as u64;
            let log = log::Writer::begin(&log::paths(&self.dir, current.number)[0], &self.key)?;
            let mut next = Next::of(&current, log);
            for (done, update) in (0u64..).zip(&over) {
                progress(done, total);
                next.take(&current, update, &mut fetch)?;
            }
            self.put_over(&current, next)?;
            progress(total, total);
        }
        // Whoever replaces it wants its memory.
        drop(current);
        memory::give_back();
        if !whole.is_empty() {
            let current = self.generation().ok();
            self.put_generation(current, &whole, &mut fetch, progress)?;
        }
        Ok(())
    }

    fn put_over(&self, current: &Generation, next: Next) -> Result<(), RecordsError> {
        let path = &log::paths(&self.dir, current.number)[0];
        let (registers, over, written) = next.finish()?;
        // What is ready cannot fail once the disk has it.
        let ready = Generation::changed(current.number, Arc::clone(&current.base), registers, over)?;
        let noted = written.commit(path).and_then(|()| {
            let pointer = pointer::Pointer::read(&self.dir)?;
            pointer.map_or(Ok(()), |pointer| pointer.note_changed(&self.dir))
        });
        match noted {
            Ok(()) => settle(&self.state, State::Ready(Arc::new(ready))),
            // Whether the disk has it is not known: what the disk has is what is in use.
            Err(_) => settle(&self.state, loaded(Generation::open(&self.dir, &self.key))),
        }
        noted
    }

    fn put_generation(
        &self,
        current: Option<Arc<Generation>>,
        updates: &[RegisterUpdate],
        fetch: apply::Fetch<'_>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(), RecordsError> {
        // Unless it was found unreadable meanwhile.
        let mut in_between = |generation: Arc<Generation>| {
            let mut state = lock(&self.state.0);
            // What nobody holds any more goes when no check waits for this.
            let _older =
                matches!(&*state, State::Ready(_)).then(|| std::mem::replace(&mut *state, State::Ready(generation)));
            drop(state);
        };
        if let Some(current) = &current {
            current.base.index.unprepare();
            memory::give_back();
        }
        let before = current.as_ref().map(|current| current.number);
        let is_sound = |number| self.damage.of(number).is_none();
        let in_use = current.map(|generation| InUse { is_sound: is_sound(generation.number), generation });
        let built = build::build(&self.dir, &self.key, in_use, updates, fetch, progress, &mut in_between);
        let next = match built {
            Ok(next) => next,
            Err(error) => {
                // What the disk names is what is in use.
                if before.is_some_and(|number| number > 0 && !build::is_named(&self.dir, number)) {
                    settle(&self.state, loaded(Generation::open(&self.dir, &self.key)));
                }
                prepare(&self.state, &|| !self.unasked.load(Ordering::Relaxed));
                return Err(error);
            }
        };
        let number = next.number;
        settle(&self.state, State::Ready(Arc::new(next)));
        build::remove_others(&self.dir, number);
        memory::give_back();
        prepare(&self.state, &|| !self.unasked.load(Ordering::Relaxed));
        Ok(())
    }

    /// Changes that are not part of the generation yet.
    pub fn changes(&self) -> u64 {
        self.generation().map_or(0, |g| g.over.len() as u64)
    }

    /// Whether so much has changed that a new generation should be built of it: a start reads all changes, and a look-up
    /// asks two indexes instead of one.
    pub fn wants_merging(&self) -> bool {
        let Ok(generation) = self.generation() else { return false };
        if self.damage.of(generation.number).is_some() {
            return false;
        }
        let records: u64 = generation.registers.iter().map(|r| r.manifest.records).sum();
        // Records that change again and again lengthen only the log.
        generation.over.logged > MERGE_CHANGES_MIN.max(records / MERGE_ONE_IN)
    }

    /// From now on no check comes by this handle: a command that only syncs. Then a merge need not keep what is in use in
    /// memory until the new one is whole, which takes a hundred megabytes less of ten million records. Whoever asks all the same
    /// is told that they are being loaded. Other programs read what is on disk, as ever.
    pub fn nobody_checks(&self) {
        self.unasked.store(true, Ordering::Relaxed);
    }

    /// Builds a new generation of the one in use and its changes. Checks go on, unless nobody checks; updates wait.
    ///
    /// # Errors
    /// What was in use stays in use.
    pub fn merge(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), RecordsError> {
        let _one_at_a_time = lock(&self.installing);
        self.wait();
        let current = self.generation()?;
        let mut nothing = |_: &ChunkRef| Err("a merge fetches nothing".into());
        let is_unasked = self.unasked.load(Ordering::Relaxed);
        if is_unasked {
            settle(&self.state, State::Loading);
        }
        let merged = self.put_generation(Some(current), &[], &mut nothing, progress);
        if merged.is_err() && is_unasked {
            settle(&self.state, loaded(Generation::open(&self.dir, &self.key)));
        }
        merged.inspect_err(|error| _ = self.is_of_what_is_held(error))
    }
}

fn loaded(outcome: Result<Generation, RecordsError>) -> State {
    match outcome {
        Ok(generation) => State::Ready(Arc::new(generation)),
        Err(RecordsError::Unreadable(why)) => State::Unreadable(why),
        Err(error) => State::Unreadable(error.to_string()),
    }
}

/// What makes checks quicker and is not waited for; it ends when nobody is left to check.
fn prepare(state: &(Mutex<State>, Condvar), is_wanted: &dyn Fn() -> bool) {
    let (index, rows) = match &*lock(&state.0) {
        State::Ready(generation) => (Arc::clone(&generation.base.index), generation.base.shared().cloned()),
        State::Loading | State::Unreadable(_) => return,
    };
    judge::prepare(&index);
    index.prepare(is_wanted);
    // Whoever replaces the index wants its memory.
    drop(index);
    if let Some(rows) = rows {
        rows.look_through(is_wanted);
    }
}

fn settle(state: &(Mutex<State>, Condvar), new: State) {
    *lock(&state.0) = new;
    state.1.notify_all();
}

#[cfg(test)]
mod tests;
