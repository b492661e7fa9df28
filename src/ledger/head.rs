//! A head signed by its device: the claim "my ledger has come this far, and this is its hash".

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::domain::{DeviceId, Hash, Seq};

/// Begins the signed message, so that this signature can never be taken for one of another meaning.
const MEANING: &[u8] = b"tracepost signed head 1\0";

/// The device's signature over the position and hash of its last entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// Whose ledger.
    pub device: DeviceId,
    /// The last entry; 0 for a ledger without entries.
    pub seq: Seq,
    /// hash(seq).
    pub hash: Hash,
    /// When it was signed, by the device's own clock, in milliseconds since 1970.
    pub signed_ms: i64,
    /// Ed25519, 64 bytes.
    #[serde(with = "super::receipt::signature")]
    pub signature: Signature,
}

impl SignedHead {
    /// Signs a head.
    pub fn sign(key: &SigningKey, device: DeviceId, seq: Seq, hash: Hash, signed_ms: i64) -> Self {
        let signature = key.sign(&message(device, seq, hash, signed_ms));
        Self { device, seq, hash, signed_ms, signature }
    }

    /// Whether the signature is the device's.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verify_strict(&message(self.device, self.seq, self.hash, self.signed_ms), &self.signature).is_ok()
    }
}

fn message(device: DeviceId, seq: Seq, hash: Hash, signed_ms: i64) -> Vec<u8> {
    let mut message = Vec::with_capacity(MEANING.len() + 64);
    message.extend_from_slice(MEANING);
    message.extend_from_slice(device.0.as_bytes());
    message.extend_from_slice(&seq.0.to_be_bytes());
    message.extend_from_slice(&hash.0);
    message.extend_from_slice(&signed_ms.to_be_bytes());
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_covered_by_the_signature() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let public = key.verifying_key();
        let head = SignedHead::sign(&key, DeviceId(uuid::Uuid::from_u128(1)), Seq(3), Hash([9; 32]), 1000);
        assert!(head.is_signed_by(&public));
        assert!(!head.is_signed_by(&SigningKey::from_bytes(&[8; 32]).verifying_key()));
        let changed = [
            SignedHead { device: DeviceId(uuid::Uuid::from_u128(2)), ..head.clone() },
            SignedHead { seq: Seq(4), ..head.clone() },
            SignedHead { hash: Hash([8; 32]), ..head.clone() },
            SignedHead { signed_ms: 1001, ..head.clone() },
        ];
        for head in changed {
            assert!(!head.is_signed_by(&public), "{head:?}");
        }
    }

    #[test]
    fn the_signed_message_is_frozen() {
        let bytes = message(DeviceId(uuid::Uuid::from_u128(1)), Seq(3), Hash([9; 32]), 1000);
        let expected = [
            b"tracepost signed head 1\0".as_slice(),
            &1u128.to_be_bytes(),
            &3u64.to_be_bytes(),
            &[9; 32],
            &1000i64.to_be_bytes(),
        ]
        .concat();
        assert_eq!(bytes, expected);
    }
}
