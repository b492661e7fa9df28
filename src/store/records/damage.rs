//! What is known of damage in the files of a generation.
//!
//! Each block and page is sealed, so what opens is right, and checks that need nothing else are answered. But nothing is built on a
//! generation of which a part does not open: a note beside its files outlives the program, and the next sync fetches all anew.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::RecordsError;
use crate::platform::files;

/// The note beside the files of a generation.
pub(super) fn path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("records-{generation}.damaged"))
}

/// Of which generation something does not open, and why.
#[derive(Default)]
pub(super) struct Damage(Mutex<Option<(u64, String)>>);

impl Damage {
    /// Takes up what an earlier program noted.
    pub fn look(&self, dir: &Path, generation: u64) {
        if let Ok(why) = std::fs::read_to_string(path(dir, generation)) {
            self.put(generation, why);
        }
    }

    /// Notes it, for later programs, too.
    pub fn note(&self, dir: &Path, generation: u64, error: &RecordsError) {
        if self.of(generation).is_some() {
            return;
        }
        tracing::error!("the registers cannot be read: {error}");
        let why = format!("{error}; checks that need it are not answered until the next sync has fetched all anew");
        // A disk that takes no note has this program remember it.
        let _ = files::write_atomic(&path(dir, generation), why.as_bytes());
        self.put(generation, why);
    }

    /// What is known of that generation.
    pub fn of(&self, generation: u64) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.as_ref().filter(|(number, _)| *number == generation).map(|(_, why)| why.clone())
    }

    fn put(&self, generation: u64, why: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((generation, why));
    }
}
