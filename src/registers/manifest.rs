//! The signed table of contents of a published register.
//!
//! A manifest is small, is fetched whole, and is trusted only when the hub's Ed25519 key signed exactly its bytes. It
//! names everything else by length and SHA-256, so that may come from anywhere: the deltas from earlier versions, and two
//! lists that only some devices need, the chunks of the base and the hashes of the buckets.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chunk::{CHUNK_BYTES_MAX, CHUNK_RAW_BYTES_MAX, ChunkRef};
use super::delta::Delta;
use super::state::Sum;
use crate::domain::{Hash, Object, RegisterId, RegisterVersion};

/// What is signed begins with this, so that no other signature of the hub can pass for one over a manifest.
const DOMAIN: &[u8] = b"tracepost register manifest\x00";
/// Form of the bytes, and the newest that this version reads.
const FORM: u8 = 2;
/// Seals and some hundred pieces of deltas; what is longer is refused before it is decoded.
pub const MANIFEST_BYTES_MAX: usize = 4 << 20;
/// A list of the chunks of 100 million records has some 2 MB.
pub const LIST_BYTES_MAX: usize = 16 << 20;
/// More buckets than that no register needs.
pub const BUCKET_BITS_MAX: u8 = 16;
/// What is dated so much later than now, in milliseconds, was dated by a clock that ran ahead, or this one is behind: clocks
/// that show local time for UTC stay within it.
pub const AHEAD_MS: i64 = 24 * 3_600_000;
/// More deltas, and more pieces of one, than any register ever named.
pub const DELTAS_MAX: usize = 1024;
const PIECES_MAX: usize = 16_384;
/// No hub publishes so often. One that says so would have the last word: nothing newer could ever come.
const VERSION_MAX: u64 = 1 << 40;
/// More than a device can number.
const RECORDS_MAX: u64 = u32::MAX as u64;
const BASE_BYTES_MAX: u64 = 1 << 40;
/// The last moment of the year 9999; nothing was signed before 1970.
const MOMENT_MAX_MS: i64 = 253_402_300_799_999;
/// A version is told apart from others of its number for so many versions: 42 days of one an hour.
pub const SEALS_MAX: usize = 1024;

/// Why a manifest was not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Longer than [`MANIFEST_BYTES_MAX`].
    #[error("the register's table of contents is {0} bytes long, which no register needs")]
    TooLong(usize),
    /// Signed by another key, or changed after it was signed.
    #[error("the register's table of contents is not signed by this hub")]
    NotSigned,
    /// A newer hub wrote it.
    #[error("the register's table of contents is in form {0}, which this version cannot read; update the program")]
    NewerForm(u8),
    /// A hub before its last update wrote it.
    #[error("the register's table of contents is in the old form {0}; publish the register again on the hub")]
    OlderForm(u8),
    /// Does not decode, or contradicts itself.
    #[error("the register's table of contents is damaged: {0}")]
    Damaged(&'static str),
}

/// A file by its content: lists that only some devices fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Blob {
    /// SHA-256 of the bytes: its name.
    pub hash: Hash,
    /// Their number.
    pub len: u32,
}

impl Blob {
    /// Names the bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self { hash: Hash(Sha256::digest(bytes).into()), len: bytes.len() as u32 }
    }

    /// Whether these are the bytes.
    pub fn is(&self, bytes: &[u8]) -> bool {
        *self == Self::of(bytes)
    }
}

/// The version that a new device begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// Which.
    pub version: RegisterVersion,
    /// Records in it.
    pub records: u64,
    /// Bytes of all its chunks.
    pub bytes: u64,
    /// Its [`BaseList`].
    pub list: Blob,
}

/// A chunk of a base, with the sum of its records: a device that holds the same records need not fetch it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseChunk {
    /// The chunk.
    pub chunk: ChunkRef,
    /// [`Sum`] of its records.
    sum: Vec<u8>,
}

impl BaseChunk {
    /// A chunk and its sum.
    pub fn new(chunk: ChunkRef, sum: &Sum) -> Self {
        Self { chunk, sum: sum.to_bytes().to_vec() }
    }

    /// The sum.
    pub fn sum(&self) -> Sum {
        Sum::from_bytes(&self.sum).unwrap_or_default()
    }
}

/// The chunks of a base in ascending order of their buckets; a bucket without records has none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BaseList {
    /// Them.
    pub chunks: Vec<BaseChunk>,
}

