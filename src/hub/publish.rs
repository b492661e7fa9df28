//! `register publish`: the rows of a register as immutable chunks and one signed manifest.
//!
//! Chunks are written first, each whole and under its hash; the manifest that names them replaces the old one last, in
//! one rename. A device that reads meanwhile sees one version or the other. A running `serve` reads the files anew at each
//! request, so it needs no word of it.

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::dir::write_whole;
use super::storage::{Register, StorageError};
use super::{Hub, HubError};
use crate::domain::{Record, RegisterId, RegisterVersion};
use crate::registers::chunk::ChunkRef;
use crate::registers::publish::bucket_bits;
use crate::registers::{Manifest, Publisher, RecordBytes, SignedManifest};
use crate::wire::Offer;

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
    /// Chunks in it.
    pub chunks: u64,
    /// Chunks that were not there before.
    pub chunks_new: u64,
    /// Bytes of all chunks.
    pub bytes: u64,
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
    /// Publishes a register. Signs a new version only when something changed.
    ///
    /// # Errors
    /// When the register is unknown or empty of an import, or files cannot be written; the version before stays in force.
    pub fn publish_register(
        &self,
        id: &RegisterId,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<PublishReport, HubError> {
        let register = self.storage.register(id)?.ok_or_else(|| HubError::NoSuchRegister(id.0.clone()))?;
        let refuse = |message: String| HubError::Publish { register: id.0.clone(), message };
        let Some(as_of) = register.as_of_ms.and_then(DateTime::from_timestamp_millis) else {
            return Err(refuse("nothing was imported into it yet".to_owned()));
        };
        let before = self.published(id)?;
        let mut chunks_new = 0;
        let bits = bucket_bits(register.records, before.as_ref().map(|x| x.bucket_bits));
        let mut publisher = Publisher::new(bits, |chunk: &ChunkRef, bytes: &[u8]| {
            let path = self.dir.chunk(&chunk.hash);
            if !fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
                write_whole(&path, bytes, 0o644)?;
                chunks_new += 1;
            }
            Ok::<_, io::Error>(())
        });
        let mut done = 0;
        self.storage.records(id, &mut |_, bytes| {
            let record = Record::from_canonical_bytes(bytes).map_err(|e| StorageError::Failed(e.to_string()))?;
            publisher.push(record).map_err(|e| StorageError::Failed(with_source(&e)))?;
            done += 1;
            if done % 4096 == 0 {
                progress(done, register.records);
            }
            Ok(())
        })?;
        let published = publisher.finish().map_err(|e| refuse(with_source(&e)))?;
        progress(done, register.records.max(done));
        let version = RegisterVersion(before.as_ref().map_or(1, |x| x.version.0 + 1));
        let objects: Vec<_> = register.objects.iter().filter_map(|x| x.parse().ok()).collect();
        let manifest =
            published.manifest(id.clone(), version, as_of, register.owner.clone(), &objects, self.practice()?);
        let bytes = manifest.chunks.iter().map(|x| u64::from(x.len)).sum();
        let report = |version, new| PublishReport {
            register: id.clone(),
            version,
            new,
            records: manifest.records,
            chunks: manifest.chunks.len() as u64,
            chunks_new,
            bytes,
        };
        if let Some(before) = before.filter(|x| x.same_content(&manifest) && x.as_of_ms == manifest.as_of_ms) {
            self.storage.note_published(id)?;
            return Ok(report(before.version, false));
        }
        let path = self.dir.manifest(id);
        let signed = manifest.sign(self.keys.signing());
        write_whole(&path, &signed.to_wire(), 0o644).map_err(|e| HubError::file(&path, e))?;
        self.storage.note_published(id)?;
        Ok(report(version, true))
    }

    /// The manifest in force, checked against the hub's own key.
    fn published(&self, id: &RegisterId) -> Result<Option<Manifest>, HubError> {
        let path = self.dir.manifest(id);
        let Some(bytes) = read_if_there(&path)? else { return Ok(None) };
        let manifest = SignedManifest::from_wire(&bytes).and_then(|x| x.verify(&self.keys.public()));
        manifest.map(Some).map_err(|e| HubError::Publish {
            register: id.0.clone(),
            message: format!("{} is not what this hub signed ({e}); move it away and publish again", path.display()),
        })
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
                Ok(Some(manifest)) => offers.push(Offer { id: register.id, version: manifest.version }),
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
