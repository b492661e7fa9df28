//! `register publish`: the rows of a register as immutable files and one signed manifest.
//!
//! Usually only what changed since the last version is read, and becomes a delta; now and then all rows become a new base,
//! so that a new device does not begin with a long tail of deltas. Files are written first, each whole and under its hash;
//! then the database notes the version; the manifest that names it all replaces the old one last, in one rename. A device
//! that reads meanwhile sees one version or the other. After a kill in between, the next publication puts the noted
//! manifest into its place. A running `serve` reads the files anew at each request, so it needs no word of it.

mod prune;
mod version;

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use self::version::Publication;
use super::dir::write_whole;
use super::storage::Register;
use super::{Hub, HubError};
use crate::domain::{RegisterId, RegisterVersion};
use crate::registers::manifest::{Manifest, SignedManifest};
use crate::wire::Offer;

/// Name of the setting that says within how many hours a register is published again.
pub const PUBLISH_EVERY_HOURS: &str = "publish.every_hours";
const PUBLISH_EVERY_HOURS_DEFAULT: i64 = 24;
/// So much later a feed counts as late.
const GRACE_MS: i64 = 2 * 3_600_000;

/// What a publication did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PublishReport {
    /// The register.
    pub register: RegisterId,
    /// The version now in force.
    pub version: RegisterVersion,
    /// Whether this publication made it; `false` when nothing had changed.
    pub new: bool,
    /// Records in it.
    pub records: u64,
    /// Records that came since the version before, when that is known.
    pub added: u64,
    /// Records that say something else since, when that is known.
    pub changed: u64,
    /// Records that were withdrawn since.
    pub withdrawn: u64,
    /// Chunks of the base that a new device begins with.
    pub chunks: u64,
    /// Files that were not there before.
    pub chunks_new: u64,
    /// Bytes of the base.
    pub bytes: u64,
    /// Bytes of the delta from the version before.
    pub delta_bytes: u64,
}

/// A register as `register list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterState {
    /// What the hub holds.
    #[serde(flatten)]
    pub register: Register,
    /// The published version, if any.
    pub version: Option<RegisterVersion>,
    /// Moment up to which the data reach.
    pub as_of: Option<DateTime<Utc>>,
}

impl Hub {
    /// Publishes a register. Makes a new version only when something changed; else the old one is signed anew, so that
    /// devices see that the hub is alive.
    ///
    /// # Errors
    /// When the register is unknown or empty of an import, or files cannot be written; the version before stays in force.
    pub fn publish_register(
        &self,
        id: &RegisterId,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<PublishReport, HubError> {
        self.publish_register_at(id, super::now_ms(), progress)
    }

    /// The same at a given moment, milliseconds since 1970.
    ///
    /// # Errors
    /// As [`Self::publish_register`].
    pub fn publish_register_at(
        &self,
        id: &RegisterId,
        now_ms: i64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<PublishReport, HubError> {
        if self.storage.register(id)?.is_none() {
            return Err(HubError::NoSuchRegister(id.0.clone()));
        }
        let every = self.storage.setting(PUBLISH_EVERY_HOURS)?.and_then(|hours| hours.parse().ok());
        let every: i64 = every.filter(|hours| (1..=24 * 366).contains(hours)).unwrap_or(PUBLISH_EVERY_HOURS_DEFAULT);
        let mut outcome = None;
        let mut refusal = None;
        let noted = self.storage.publishing(id, &mut |tx| {
            let publication = Publication {
                hub: self,
                id,
                now_ms,
                next_ms: now_ms + every * 3_600_000 + GRACE_MS,
                practice: self.practice(),
            };
            match publication.run(tx, progress) {
                Ok(done) => outcome = Some(done),
                Err(version::Stopped::Storage(error)) => return Err(error),
                Err(version::Stopped::Refused(error)) => {
                    let message = error.to_string();
                    refusal = Some(error);
                    return Err(super::storage::StorageError::Failed(message));
                }
            }
            Ok(())
        });
        if let Some(error) = refusal {
            return Err(error);
        }
        noted?;
        let (report, signed) = outcome.ok_or_else(|| HubError::Publish {
            register: id.0.clone(),
            message: "nothing came of it; publish again".to_owned(),
        })?;
        let path = self.dir.manifest(id);
        write_whole(&path, &signed.to_wire(), 0o644).map_err(|e| HubError::file(&path, e))?;
        // Old files only take space; a publication does not fail for them.
        match self.prune() {
            Ok(removed) => tracing::debug!(removed, "files of earlier versions"),
            Err(error) => tracing::warn!("files of earlier versions stay: {error}"),
        }
        Ok(report)
    }

    /// The manifest in force, checked against the hub's own key. One of before the last change of form is none. A file that is gone or
    /// damaged is written again as the database has it noted.
    pub(super) fn published(&self, id: &RegisterId) -> Result<Option<Manifest>, HubError> {
        let path = self.dir.manifest(id);
        let bytes = read_if_there(&path)?;
        let verified = |wire: &[u8]| SignedManifest::from_wire(wire).and_then(|x| x.verify(&self.keys.public()));
        let error = match bytes.as_deref().map(verified) {
            Some(Ok(manifest)) => return Ok(Some(manifest)),
            Some(Err(crate::registers::ManifestError::OlderForm(_))) => return Ok(None),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let noted = self.storage.noted_manifest(id)?.and_then(|wire| Some((verified(&wire).ok()?, wire)));
        match (noted, error) {
            (Some((manifest, wire)), error) => {
                let why = error.map_or_else(|| "it was gone".to_owned(), |error| error.to_string());
                tracing::warn!("{} is written again as it was published: {why}", path.display());
                write_whole(&path, &wire, 0o644).map_err(|e| HubError::file(&path, e))?;
                Ok(Some(manifest))
            }
            (None, Some(error)) => Err(HubError::Publish {
                register: id.0.clone(),
                message: format!(
                    "{} is not what this hub signed ({error}); move it away and publish again",
                    path.display()
                ),
            }),
            (None, None) => Ok(None),
        }
    }

    /// All registers with what is published of them.
    ///
    /// # Errors
    /// When the database or a manifest cannot be read.
    pub fn register_states(&self) -> Result<Vec<RegisterState>, HubError> {
        let registers = self.storage.registers()?;
        let state = |register: Register| {
            let published = self.published(&register.id)?;
            let as_of = register.as_of_ms.and_then(DateTime::from_timestamp_millis);
            Ok(RegisterState { version: published.map(|x| x.version), as_of, register })
        };
        registers.into_iter().map(state).collect()
    }

    /// What devices are offered.
    ///
    /// # Errors
    /// When the database cannot be read. A manifest that is damaged is left out and logged: the others go on.
    pub fn offers(&self) -> Result<Vec<Offer>, HubError> {
        let mut offers = Vec::new();
        for register in self.storage.registers()? {
            match self.published(&register.id) {
                Ok(Some(manifest)) => {
                    offers.push(Offer {
                        id: register.id,
                        version: manifest.version,
                        signed_ms: manifest.signed_ms,
                        seal: format!("{:016x}", manifest.seal()),
                    });
                }
                Ok(None) => {}
                Err(error) => tracing::error!("{error}"),
            }
        }
        Ok(offers)
    }
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, HubError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(HubError::file(path, e)),
    }
}

fn with_source(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}
