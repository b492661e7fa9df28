//! One publication: from the rows, or from what changed in them, to files and a signed manifest.

use std::collections::BTreeSet;
use std::fs;
use std::io;

use sha2::{Digest, Sha256};

use super::{PublishReport, with_source, write_whole};
use crate::domain::{Hash, Object, Record, RegisterId, RegisterVersion};
use crate::hub::storage::{PublishTx, PublishedState, StorageError};
use crate::hub::{Hub, HubError};
use crate::registers::chunk::{ChunkError, ChunkRef, bucket_key, bucket_of};
use crate::registers::delta::{self, Changes, Delta, Level, Piece};
use crate::registers::manifest::{AHEAD_MS, Base, BaseList, Blob, Manifest, SEALS_MAX, SignedManifest};
use crate::registers::publish::{Published, Publisher, bucket_bits};
use crate::registers::state::{self, SUM_BYTES, Sum};
use crate::registers::{ManifestError, RecordBytes};

/// A new base is made when so many records changed since the last one, or one in so many.
const REBASE_CHANGES_MIN: u64 = 20_000;
const REBASE_ONE_IN: u64 = 32;

/// Why a publication stopped.
pub(super) enum Stopped {
    Storage(StorageError),
    Refused(HubError),
}

impl From<StorageError> for Stopped {
    fn from(error: StorageError) -> Self {
        Self::Storage(error)
    }
}

impl From<HubError> for Stopped {
    fn from(error: HubError) -> Self {
        Self::Refused(error)
    }
}

impl From<ChunkError> for Stopped {
    fn from(error: ChunkError) -> Self {
        Self::Storage(StorageError::Failed(error.to_string()))
    }
}

/// The version before, as far as it can be built on.
struct Before {
    manifest: Manifest,
    signed: SignedManifest,
    /// The sums that the database's list of changes begins from; `None` when it does not go with this manifest.
    sums: Option<Vec<Sum>>,
}

/// What changed since the version before.
#[derive(Default)]
struct News {
    changes: Changes,
    added: u64,
    put: u64,
    withdrawn: u64,
    records: i64,
    objects: BTreeSet<Object>,
}

pub(super) struct Publication<'a> {
    pub hub: &'a Hub,
    pub id: &'a RegisterId,
    pub now_ms: i64,
    pub next_ms: i64,
    pub practice: Result<bool, HubError>,
}

