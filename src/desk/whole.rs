//! Whether the ledger on this disk is whole, and when somebody last looked.
//!
//! Recomputing it takes seconds and reads every page, so no check and no start waits for it. Each look leaves a note beside
//! the ledger; the app looks by itself, in the background, when the last note is a day old. The note is a reminder for people
//! and proves nothing: who can write here can write a note.

use serde::{Deserialize, Serialize};

use super::DeskError;
use crate::platform::files;
use crate::store::{Access, Home, LedgerReport, LedgerStore};

/// A note is old after this.
const OLD_AFTER_MS: i64 = 24 * 3_600_000;

/// What the last look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// When, by the device's clock, milliseconds since 1970.
    pub at_ms: i64,
    /// Entries then.
    pub entries: u64,
    /// Whether nothing was wrong.
    pub whole: bool,
}

/// The note of the last look; `None` when there was none, or it cannot be read.
pub fn last_verified(home: &Home) -> Option<Verified> {
    serde_json::from_slice(&std::fs::read(home.verified()).ok()?).ok()
}

/// Recomputes the whole ledger, beside a running writer too, and leaves the note.
///
/// # Errors
/// When there is no ledger, or nothing of it could be looked at; whatever is wrong with it is in the report.
pub fn verify(home: &Home, progress: &mut dyn FnMut(u64, u64)) -> Result<LedgerReport, DeskError> {
    let ledger = LedgerStore::open(home, Access::Read)?;
    let report = ledger.verify(progress)?;
    let note = Verified { at_ms: ledger.clock().now().wall_ms, entries: report.chain.last.0, whole: report.is_whole() };
    // A copy that cannot be written to is verified all the same.
    let text = serde_json::to_vec(&note).unwrap_or_default();
    if let Err(error) = files::write_atomic(&home.verified(), &text) {
        tracing::debug!(%error, "that the ledger was verified could not be noted");
    }
    Ok(report)
}

/// Looks in the background when the last look is a day old, or found damage. What is wrong stands in the note and the log.
pub fn verify_when_due(home: Home) {
    let look = move || {
        let now_ms = crate::platform::clock::wall_ms();
        let is_due = last_verified(&home)
            .is_none_or(|note| !note.whole || !(0..OLD_AFTER_MS).contains(&now_ms.saturating_sub(note.at_ms)));
        if !is_due {
            return;
        }
        match verify(&home, &mut |_, _| {}) {
            Ok(report) if report.is_whole() => {}
            Ok(_) => tracing::error!("the ledger on this disk is damaged; see tracepost verify"),
            Err(error) => tracing::error!(%error, "the ledger could not be verified"),
        }
    };
    if let Err(error) = std::thread::Builder::new().name("verify".into()).spawn(look) {
        tracing::warn!(%error, "the ledger is not verified in the background");
    }
}
