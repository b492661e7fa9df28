//! The file that names the generation in use.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RecordsError;
use crate::platform::files;

/// Form of the pointer and of what it names.
const FORM: u32 = 1;

/// The generation in use, and how long its files are: a file cut short is noticed before it is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pointer {
    form: u32,
    pub generation: u64,
    pub db_bytes: u64,
    /// Whether a database of what has changed since stands beside it: without this, one that is gone would make old records
    /// pass for new ones.
    #[serde(default)]
    pub changed: bool,
}

impl Pointer {
    pub fn new(generation: u64, db_bytes: u64) -> Self {
        Self { form: FORM, generation, db_bytes, changed: false }
    }

    /// `None`: no registers were ever put into use here.
    pub fn read(dir: &Path) -> Result<Option<Self>, RecordsError> {
        let path = dir.join("records");
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(RecordsError::io(&path)(e)),
        };
        let pointer: Self = serde_json::from_slice(&bytes)
            .map_err(|_| RecordsError::Damaged("the file that names them is no such file"))?;
        if pointer.form > FORM {
            return Err(RecordsError::Damaged("they were written by a newer program; update this one"));
        }
        Ok(Some(pointer))
    }

    /// From now on a database of what has changed stands beside it.
    pub fn note_changed(mut self, dir: &Path) -> Result<(), RecordsError> {
        if self.changed {
            return Ok(());
        }
        self.changed = true;
        self.write(dir)
    }

    /// Puts the generation into use. Everything it names is on disk by now.
    pub fn write(&self, dir: &Path) -> Result<(), RecordsError> {
        let path = dir.join("records");
        let bytes = serde_json::to_vec(self).map_err(|_| RecordsError::Damaged("the pointer does not encode"))?;
        files::write_atomic(&path, &bytes).map_err(RecordsError::io(&path))
    }
}

pub(super) fn db_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("records-{generation}.db"))
}

/// Where the records themselves stand; generations of before have them in the database.
pub(super) fn rows_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("records-{generation}.rows"))
}

pub(super) fn index_path(dir: &Path, generation: u64) -> PathBuf {
    dir.join(format!("records-{generation}.idx"))
}
