//! A second thread that opens records of a long list while the check opens others of it.
//!
//! A check in ten million records lists up to a hundred, and opening them was a third of its time. Both threads take the next
//! record of the list until none is left. The check never waits for the other: what that one has not ready when nothing
//! is left to take, the check opens itself. So a second core that is busy, or a thread that never came, costs nothing but what it
//! would have gained.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};

use super::RecordsError;
use super::generation::Generation;
use super::lock;
use crate::registers::{Listed, RecordRef};

/// A shorter list is read before the other thread is awake.
const WORTH_SHARING: usize = 8;

/// A list of records to be opened.
struct Task {
    generation: Arc<Generation>,
    wanted: Vec<RecordRef>,
    /// The place of the next to be taken.
    next: AtomicUsize,
    /// What the second thread opened, with its places.
    ready: Mutex<Vec<(usize, Listed)>>,
}

impl Task {
    /// The next place in the list.
    fn take(&self) -> Option<(usize, RecordRef)> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        self.wanted.get(place).map(|&at| (place, at))
    }

    /// What the second thread does with it.
    fn help(&self) {
        while let Some((place, at)) = self.take() {
            // What needs more than the file of blocks, or fails, is left to the check, which tells.
            if let Some(Ok(record)) = self.generation.record_quickly(at) {
                lock(&self.ready).push((place, Listed::of(record)));
            }
        }
    }
}

/// See the head of this file. The thread starts with the first long list and ends with this.
#[derive(Default)]
pub(super) struct Beside(OnceLock<Option<SyncSender<Arc<Task>>>>);

impl Beside {
    fn tasks(&self) -> Option<&SyncSender<Arc<Task>>> {
        let start = || {
            let (send, tasks) = sync_channel::<Arc<Task>>(1);
            let work = move || tasks.iter().for_each(|task| task.help());
            // Without it a check takes its time alone.
            std::thread::Builder::new().name("records".into()).spawn(work).is_ok().then_some(send)
        };
        self.0.get_or_init(start).as_ref()
    }

    /// The records at these positions, in their order.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn list(&self, generation: &Arc<Generation>, wanted: &[RecordRef]) -> Result<Vec<Listed>, RecordsError> {
        let alone = |at| generation.record(at).map(Listed::of);
        let Some(tasks) = self.tasks().filter(|_| wanted.len() >= WORTH_SHARING) else {
            return wanted.iter().map(|&at| alone(at)).collect();
        };
        let (next, ready) = (AtomicUsize::new(0), Mutex::default());
        let task = Arc::new(Task { generation: Arc::clone(generation), wanted: wanted.to_vec(), next, ready });
        // It works for another check: this one goes alone.
        let _ = tasks.try_send(Arc::clone(&task));
        let mut listed: Vec<Option<Listed>> = Vec::new();
        listed.resize_with(wanted.len(), || None);
        while let Some((place, at)) = task.take() {
            listed[place] = Some(alone(at)?);
        }
        for (place, record) in std::mem::take(&mut *lock(&task.ready)) {
            listed[place] = Some(record);
        }
        wanted.iter().zip(listed).map(|(&at, listed)| listed.map_or_else(|| alone(at), Ok)).collect()
    }
}
