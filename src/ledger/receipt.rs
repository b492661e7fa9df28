//! The hub's signed receipt: the only proof that entries have arrived.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::domain::{DeviceId, Hash, Seq};

/// Begins the signed message, so that this signature can never be taken for one of another meaning.
const MEANING: &[u8] = b"tracepost receipt 1\0";

/// The hub's signature over how far it holds a device's ledger without a gap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose ledger.
    pub device: DeviceId,
    /// The last entry that the hub holds, with all before it: the size of the ledger, its genesis not counted.
    pub through: Seq,
    /// hash(through), as the hub computed it from the bytes it stored.
    pub head: Hash,
    /// The hub's clock, in milliseconds since 1970.
    pub server_ms: i64,
    /// Ed25519 by the hub's key, 64 bytes.
    #[serde(with = "signature")]
    pub signature: Signature,
}

impl Receipt {
    /// Signs a receipt.
    pub fn sign(hub_key: &SigningKey, device: DeviceId, through: Seq, head: Hash, server_ms: i64) -> Self {
        let signature = hub_key.sign(&message(device, through, head, server_ms));
        Self { device, through, head, server_ms, signature }
    }

    /// Whether the signature is the hub's.
    pub fn is_signed_by(&self, hub_key: &VerifyingKey) -> bool {
        let message = message(self.device, self.through, self.head, self.server_ms);
        hub_key.verify_strict(&message, &self.signature).is_ok()
    }
}

fn message(device: DeviceId, through: Seq, head: Hash, server_ms: i64) -> Vec<u8> {
    let mut message = Vec::with_capacity(MEANING.len() + 64);
    message.extend_from_slice(MEANING);
    message.extend_from_slice(device.0.as_bytes());
    message.extend_from_slice(&through.0.to_be_bytes());
    message.extend_from_slice(&head.0);
    message.extend_from_slice(&server_ms.to_be_bytes());
    message
}

/// How a signature travels: 128 hexadecimal digits in JSON, its 64 bytes elsewhere.
pub(super) mod signature {
    use ed25519_dalek::Signature;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(signature: &Signature, s: S) -> Result<S::Ok, S::Error> {
        let bytes = signature.to_bytes();
        if s.is_human_readable() {
            data_encoding::HEXLOWER.encode(&bytes).serialize(s)
        } else {
            bytes.as_slice().serialize(s)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Signature, D::Error> {
        let bytes = if d.is_human_readable() {
            let text = String::deserialize(d)?;
            data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(D::Error::custom)?
        } else {
            Vec::<u8>::deserialize(d)?
        };
        Signature::from_slice(&bytes).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt() -> Receipt {
        let key = SigningKey::from_bytes(&[9; 32]);
        Receipt::sign(&key, DeviceId(uuid::Uuid::from_u128(1)), Seq(3), Hash([9; 32]), 1000)
    }

    #[test]
    fn every_field_is_covered_by_the_signature() {
        let public = SigningKey::from_bytes(&[9; 32]).verifying_key();
        assert!(receipt().is_signed_by(&public));
        assert!(!receipt().is_signed_by(&SigningKey::from_bytes(&[8; 32]).verifying_key()));
        let changed = [
            Receipt { device: DeviceId(uuid::Uuid::from_u128(2)), ..receipt() },
            Receipt { through: Seq(4), ..receipt() },
            Receipt { head: Hash([8; 32]), ..receipt() },
            Receipt { server_ms: 1001, ..receipt() },
        ];
        for receipt in changed {
            assert!(!receipt.is_signed_by(&public), "{receipt:?}");
        }
    }

    #[test]
    fn a_receipt_is_no_head() {
        let key = SigningKey::from_bytes(&[9; 32]);
        let Receipt { device, through, head, server_ms, signature } = receipt();
        let head = crate::ledger::SignedHead { device, seq: through, hash: head, signed_ms: server_ms, signature };
        assert!(!head.is_signed_by(&key.verifying_key()));
    }

    #[test]
    fn it_travels_as_json_and_as_postcard() {
        let json = serde_json::to_string(&receipt()).unwrap();
        assert_eq!(serde_json::from_str::<Receipt>(&json).unwrap(), receipt());
        let bytes = postcard::to_stdvec(&receipt()).unwrap();
        assert_eq!(postcard::from_bytes::<Receipt>(&bytes).unwrap(), receipt());
        for wrong in
            [json.replace("signature\":\"", "signature\":\"zz"), json.replace("signature\":\"", "signature\":\"00")]
        {
            assert!(serde_json::from_str::<Receipt>(&wrong).is_err());
        }
    }
}
