//! ChaCha20-Poly1305 (RFC 8439) for what is opened thousands of times in a check and a hundred megabytes at a start: `ring`,
//! which the connection to the hub uses already, opens a block of records in a fifth of the time that the crate in plain
//! Rust takes for it. What is sealed is the same, byte for byte.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of the proof behind what is sealed.
pub(super) const TAG_BYTES: usize = 16;

/// The key of one file. Whoever uses it sees to it that no nonce serves twice.
pub(super) struct Cipher(LessSafeKey);

/// What is sealed is too long, or what is to be opened is not what was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

impl Cipher {
    /// Of a purpose, a key and the file's own salt. Fails for no key of 32 bytes.
    pub fn of(purpose: &[u8], key: &[u8; 32], salt: &[u8]) -> Result<Self, Refused> {
        let digest = Sha256::new().chain_update(purpose).chain_update(key).chain_update(salt).finalize();
        let own_key = Zeroizing::new(<[u8; 32]>::from(digest));
        UnboundKey::new(&CHACHA20_POLY1305, &*own_key).map(|key| Self(LessSafeKey::new(key))).map_err(|_| Refused)
    }

    /// Seals a text where it stands; gives the proof.
    pub fn seal(&self, nonce: [u8; 12], form: &[u8], text: &mut [u8]) -> Result<[u8; TAG_BYTES], Refused> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.0.seal_in_place_separate_tag(nonce, Aad::from(form), text).map_err(|_| Refused)?;
        tag.as_ref().try_into().map_err(|_| Refused)
    }

    /// Opens a sealed text with its proof behind it; the text alone is left.
    pub fn open(&self, nonce: [u8; 12], form: &[u8], sealed: &mut Vec<u8>) -> Result<(), Refused> {
        let nonce = Nonce::assume_unique_for_key(nonce);
        let len = self.0.open_in_place(nonce, Aad::from(form), sealed).map_err(|_| Refused)?.len();
        sealed.truncate(len);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chacha20poly1305::aead::{Aead, Payload};
    use chacha20poly1305::{ChaCha20Poly1305, KeyInit};

    use super::*;

    #[test]
    fn what_earlier_programs_sealed_opens_and_the_other_way_round() {
        let digest = Sha256::new().chain_update(b"purpose").chain_update([3; 32]).chain_update(b"salt").finalize();
        let before = ChaCha20Poly1305::new(&digest);
        let now = Cipher::of(b"purpose", &[3; 32], b"salt").unwrap();
        for len in [0, 1, 63, 64, 350, 5000] {
            let text: Vec<u8> = (0..len).map(|n| n as u8).collect();
            let sealed = before.encrypt(&[9; 12].into(), Payload { msg: &text, aad: b"form" }).unwrap();
            let mut opened = sealed.clone();
            now.open([9; 12], b"form", &mut opened).unwrap();
            assert_eq!(opened, text, "{len}");
            let mut own = text.clone();
            let tag = now.seal([9; 12], b"form", &mut own).unwrap();
            assert_eq!([&own[..], &tag].concat(), sealed, "{len}");
            let mut changed = sealed;
            changed[len / 2] ^= 1;
            assert_eq!(now.open([9; 12], b"form", &mut changed), Err(Refused), "{len}");
        }
        assert_eq!(now.open([9; 12], b"form", &mut vec![0; 7]), Err(Refused));
    }
}
