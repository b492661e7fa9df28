//! The signed table of contents of a published register.
//!
//! A manifest is small, is fetched whole, and is trusted only when the hub's Ed25519 key signed exactly its bytes. It
//! names every chunk by length and SHA-256, so the chunks themselves may come from anywhere.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::chunk::ChunkRef;
use crate::domain::{Hash, Object, RegisterId, RegisterVersion};

/// What is signed begins with this, so that no other signature of the hub can pass for one over a manifest.
const DOMAIN: &[u8] = b"tracepost register manifest\x00";
/// Form of the bytes, and the newest that this version reads.
const FORM: u8 = 1;
/// A manifest of ten million records has some 2,400 chunks of 50 bytes; what is longer is refused before it is decoded.
pub const MANIFEST_BYTES_MAX: usize = 4 << 20;

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
    /// Does not decode, or contradicts itself.
    #[error("the register's table of contents is damaged: {0}")]
    Damaged(&'static str),
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
    /// The chunks in ascending order of their buckets; a bucket without records has none.
    pub chunks: Vec<ChunkRef>,
}

impl Manifest {
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
        if form != FORM {
            return Err(ManifestError::NewerForm(form));
        }
        let manifest: Self = postcard::from_bytes(rest).map_err(|_| ManifestError::Damaged("it does not decode"))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<(), ManifestError> {
        let sum = self.chunks.iter().try_fold(0u64, |sum, c| sum.checked_add(u64::from(c.records)));
        let ascending = self.chunks.windows(2).all(|w| w[0].bucket < w[1].bucket);
        let in_range = self.bucket_bits <= 24 && self.chunks.iter().all(|c| c.bucket >> self.bucket_bits == 0);
        match () {
            () if sum != Some(self.records) => Err(ManifestError::Damaged("its records do not add up")),
            () if !ascending || !in_range => Err(ManifestError::Damaged("its chunks are out of order")),
            () if RegisterId::parse(&self.register.0).is_none() => Err(ManifestError::Damaged("its name is no name")),
            () => Ok(()),
        }
    }

    /// Signs the manifest with the hub's key.
    pub fn sign(&self, key: &SigningKey) -> SignedManifest {
        let bytes = self.to_bytes();
        let signature = key.sign(&signed_text(&bytes)).to_bytes().to_vec();
        SignedManifest { bytes, signature }
    }

    /// True when `other` holds the same records in the same chunks under the same facts, whatever its version.
    pub fn same_content(&self, other: &Self) -> bool {
        let facts = |m: &Self| (m.owner.clone(), m.objects.iter().copied().collect::<BTreeSet<_>>(), m.practice);
        self.chunks == other.chunks && facts(self) == facts(other)
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
mod tests {
    use super::*;

    fn example() -> Manifest {
        let chunk =
            |bucket, records| ChunkRef { bucket, hash: Hash([bucket as u8; 32]), len: 100, raw_len: 300, records };
        Manifest {
            register: RegisterId("ua-weapons".into()),
            version: RegisterVersion(3),
            as_of_ms: 1_700_000_000_000,
            owner: "MIA".into(),
            objects: vec![Object::Firearm],
            records: 30,
            bucket_bits: 1,
            practice: true,
            chunks: vec![chunk(0, 10), chunk(1, 20)],
        }
    }

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_bytes(&[seed; 32])
    }

    #[test]
    fn only_the_hubs_own_bytes_verify() {
        let signed = example().sign(&key(1));
        let back = SignedManifest::from_wire(&signed.to_wire()).unwrap();
        assert_eq!(back.verify(&key(1).verifying_key()).unwrap(), example());
        assert_eq!(signed.verify(&key(2).verifying_key()), Err(ManifestError::NotSigned));
        for at in 0..signed.bytes.len() {
            let mut changed = signed.clone();
            changed.bytes[at] ^= 1;
            assert_eq!(changed.verify(&key(1).verifying_key()), Err(ManifestError::NotSigned), "byte {at}");
        }
    }

    #[test]
    fn a_manifest_that_contradicts_itself_is_refused_even_when_signed() {
        let changes: [fn(&mut Manifest); 5] = [
            |m| m.records += 1,
            |m| m.chunks.swap(0, 1),
            |m| m.bucket_bits = 0,
            |m| m.register.0 = "../up".into(),
            |m| m.bucket_bits = 60,
        ];
        for (n, change) in changes.into_iter().enumerate() {
            let mut manifest = example();
            change(&mut manifest);
            let verdict = manifest.sign(&key(1)).verify(&key(1).verifying_key());
            assert!(matches!(verdict, Err(ManifestError::Damaged(_))), "change {n}: {verdict:?}");
        }
    }
}
