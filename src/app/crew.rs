//! Who does the work, so that the thread that draws never waits: one hand for checks, which must be quick, one for looks
//! at where the device stands, and one for a sync, which may take minutes.

use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

type Job = Box<dyn FnOnce() + Send>;

/// A thread that does its jobs in order.
struct Hand {
    jobs: Sender<Job>,
    thread: JoinHandle<()>,
}

impl Hand {
    fn start(name: &str) -> std::io::Result<Self> {
        let (jobs, given) = mpsc::channel::<Job>();
        let thread = std::thread::Builder::new().name(name.into()).spawn(move || {
            for job in given {
                job();
            }
        })?;
        Ok(Self { jobs, thread })
    }
}

/// The hands. Dropping them waits for checks that are under way, so that the desk is free when the window is gone; a sync
/// is not waited for, it goes on where it was the next time.
pub struct Crew {
    /// Checks, looks, syncs; `None`: everything at once on the calling thread, for tests, where order must be certain.
    hands: Option<[Hand; 3]>,
}

impl Crew {
    /// Three threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn threads() -> std::io::Result<Self> {
        Ok(Self { hands: Some([Hand::start("checks")?, Hand::start("looks")?, Hand::start("syncs")?]) })
    }

    /// No thread at all.
    pub fn inline() -> Self {
        Self { hands: None }
    }

    /// A check or a decision.
    pub fn check(&self, job: impl FnOnce() + Send + 'static) {
        self.give(0, job);
    }

    /// A look at where the device stands.
    pub fn look(&self, job: impl FnOnce() + Send + 'static) {
        self.give(1, job);
    }

    /// A sync.
    pub fn sync(&self, job: impl FnOnce() + Send + 'static) {
        self.give(2, job);
    }

    fn give(&self, hand: usize, job: impl FnOnce() + Send + 'static) {
        match &self.hands {
            // A hand that is gone took the program with it; there is nobody left to tell.
            Some(hands) => drop(hands[hand].jobs.send(Box::new(job))),
            None => job(),
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let Some([checks, looks, _syncs]) = self.hands.take() else { return };
        for hand in [checks, looks] {
            drop(hand.jobs);
            // It panicked at worst, and has said so.
            let _ = hand.thread.join();
        }
    }
}
