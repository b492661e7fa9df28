//! Space kept aside on the disk, so that checks are still recorded when the disk is full.

use std::path::PathBuf;

use super::Home;
use crate::platform::files;

/// A few hundred checks with the log that they need on their way.
const RESERVE_BYTES: usize = 4 << 20;
/// The reserve is made again only when so much is free beside it that it does not fill the disk itself.
const FREE_BYTES_MIN: u64 = 16 << 20;

/// The reserve of one home.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    pub fn of(home: &Home) -> Self {
        Self { path: home.reserve() }
    }

    /// Makes the reserve where it is missing and there is room. Written with real zeros, for a file of holes keeps nothing.
    pub fn restore(&self) {
        if self.path.metadata().is_ok_and(|found| found.len() >= RESERVE_BYTES as u64) {
            return;
        }
        let free = self.path.parent().and_then(files::free_bytes);
        if free.is_some_and(|bytes| bytes < FREE_BYTES_MIN) {
            return;
        }
        if let Err(error) = files::write_atomic(&self.path, &vec![0; RESERVE_BYTES]) {
            tracing::warn!(%error, "no space could be kept in reserve for ledger entries");
        }
    }

    /// Gives the space back to the disk; `false` when there was none.
    pub fn release(&self) -> bool {
        let released = std::fs::remove_file(&self.path).is_ok();
        if released {
            tracing::warn!("the disk is full; ledger entries now use the space kept in reserve");
        }
        released
    }
}