impl Publication<'_> {
    fn refuse(&self, message: impl Into<String>) -> Stopped {
        HubError::Publish { register: self.id.0.clone(), message: message.into() }.into()
    }

    pub fn run(
        self,
        tx: &mut dyn PublishTx,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(PublishReport, SignedManifest), Stopped> {
        let register = self.hub.storage().register(self.id)?;
        let register = register.ok_or_else(|| HubError::NoSuchRegister(self.id.0.clone()))?;
        let as_of_ms = register.as_of_ms.ok_or_else(|| self.refuse("nothing was imported into it yet"))?;
        let practice = match &self.practice {
            Ok(practice) => *practice,
            Err(error) => return Err(self.refuse(error.to_string())),
        };
        let before = self.before(tx)?;
        let mut written = 0;
        let news = match &before {
            Some(Before { sums: Some(sums), manifest, .. }) => Some(self.news(tx, manifest, sums.clone())?),
            _ => None,
        };
        let objects = register.objects.iter().filter_map(|x| x.parse().ok());
        let mut objects: BTreeSet<Object> = objects.collect();
        let since_base = before.as_ref().zip(news.as_ref()).and_then(|(b, (n, _))| since_base(&b.manifest, n));
        let (base, bits, records, sums) = match (&before, &news) {
            (Some(before), Some((news, sums)))
                if since_base
                    .is_some_and(|n| n <= REBASE_CHANGES_MIN.max(before.manifest.base.records / REBASE_ONE_IN)) =>
            {
                objects.extend(&news.objects);
                let records = before.manifest.records.saturating_add_signed(news.records);
                (before.manifest.base, before.manifest.bucket_bits, records, sums.clone())
            }
            _ => {
                let bits = bucket_bits(register.records, before.as_ref().map(|b| b.manifest.bucket_bits));
                let published = self.base(tx, bits, register.records, &mut written, progress)?;
                objects.extend(&published.objects);
                let version = RegisterVersion(before.as_ref().map_or(1, |b| b.manifest.version.0 + 1));
                self.write_blob(&published.list.to_bytes(), &mut written)?;
                (published.base(version), bits, published.records, published.sums)
            }
        };
        let states = self.write_blob(&state::list_of(&sums), &mut written)?;
        let mut manifest = Manifest {
            register: self.id.clone(),
            version: RegisterVersion(before.as_ref().map_or(1, |b| b.manifest.version.0 + 1)),
            as_of_ms,
            signed_ms: self.now_ms,
            next_ms: self.next_ms,
            owner: register.owner.clone(),
            objects: objects.into_iter().collect(),
            records,
            bucket_bits: bits,
            practice,
            base,
            states,
            deltas: Vec::new(),
            seals: Vec::new(),
        };
        let same = before.as_ref().filter(|b| b.manifest.same_content(&manifest) && b.manifest.as_of_ms == as_of_ms);
        let is_new = same.is_none();
        let mut delta_bytes = 0;
        if let Some(before) = same {
            let old = &before.manifest;
            // Signed anew, and not with a clock that is a little behind: devices take the newest signature for the newest word. But
            // a date that lies days ahead was a mistake of the clock, and would stand in for every word until then.
            let ran_ahead = old.signed_ms > self.now_ms.saturating_add(AHEAD_MS);
            let (signed_ms, next_ms) = if ran_ahead { (0, 0) } else { (old.signed_ms, old.next_ms) };
            let (signed_ms, next_ms) = (self.now_ms.max(signed_ms), self.next_ms.max(next_ms));
            manifest = Manifest { signed_ms, next_ms, ..old.clone() };
        } else {
            if let Some(before) = &before {
                manifest.seals.clone_from(&before.manifest.seals);
                if manifest.seals.len() >= SEALS_MAX {
                    manifest.seals.remove(0);
                }
            }
            manifest.seals.push(manifest.seal_after(before.as_ref().map_or(0, |b| b.manifest.seal())));
            if let Some((before, (news, _))) = before.as_ref().zip(news.as_ref()) {
                manifest.deltas = self.deltas(&before.manifest, news, manifest.version, &mut written)?;
                delta_bytes = manifest.deltas.last().map_or(0, Delta::bytes);
            }
        }
        let signed = manifest.sign(self.hub.keys().signing());
        if signed.bytes.len() > crate::registers::manifest::MANIFEST_BYTES_MAX {
            return Err(self.refuse("its table of contents became longer than a device reads"));
        }
        let sums = sums.iter().flat_map(Sum::to_bytes).collect();
        tx.published(&PublishedState { version: manifest.version, manifest: signed.to_wire(), sums })?;
        let news = news.map(|n| n.0).unwrap_or_default();
        let chunks = fs::read(self.hub.dir().chunk(&manifest.base.list.hash))
            .ok()
            .and_then(|bytes| BaseList::read(&manifest, &bytes).ok())
            .map_or(0, |list| list.chunks.len() as u64);
        let report = PublishReport {
            register: self.id.clone(),
            version: manifest.version,
            new: is_new,
            records: manifest.records,
            added: news.added,
            changed: news.put.saturating_sub(news.added),
            withdrawn: news.withdrawn,
            chunks,
            chunks_new: written,
            bytes: manifest.base.bytes,
            delta_bytes,
        };
        Ok((report, before.filter(|b| !is_new && b.manifest == manifest).map_or(signed, |b| b.signed)))
    }

    /// The newest version of this register that this hub signed: of the database or of the file, for one of them may have
    /// been restored from a backup.
    fn before(&self, tx: &mut dyn PublishTx) -> Result<Option<Before>, Stopped> {
        let file = self.hub.published(self.id)?;
        let key = self.hub.keys().public();
        let noted = tx.state()?.and_then(|state| {
            let signed = SignedManifest::from_wire(&state.manifest).ok()?;
            Some((signed.verify(&key).ok()?, signed, state.sums))
        });
        match (file, noted) {
            (Some(file), Some((noted, ..))) if file.version > noted.version => self.of_file(file).map(Some),
            (_, Some((manifest, signed, sums))) => {
                let (sums, rest) = sums.as_chunks::<SUM_BYTES>();
                let sums: Option<Vec<Sum>> = sums.iter().map(|sum| Sum::from_bytes(sum)).collect();
                let sums = sums.filter(|s| rest.is_empty() && s.len() == 1 << manifest.bucket_bits);
                Ok(Some(Before { manifest, signed, sums }))
            }
            (Some(file), None) => self.of_file(file).map(Some),
            (None, None) => self.of_older_form(),
        }
    }

    fn of_file(&self, manifest: Manifest) -> Result<Before, Stopped> {
        let signed = manifest.sign(self.hub.keys().signing());
        Ok(Before { manifest, signed, sums: None })
    }

    /// A manifest of before the last change of form: its version is gone on from, and nothing else.
    fn of_older_form(&self) -> Result<Option<Before>, Stopped> {
        let path = self.hub.dir().manifest(self.id);
        let Some(bytes) = super::read_if_there(&path)? else { return Ok(None) };
        let signed = SignedManifest::from_wire(&bytes).ok();
        let Some((signed, version)) = signed.and_then(|s| Some((s.clone(), s.version_in_form_1()?))) else {
            return Ok(None);
        };
        let manifest = Manifest {
            register: self.id.clone(),
            version,
            as_of_ms: i64::MIN,
            signed_ms: 0,
            next_ms: 0,
            owner: String::new(),
            objects: Vec::new(),
            records: 0,
            bucket_bits: 0,
            practice: false,
            base: Base { version, records: 0, bytes: 0, list: Blob::of(&[]) },
            states: Blob::of(&[]),
            deltas: Vec::new(),
            seals: Vec::new(),
        };
        Ok(Some(Before { manifest, signed, sums: None }))
    }

    /// What changed, and the sums after it.
    fn news(&self, tx: &mut dyn PublishTx, before: &Manifest, mut sums: Vec<Sum>) -> Result<(News, Vec<Sum>), Stopped> {
        let mut news = News::default();
        tx.changes(&mut |was, is| {
            if was == is {
                return Ok(());
            }
            let read = |bytes| Record::from_canonical_bytes(bytes).map_err(|e| StorageError::Failed(e.to_string()));
            let (was, is) = (was.map(|b| Ok((read(b)?, b))).transpose()?, is.map(|b| Ok((read(b)?, b))).transpose()?);
            let Some((named, _)) = is.as_ref().or(was.as_ref()) else { return Ok(()) };
            let bucket = bucket_of(bucket_key(&named.id), before.bucket_bits) as usize;
            let sum = sums.get_mut(bucket).ok_or_else(|| StorageError::Failed("a bucket is missing".to_owned()))?;
            let hash = |bytes: &[u8]| Hash(Sha256::digest(bytes).into());
            news.added += u64::from(was.is_none());
            if let Some((record, bytes)) = was {
                sum.remove(&hash(bytes));
                news.records -= 1;
                if is.is_none() {
                    news.changes.withdraw(record.id);
                    news.withdrawn += 1;
                }
            }
            if let Some((record, bytes)) = is {
                sum.add(&hash(bytes));
                news.records += 1;
                news.put += 1;
                news.objects.extend(record.description.object);
                news.changes.put(&record);
            }
            Ok(())
        })?;
        Ok((news, sums))
    }

    /// All rows as a new base.
    fn base(
        &self,
        tx: &mut dyn PublishTx,
        bits: u8,
        expected: u64,
        written: &mut u64,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Published, Stopped> {
        let mut publisher =
            Publisher::new(bits, |chunk: &ChunkRef, bytes: &[u8]| self.write(&chunk.hash, bytes, written));
        let mut done = 0;
        tx.records(&mut |_, bytes| {
            let record = Record::from_canonical_bytes(bytes).map_err(|e| StorageError::Failed(e.to_string()))?;
            publisher.push(record).map_err(|e| StorageError::Failed(with_source(&e)))?;
            done += 1;
            if done % 4096 == 0 {
                progress(done, expected);
            }
            Ok(())
        })?;
        let published = publisher.finish().map_err(|e| self.refuse(with_source(&e)))?;
        progress(done, expected.max(done));
        Ok(published)
    }

    fn deltas(
        &self,
        before: &Manifest,
        news: &News,
        to: RegisterVersion,
        written: &mut u64,
    ) -> Result<Vec<Delta>, Stopped> {
        let mut store = |changes: &Changes| -> Result<Vec<Piece>, Stopped> {
            changes.pieces(|chunk, bytes| {
                self.write(&chunk.hash, bytes, written)
                    .map_err(|e| self.refuse(format!("a piece was not written: {e}")))
            })
        };
        let pieces = store(&news.changes)?;
        let new = Delta { level: Level::Hour, from: before.version, to, signed_ms: self.now_ms, pieces };
        let mut load = |delta: &Delta| -> Result<Changes, Stopped> {
            let mut changes = Changes::default();
            for piece in &delta.pieces {
                let path = self.hub.dir().chunk(&piece.chunk.hash);
                let bytes = fs::read(&path).map_err(|e| HubError::file(&path, e))?;
                changes.read(piece, &bytes)?;
            }
            Ok(changes)
        };
        match delta::roll(&before.deltas, new.clone(), &news.changes, &mut load, &mut store) {
            // A file of an earlier delta is gone or damaged: what cannot be summed up is not offered, the rest is.
            Err(Stopped::Refused(error)) => {
                tracing::error!("earlier deltas cannot be read and are offered no more: {error}");
                Ok(vec![new])
            }
            other => other,
        }
    }

    fn write_blob(&self, bytes: &[u8], written: &mut u64) -> Result<Blob, Stopped> {
        let blob = Blob::of(bytes);
        self.write(&blob.hash, bytes, written).map_err(|e| self.refuse(format!("a list was not written: {e}")))?;
        Ok(blob)
    }

    fn write(&self, hash: &Hash, bytes: &[u8], written: &mut u64) -> io::Result<()> {
        let path = self.hub.dir().chunk(hash);
        if !fs::metadata(&path).is_ok_and(|found| found.len() == bytes.len() as u64) {
            write_whole(&path, bytes, 0o644)?;
            *written += 1;
        }
        Ok(())
    }
}

/// Changes since the base, with the new ones; `None` when no deltas lead from the base to the version before.
fn since_base(before: &Manifest, news: &News) -> Option<u64> {
    let way = delta::way(&before.deltas, before.base.version, before.version)?;
    Some(way.iter().map(|d| d.changes()).sum::<u64>() + news.changes.len() as u64)
}

impl From<ManifestError> for Stopped {
    fn from(error: ManifestError) -> Self {
        Self::Storage(StorageError::Failed(error.to_string()))
    }
}
