//! Who does the work, so that the thread that draws never waits: one hand for checks, which must be quick, one for looks
//! at where the device stands, and one for a sync, which may take minutes.

use std::sync::mpsc::{self, Sender};

type Job = Box<dyn FnOnce() + Send>;

/// The hands.
pub enum Crew {
    /// Three threads, each doing its jobs in order.
    Threads {
        /// Checks and decisions.
        checks: Sender<Job>,
        /// Looks at where the device stands.
        looks: Sender<Job>,
        /// Syncs.
        syncs: Sender<Job>,
    },
    /// Everything at once on the calling thread: for tests, where order must be certain.
    Inline,
}

fn hand(name: &str) -> std::io::Result<Sender<Job>> {
    let (sender, jobs) = mpsc::channel::<Job>();
    std::thread::Builder::new().name(name.into()).spawn(move || {
        for job in jobs {
            job();
        }
    })?;
    Ok(sender)
}

impl Crew {
    /// Three threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn threads() -> std::io::Result<Self> {
        Ok(Self::Threads { checks: hand("checks")?, looks: hand("looks")?, syncs: hand("syncs")? })
    }

    /// A check or a decision.
    pub fn check(&self, job: impl FnOnce() + Send + 'static) {
        match self {
            // A hand that is gone took the program with it; there is nobody left to tell.
            Self::Threads { checks, .. } => drop(checks.send(Box::new(job))),
            Self::Inline => job(),
        }
    }

    /// A look at where the device stands.
    pub fn look(&self, job: impl FnOnce() + Send + 'static) {
        match self {
            Self::Threads { looks, .. } => drop(looks.send(Box::new(job))),
            Self::Inline => job(),
        }
    }

    /// A sync.
    pub fn sync(&self, job: impl FnOnce() + Send + 'static) {
        match self {
            Self::Threads { syncs, .. } => drop(syncs.send(Box::new(job))),
            Self::Inline => job(),
        }
    }
}
