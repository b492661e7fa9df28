//! The hash chain: each entry's hash covers the one before it, its own position and its bytes.

use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use crate::domain::{Hash, Seq};

/// Names the chain's format; it is part of hash(0), so a ledger of another format can never be taken for this one.
const FORMAT: &[u8] = b"tracepost ledger 1\0";

/// hash(0): binds the format, the device's public key and whether the device is a practice device.
pub fn genesis(device_key: &VerifyingKey, practice: bool) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(FORMAT);
    hasher.update(device_key.as_bytes());
    hasher.update([u8::from(practice)]);
    Hash(hasher.finalize().into())
}

/// hash(n) = SHA-256(hash(n−1) ‖ n as 8 bytes, big end first ‖ bytes(n)). The first entry has n = 1.
pub fn chain_hash(prev: Hash, seq: Seq, bytes: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(prev.0);
    hasher.update(seq.0.to_be_bytes());
    hasher.update(bytes);
    Hash(hasher.finalize().into())
}

/// The head as a person writes it on paper: 60 bits of the hash in Crockford's letters and digits, in groups of four
/// (no I, L, O or U), after the sequence number. `17-4GZK-09QM-TR2E`.
pub fn short_code(seq: Seq, hash: Hash) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let bits = hash.0.iter().take(8).fold(0u64, |sum, byte| (sum << 8) | u64::from(*byte)) >> 4;
    let mut code = seq.to_string();
    for place in 0..12 {
        if place % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(LETTERS[(bits >> (55 - place * 5) & 31) as usize]));
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    fn key() -> VerifyingKey {
        SigningKey::from_bytes(&[7; 32]).verifying_key()
    }

    #[test]
    fn genesis_is_frozen_and_binds_key_and_practice() {
        assert_eq!(
            genesis(&key(), false).to_string(),
            "3919eed88165a596915aee6454e2fb4a961ba28e25f39cfce61d8cdf0d974423"
        );
        assert_ne!(genesis(&key(), false), genesis(&key(), true));
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key();
        assert_ne!(genesis(&key(), false), genesis(&other, false));
    }

    #[test]
    fn a_hash_covers_previous_position_and_bytes() {
        let base = chain_hash(Hash([1; 32]), Seq(1), b"entry");
        assert_eq!(base.to_string(), "df29d19b998516eb4293815582d75be2ee00007c0127ba83c3ffde70782c54ff");
        assert_ne!(base, chain_hash(Hash([2; 32]), Seq(1), b"entry"));
        assert_ne!(base, chain_hash(Hash([1; 32]), Seq(2), b"entry"));
        assert_ne!(base, chain_hash(Hash([1; 32]), Seq(1), b"entrY"));
    }

    #[test]
    fn the_short_code_has_three_groups_and_depends_on_the_hash() {
        assert_eq!(short_code(Seq(17), Hash([0; 32])), "17-0000-0000-0000");
        assert_eq!(short_code(Seq(17), Hash([0xff; 32])), "17-ZZZZ-ZZZZ-ZZZZ");
        assert_ne!(short_code(Seq(1), Hash([1; 32])), short_code(Seq(1), Hash([2; 32])));
    }
}
