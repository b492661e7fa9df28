//! An end that a person wants: a link that drips must never hold anybody longer than they like.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::SyncError;

/// How often whoever waits looks whether it is still wanted.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Tells a sync to end. Clones are the same one.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// The sync ends within a moment; what was confirmed and fetched until then is kept.
    pub fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// A new sync begins: what was asked of the last one is over.
    pub fn forget(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Whether the end was asked for.
    pub fn is_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// # Errors
    /// When the end was asked for.
    pub(super) fn or_end(&self) -> Result<(), SyncError> {
        if self.is_asked() { Err(SyncError::Cancelled) } else { Ok(()) }
    }

    /// Sleeps, but not beyond the end.
    pub(super) fn sleep(&self, pause: Duration) -> Result<(), SyncError> {
        let began = Instant::now();
        loop {
            self.or_end()?;
            match pause.checked_sub(began.elapsed()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(LOOK_EVERY)),
                _ => return Ok(()),
            }
        }
    }
}
