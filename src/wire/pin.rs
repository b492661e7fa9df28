//! The hub's public key as a certificate carries it, and its fingerprint: what an enrolment code pins.

use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use crate::domain::{Fingerprint, Hash};

/// Everything of an Ed25519 SubjectPublicKeyInfo that stands before the key itself (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The SubjectPublicKeyInfo (DER) of an Ed25519 key.
pub fn spki(key: &VerifyingKey) -> [u8; 44] {
    let mut der = [0; 44];
    der[..12].copy_from_slice(&SPKI_PREFIX);
    der[12..].copy_from_slice(key.as_bytes());
    der
}

/// The Ed25519 key within a SubjectPublicKeyInfo, or `None` when it holds a key of another kind.
pub fn key_of_spki(der: &[u8]) -> Option<VerifyingKey> {
    let raw: [u8; 32] = der.strip_prefix(&SPKI_PREFIX)?.try_into().ok()?;
    VerifyingKey::from_bytes(&raw).ok()
}

/// The moment at which certificates are checked, whatever the clocks say: 2026-01-01, within the validity of every
/// certificate that a hub makes (2000 to 9999). A clock that is years off must not lock a device out; certificates end
/// by revocation.
#[cfg(any(feature = "device", feature = "hub"))]
pub fn certificate_moment() -> rustls::pki_types::UnixTime {
    rustls::pki_types::UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_767_225_600))
}

/// SHA-256 over the SubjectPublicKeyInfo of a hub's key.
pub fn fingerprint(key: &VerifyingKey) -> Fingerprint {
    Hash(Sha256::digest(spki(key)).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_der_is_the_one_of_rfc_8410() {
        // Public key of the example in RFC 8410, section 10.1.
        let raw = data_encoding::HEXLOWER
            .decode(b"19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1")
            .unwrap();
        let key = VerifyingKey::from_bytes(raw.as_slice().try_into().unwrap()).unwrap();
        assert_eq!(
            data_encoding::BASE64.encode(&spki(&key)),
            "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
        );
        assert_eq!(key_of_spki(&spki(&key)), Some(key));
        assert_eq!(key_of_spki(&spki(&key)[..43]), None);
    }
}