impl BaseList {
    /// The bytes that are named and sent.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![FORM]).unwrap_or_default()
    }

    /// Reads bytes, which must be what the manifest names and fit it.
    pub fn read(manifest: &Manifest, bytes: &[u8]) -> Result<Self, ManifestError> {
        if !manifest.base.list.is(bytes) {
            return Err(ManifestError::Damaged("its list of pieces is another"));
        }
        let list: Self = bytes
            .strip_prefix(&[FORM])
            .and_then(|rest| postcard::from_bytes(rest).ok())
            .ok_or(ManifestError::Damaged("its list of pieces does not decode"))?;
        let sums =
            |part: fn(&ChunkRef) -> u64| list.chunks.iter().try_fold(0u64, |sum, c| sum.checked_add(part(&c.chunk)));
        let ascending = list.chunks.windows(2).all(|w| w[0].chunk.bucket < w[1].chunk.bucket);
        let is_sound = |c: &BaseChunk| {
            c.chunk.bucket >> manifest.bucket_bits == 0 && is_bounded(&c.chunk) && Sum::from_bytes(&c.sum).is_some()
        };
        match () {
            () if sums(|c| u64::from(c.records)) != Some(manifest.base.records) => {
                Err(ManifestError::Damaged("its records do not add up"))
            }
            () if sums(|c| u64::from(c.len)) != Some(manifest.base.bytes) => {
                Err(ManifestError::Damaged("its pieces do not add up"))
            }
            () if !ascending || !list.chunks.iter().all(is_sound) => {
                Err(ManifestError::Damaged("its pieces are out of order or out of bounds"))
            }
            () => Ok(list),
        }
    }
}

/// Whether a chunk claims no more than any chunk may hold.
fn is_bounded(chunk: &ChunkRef) -> bool {
    chunk.len as usize <= CHUNK_BYTES_MAX && chunk.raw_len as usize <= CHUNK_RAW_BYTES_MAX && chunk.records <= 1 << 20
}

/// Table of contents of one version of a register.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The register.
    pub register: RegisterId,
    /// Grows with every publication that changed something.
    pub version: RegisterVersion,
    /// Moment up to which the source's data reach, in milliseconds since 1970 (UTC).
    pub as_of_ms: i64,
    /// The hub's clock when it signed this, in milliseconds since 1970 (UTC).
    pub signed_ms: i64,
    /// When the hub expects to have signed another one, at the latest; a feed that is older is frozen or forgotten.
    pub next_ms: i64,
    /// The authority that owns the records.
    pub owner: String,
    /// The objects that the register is kept for, in ascending order.
    pub objects: Vec<Object>,
    /// Number of records.
    pub records: u64,
    /// The records are spread over 2 to this power buckets by the hash of their id.
    pub bucket_bits: u8,
    /// Made-up records for training; never loaded beside real ones.
    pub practice: bool,
    /// What a new device begins with.
    pub base: Base,
    /// The hashes of all buckets of this version, end to end (see [`super::state`]). Its own hash is the register's.
    pub states: Blob,
    /// What changed, for devices that hold an earlier version.
    pub deltas: Vec<Delta>,
    /// First bytes of the hashes that chain the versions, the last of them this one's: two versions of one number that are
    /// not one version differ here.
    pub seals: Vec<u64>,
}

impl Manifest {
    /// The seal of a version, if it is recent enough to be told.
    pub fn seal_of(&self, version: RegisterVersion) -> Option<u64> {
        let back = usize::try_from(self.version.0.checked_sub(version.0)?).ok()?;
        self.seals.len().checked_sub(back + 1).map(|at| self.seals[at])
    }

    /// This version's own seal.
    pub fn seal(&self) -> u64 {
        self.seals.last().copied().unwrap_or(0)
    }

    /// The seal that a version with these facts gets after one with that seal.
    pub fn seal_after(&self, before: u64) -> u64 {
        let digest = Sha256::new()
            .chain_update(b"tracepost register version\x00")
            .chain_update(before.to_le_bytes())
            .chain_update(self.register.0.as_bytes())
            .chain_update(self.version.0.to_le_bytes())
            .chain_update(self.as_of_ms.to_le_bytes())
            .chain_update(self.states.hash.0)
            .finalize();
        u64::from_le_bytes(digest.first_chunk().copied().unwrap_or_default())
    }

