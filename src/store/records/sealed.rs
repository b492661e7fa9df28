//! A file of bytes, encrypted in segments so that two cores open it together.
//!
//! Each file has a key of its own (from the database key and a random salt), so that segment numbers can serve as nonces.
//! The last segment is marked, so a file cut at a segment's end is noticed too.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce, Tag};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::RecordsError;
use crate::platform::random;

const MAGIC: &[u8; 8] = b"TPSEAL\x00\x01";
const SALT_BYTES: usize = 32;
const SEGMENT_BYTES: usize = 1 << 20;
const TAG_BYTES: usize = 16;
const DAMAGED: RecordsError = RecordsError::Damaged("the index file does not open");

fn cipher(key: &[u8; 32], salt: &[u8]) -> ChaCha20Poly1305 {
    let digest = Sha256::new().chain_update(b"tracepost records index\x00").chain_update(key).chain_update(salt);
    let own_key = Zeroizing::new(<[u8; 32]>::from(digest.finalize()));
    ChaCha20Poly1305::new((&*own_key).into())
}

fn nonce(segment: usize, is_last: bool) -> Nonce {
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&(segment as u64).to_le_bytes());
    bytes[8] = u8::from(is_last);
    bytes.into()
}

/// Encrypts `bytes` into a new file and flushes it.
pub(super) fn write(path: &Path, key: &[u8; 32], mut bytes: Vec<u8>) -> Result<(), RecordsError> {
    let salt: [u8; SALT_BYTES] = random::bytes()?;
    let cipher = cipher(key, &salt);
    let failed = |e| RecordsError::Io { path: path.to_owned(), source: e };
    let mut file = private_file(path).map_err(failed)?;
    file.write_all(MAGIC).and_then(|()| file.write_all(&salt)).map_err(failed)?;
    let segments = bytes.len().div_ceil(SEGMENT_BYTES).max(1);
    for number in 0..segments {
        let from = number * SEGMENT_BYTES;
        let to = bytes.len().min(from + SEGMENT_BYTES);
        let segment = &mut bytes[from..to];
        let tag = cipher.encrypt_inout_detached(&nonce(number, number + 1 == segments), MAGIC, segment.into());
        let tag = tag.map_err(|_| DAMAGED)?;
        file.write_all(&bytes[from..to]).and_then(|()| file.write_all(&tag)).map_err(failed)?;
    }
    file.sync_all().map_err(failed)
}

fn private_file(path: &Path) -> std::io::Result<File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Reads and decrypts a file.
pub(super) fn read(path: &Path, key: &[u8; 32]) -> Result<Vec<u8>, RecordsError> {
    let mut bytes = std::fs::read(path).map_err(RecordsError::io(path))?;
    let header = MAGIC.len() + SALT_BYTES;
    if bytes.len() < header + TAG_BYTES || !bytes.starts_with(MAGIC) {
        return Err(DAMAGED);
    }
    let cipher = cipher(key, &bytes[MAGIC.len()..header]);
    let body = &mut bytes[header..];
    let segments = body.len().div_ceil(SEGMENT_BYTES + TAG_BYTES);
    let mut lengths = Vec::with_capacity(segments);
    let open = |(number, segment): (usize, &mut [u8])| -> Result<(), RecordsError> {
        let (text, tag) = segment.split_last_chunk_mut::<TAG_BYTES>().ok_or(DAMAGED)?;
        let tag = Tag::from(*tag);
        cipher
            .decrypt_inout_detached(&nonce(number, number + 1 == segments), MAGIC, text.into(), &tag)
            .map_err(|_| DAMAGED)
    };
    let mut parts: Vec<(usize, &mut [u8])> = body.chunks_mut(SEGMENT_BYTES + TAG_BYTES).enumerate().collect();
    lengths.extend(parts.iter().map(|(_, segment)| segment.len().saturating_sub(TAG_BYTES)));
    let half = parts.split_off(parts.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| half.into_iter().try_for_each(open));
        let first = parts.into_iter().try_for_each(open);
        first.and(second.join().unwrap_or(Err(DAMAGED)))
    })?;
    // Close the gaps that the tags leave.
    let mut to = 0;
    for (number, len) in lengths.into_iter().enumerate() {
        let from = header + number * (SEGMENT_BYTES + TAG_BYTES);
        bytes.copy_within(from..from + len, to);
        to += len;
    }
    bytes.truncate(to);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_file_opens_whole_or_not_at_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        for len in [0, 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES + 12345] {
            let bytes: Vec<u8> = (0..len).map(|n| (n % 251) as u8).collect();
            write(&path, &[7; 32], bytes.clone()).unwrap();
            assert_eq!(read(&path, &[7; 32]).unwrap(), bytes, "{len}");
            assert!(read(&path, &[8; 32]).is_err());
        }
        let whole = std::fs::read(&path).unwrap();
        let header = MAGIC.len() + SALT_BYTES;
        for cut in [0, 10, header, header + SEGMENT_BYTES + TAG_BYTES, whole.len() - 1] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert!(read(&path, &[7; 32]).is_err(), "cut at {cut}");
        }
        for at in [0, 20, header, whole.len() / 2, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, &changed).unwrap();
            assert!(read(&path, &[7; 32]).is_err(), "changed at {at}");
        }
    }
}
