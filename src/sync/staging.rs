//! Chunks that were fetched and are not installed yet: what survives a restart in the middle of a download.
//!
//! A chunk is saved whole, encrypted with a key of the device, under its hash. Whatever is read back is checked against the
//! manifest again before use.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use super::SyncError;
use crate::domain::Hash;
use crate::platform::files;
use crate::registers::ChunkRef;
use crate::registers::chunk;

/// Bytes on the disk for each that is fetched: the piece itself, and the rows and the index built of it (55 B a record, of 10).
const INSTALLED_PER_FETCHED: u64 = 7;
/// Pieces that nobody is known to wait for stay for so long.
const KEPT_FOR: Duration = Duration::from_secs(2 * 60 * 60);
/// What registers leave free for the ledger and for everything else.
const ROOM_LEFT_BYTES: u64 = 8 << 20;

/// The folder of chunks on their way in.
pub struct Staging {
    dir: PathBuf,
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Staging {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Staging({})", self.dir.display())
    }
}

impl Staging {
    /// Opens the folder, making it when absent. `key` is of this purpose only.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn open(dir: impl Into<PathBuf>, key: &[u8; 32]) -> Result<Self, SyncError> {
        let dir = dir.into();
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(|e| failed(&dir, &e))?;
        Ok(Self { dir, cipher: XChaCha20Poly1305::new(key.into()) })
    }

    fn path(&self, hash: &Hash) -> PathBuf {
        self.dir.join(hash.to_string())
    }

    /// Whether a whole chunk is here. It is checked when it is read.
    pub fn has(&self, hash: &Hash) -> bool {
        self.path(hash).exists()
    }

    /// The chunk, checked against the manifest; `None` when it is absent or spoilt, and then it is removed.
    pub fn get(&self, wanted: &ChunkRef) -> Option<Vec<u8>> {
        let path = self.path(&wanted.hash);
        let sealed = fs::read(&path).ok()?;
        let bytes = self.open_sealed(&wanted.hash, &sealed).filter(|bytes| chunk::check(wanted, bytes).is_ok());
        if bytes.is_none() {
            let _ = fs::remove_file(&path);
        }
        bytes
    }

    /// Saves a whole chunk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&self, hash: &Hash, bytes: &[u8]) -> Result<(), SyncError> {
        let path = self.path(hash);
        let mut nonce = [0; 24];
        getrandom::fill(&mut nonce).map_err(|e| SyncError::Setup(e.to_string()))?;
        let payload = Payload { msg: bytes, aad: &hash.0 };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| SyncError::Setup("a chunk could not be encrypted".to_owned()))?;
        let new = path.with_extension("new");
        let written = write_private(&new, &[&nonce, &sealed]).and_then(|()| fs::rename(&new, &path));
        written.map_err(|e| failed(&path, &e))
    }

    fn open_sealed(&self, hash: &Hash, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_first_chunk::<24>()?;
        self.cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: &hash.0 }).ok()
    }

    /// Removes what nobody waits for any more: pieces of a version that was never taken over must not gather. What came lately stays:
    /// parts that are fetched anew are known only when the rest is here, and a link that breaks meanwhile must not cost them.
    pub fn keep_only(&self, wanted: &BTreeSet<Hash>) {
        let names: BTreeSet<String> = wanted.iter().map(Hash::to_string).collect();
        let came_lately = |entry: &fs::DirEntry| {
            let age = entry.metadata().and_then(|entry| entry.modified()).ok().and_then(|came| came.elapsed().ok());
            age.is_some_and(|age| age < KEPT_FOR)
        };
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            if !entry.file_name().to_str().is_some_and(|name| names.contains(name)) && !came_lately(&entry) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Whether so many bytes more may come: they must leave the ledger its room, what is built of them takes more, and `again`
    /// bytes of what is here are written once more.
    ///
    /// # Errors
    /// When the disk is too full for that; nothing is fetched then.
    pub fn has_room(&self, bytes: u64, again: u64) -> Result<(), SyncError> {
        let needed = bytes.saturating_mul(INSTALLED_PER_FETCHED).saturating_add(again).saturating_add(ROOM_LEFT_BYTES);
        match files::free_bytes(&self.dir) {
            Some(free) if free < needed => Err(SyncError::Store(format!(
                "the registers need {} MB and the disk has {} MB left; the versions in use stay, checks go on; free the disk and sync again",
                needed >> 20,
                free >> 20
            ))),
            _ => Ok(()),
        }
    }

    /// Removes everything: the chunks are installed.
    pub fn clear(&self) {
        for entry in fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn write_private(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path)?;
    for part in parts {
        file.write_all(part)?;
    }
    // Not flushed: a chunk that a power loss takes away or leaves half is fetched again, and a flush for each would take
    // longer than the download on a good link.
    Ok(())
}

fn failed(path: &Path, error: &io::Error) -> SyncError {
    SyncError::Store(format!(
        "{}: {error}; the registers in use are untouched; free some space and sync again, it goes on from there",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn chunk_of(bytes: &[u8]) -> ChunkRef {
        ChunkRef {
            bucket: 0,
            hash: Hash(Sha256::digest(bytes).into()),
            len: u32::try_from(bytes.len()).unwrap(),
            raw_len: 0,
            records: 0,
        }
    }

    #[test]
    fn a_chunk_survives_a_restart_encrypted_and_a_spoilt_one_is_thrown_away() {
        let temp = tempfile::tempdir().unwrap();
        let bytes = b"records of wanted items".repeat(10);
        let chunk = chunk_of(&bytes);
        Staging::open(temp.path(), &[1; 32]).unwrap().put(&chunk.hash, &bytes).unwrap();
        let again = Staging::open(temp.path(), &[1; 32]).unwrap();
        assert_eq!(again.get(&chunk), Some(bytes.clone()));
        let path = temp.path().join(chunk.hash.to_string());
        let on_disk = fs::read(&path).unwrap();
        assert!(!on_disk.windows(6).any(|w| w == b"wanted"));
        let mut spoilt = on_disk;
        spoilt[40] ^= 1;
        fs::write(&path, spoilt).unwrap();
        assert_eq!(again.get(&chunk), None);
        assert!(!again.has(&chunk.hash));
    }

    #[test]
    fn another_key_reads_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let chunk = chunk_of(b"x");
        Staging::open(temp.path(), &[1; 32]).unwrap().put(&chunk.hash, b"x").unwrap();
        assert_eq!(Staging::open(temp.path(), &[2; 32]).unwrap().get(&chunk), None);
    }
}