    /// Moment up to which the source's data reach.
    pub fn as_of(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.as_of_ms).unwrap_or_default()
    }

    /// The bytes that are signed and kept.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_extend(self, vec![FORM]).unwrap_or_default()
    }

    /// Reads bytes whose signature was checked.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong(bytes.len()));
        }
        let (&form, rest) = bytes.split_first().ok_or(ManifestError::Damaged("it is empty"))?;
        match form {
            FORM => {}
            0..FORM => return Err(ManifestError::OlderForm(form)),
            _ => return Err(ManifestError::NewerForm(form)),
        }
        let manifest: Self = postcard::from_bytes(rest).map_err(|_| ManifestError::Damaged("it does not decode"))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let wrong = ManifestError::Damaged;
        let pieces = || self.deltas.iter().flat_map(|d| &d.pieces);
        match () {
            () if RegisterId::parse(&self.register.0).is_none() => Err(wrong("its name is no name")),
            () if self.version.0 > VERSION_MAX => Err(wrong("no hub reaches a version of that number")),
            () if self.records.max(self.base.records) > RECORDS_MAX || self.base.bytes > BASE_BYTES_MAX => {
                Err(wrong("it claims more records than a device can hold"))
            }
            () if [self.signed_ms, self.next_ms].iter().any(|ms| !(0..=MOMENT_MAX_MS).contains(ms)) => {
                Err(wrong("its dates are none"))
            }
            () if self.bucket_bits > BUCKET_BITS_MAX => Err(wrong("it has more buckets than any register needs")),
            () if self.states.len as usize != 32 << self.bucket_bits => Err(wrong("its hashes are not one a bucket")),
            () if self.base.version > self.version => Err(wrong("its base is newer than itself")),
            () if self.base.list.len as usize > LIST_BYTES_MAX => Err(wrong("its list of pieces is too long")),
            () if self.seals.is_empty() || self.seals.len() > SEALS_MAX => Err(wrong("it does not seal its version")),
            () if self.deltas.len() > DELTAS_MAX || self.deltas.iter().any(|d| d.pieces.len() > PIECES_MAX) => {
                Err(wrong("it names more deltas than any register has"))
            }
            () if self.deltas.iter().any(|d| d.from >= d.to || d.to > self.version) => {
                Err(wrong("a delta leads nowhere"))
            }
            () if !pieces().all(|p| is_bounded(&p.chunk) && p.first_key <= p.last_key && p.withdrawn <= 1 << 20) => {
                Err(wrong("a piece of a delta is out of bounds"))
            }
            () if !self.deltas.iter().all(Delta::is_in_order) => Err(wrong("pieces of a delta are out of order")),
            () => Ok(()),
        }
    }

    /// Signs the manifest with the hub's key.
    pub fn sign(&self, key: &SigningKey) -> SignedManifest {
        let bytes = self.to_bytes();
        let signature = key.sign(&signed_text(&bytes)).to_bytes().to_vec();
        SignedManifest { bytes, signature }
    }

    /// True when `other` holds the same records under the same facts, whatever its version.
    pub fn same_content(&self, other: &Self) -> bool {
        let facts = |m: &Self| (m.owner.clone(), m.objects.iter().copied().collect::<BTreeSet<_>>(), m.practice);
        self.bucket_bits == other.bucket_bits && self.states == other.states && facts(self) == facts(other)
    }
}

fn signed_text(bytes: &[u8]) -> Vec<u8> {
    [DOMAIN, bytes].concat()
}

/// A manifest as it travels and is kept: exactly the bytes that were signed, and the signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedManifest {
    /// [`Manifest::to_bytes`].
    pub bytes: Vec<u8>,
    /// 64 bytes of Ed25519.
    pub signature: Vec<u8>,
}

impl SignedManifest {
    /// Checks length and signature, then reads.
    pub fn verify(&self, hub: &VerifyingKey) -> Result<Manifest, ManifestError> {
        if self.bytes.len() > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong(self.bytes.len()));
        }
        let signature = Signature::from_slice(&self.signature).map_err(|_| ManifestError::NotSigned)?;
        hub.verify_strict(&signed_text(&self.bytes), &signature).map_err(|_| ManifestError::NotSigned)?;
        Manifest::from_bytes(&self.bytes)
    }

    /// The version that a manifest of the first form names. Nothing else of that form is read any more.
    pub fn version_in_form_1(&self) -> Option<RegisterVersion> {
        let rest = self.bytes.strip_prefix(&[1])?;
        postcard::take_from_bytes::<(RegisterId, RegisterVersion)>(rest).ok().map(|((_, version), _)| version)
    }

    /// SHA-256 of the signed bytes: the name of exactly this state of the register.
    pub fn state_hash(&self) -> Hash {
        Hash(Sha256::digest(&self.bytes).into())
    }

    /// The form in which it is stored and sent.
    pub fn to_wire(&self) -> Vec<u8> {
        postcard::to_stdvec(self).unwrap_or_default()
    }

    /// Reads [`Self::to_wire`]; nothing is trusted before [`Self::verify`].
    pub fn from_wire(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.len() > MANIFEST_BYTES_MAX + 128 {
            return Err(ManifestError::TooLong(bytes.len()));
        }
        postcard::from_bytes(bytes).map_err(|_| ManifestError::Damaged("it does not decode"))
    }
}

#[cfg(test)]
mod tests;
