//! `register diff`: what the next publication would tell devices, before it does.

use serde::Serialize;

use super::storage::StorageError;
use super::{Hub, HubError};
use crate::domain::{Facts, Record, RegisterId, RegisterVersion};
use crate::registers::{RecordBytes, disclosure};

/// What became of a record since the last publication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// It is new.
    Added {
        /// Its id.
        record: String,
        /// What it says.
        fields: Facts,
    },
    /// It says something else.
    Changed {
        /// Its id.
        record: String,
        /// What it said and no longer says so.
        before: Facts,
        /// What it says in its place.
        after: Facts,
    },
    /// It is gone.
    Withdrawn {
        /// Its id.
        record: String,
        /// What it said.
        fields: Facts,
    },
}

/// All changes since the last publication, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeReport {
    /// The register.
    pub register: RegisterId,
    /// The version in force; `None` when nothing was published.
    pub version: Option<RegisterVersion>,
    /// New records.
    pub added: u64,
    /// Records that say something else.
    pub changed: u64,
    /// Records that are gone.
    pub withdrawn: u64,
}

impl Change {
    fn of(before: Option<&[u8]>, after: Option<&[u8]>) -> Result<Option<Self>, StorageError> {
        let read =
            |bytes: &[u8]| Record::from_canonical_bytes(bytes).map_err(|error| StorageError::Failed(error.to_string()));
        let (before, after) = (before.map(read).transpose()?, after.map(read).transpose()?);
        Ok(match (before, after) {
            (None, None) => None,
            (None, Some(new)) => Some(Self::Added { fields: disclosure::whole(&new), record: new.id }),
            (Some(old), None) => Some(Self::Withdrawn { fields: disclosure::whole(&old), record: old.id }),
            (Some(old), Some(new)) if old == new => None,
            (Some(old), Some(new)) => {
                let (mut before, mut after) = (disclosure::whole(&old), disclosure::whole(&new));
                before.retain(|name, value| match after.get(name) {
                    Some(now) if now == value => {
                        after.remove(name);
                        false
                    }
                    _ => true,
                });
                Some(Self::Changed { record: new.id, before, after })
            }
        })
    }
}

impl Hub {
    /// Hands over each change since the last publication, in the order in which records are kept. Before the first one
    /// every record is new, and only counted.
    ///
    /// # Errors
    /// When the register is unknown or cannot be read, or the caller stops it.
    pub fn register_changes(
        &self,
        id: &RegisterId,
        each: &mut dyn FnMut(&Change) -> Result<(), StorageError>,
    ) -> Result<ChangeReport, HubError> {
        let register = self.storage.register(id)?.ok_or_else(|| HubError::NoSuchRegister(id.0.clone()))?;
        let mut report = ChangeReport { register: id.clone(), version: None, added: 0, changed: 0, withdrawn: 0 };
        self.storage.publishing(id, &mut |tx| {
            let Some(state) = tx.state()? else {
                report.added = register.records;
                return Ok(());
            };
            report.version = Some(state.version);
            tx.changes(&mut |before, after| {
                let Some(change) = Change::of(before, after)? else { return Ok(()) };
                match change {
                    Change::Added { .. } => report.added += 1,
                    Change::Changed { .. } => report.changed += 1,
                    Change::Withdrawn { .. } => report.withdrawn += 1,
                }
                each(&change)
            })
        })?;
        Ok(report)
    }
}
