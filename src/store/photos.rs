//! Photos: files of their own, encrypted, named by the SHA-256 of their plain bytes, which the entry holds; and how much of
//! each the hub has.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rusqlite::params;
use sha2::{Digest, Sha256};

use super::projections::{number, seq};
use super::{LedgerStore, StoreError};
use crate::domain::{Hash, Seq};
use crate::ledger::PhotoRef;
use crate::platform::{files, random};

/// Begins every photo file.
const MAGIC: &[u8] = b"TPPHOTO1";
const NONCE_LEN: usize = 24;

/// A photo that the hub does not have whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingPhoto {
    /// The first entry that names it.
    pub seq: Seq,
    /// The photo.
    pub photo: PhotoRef,
    /// How many of its plain bytes the hub has acknowledged.
    pub sent_bytes: u64,
}

impl LedgerStore {
    /// Puts a photo on disk and reads it back; only then may an entry name it.
    pub fn put_photo(&self, plain: &[u8]) -> Result<PhotoRef, StoreError> {
        let hash = Hash(Sha256::digest(plain).into());
        let photo = PhotoRef { hash, len: plain.len() as u64 };
        if self.read_photo(hash).is_ok() {
            return Ok(photo);
        }
        let nonce = random::bytes::<NONCE_LEN>()?;
        let sealed = self
            .photo_cipher()
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &hash.0 })
            .map_err(|_| StoreError::Photo { hash, what: "it is too large to encrypt" })?;
        let path = self.home().photo(hash);
        let content = [MAGIC, &nonce, &sealed].concat();
        files::write_atomic(&path, &content).map_err(StoreError::io(&path))?;
        self.read_photo(hash)?;
        Ok(photo)
    }

    /// A photo's plain bytes, proven to be what its name says.
    pub fn read_photo(&self, hash: Hash) -> Result<Vec<u8>, StoreError> {
        let failed = |what| StoreError::Photo { hash, what };
        let content = std::fs::read(self.home().photo(hash)).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => failed("it is not on this device"),
            _ => failed("its file cannot be read"),
        })?;
        let rest = content.strip_prefix(MAGIC).ok_or_else(|| failed("its file was changed"))?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(|| failed("its file was cut short"))?;
        let plain = self
            .photo_cipher()
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &hash.0 })
            .map_err(|_| failed("its file was changed, or belongs to another device"))?;
        if Hash(Sha256::digest(&plain).into()) != hash {
            return Err(failed("it is another photo"));
        }
        Ok(plain)
    }

    /// Photos that the hub does not have, oldest first.
    pub fn photos_pending(&self, limit: u32) -> Result<Vec<PendingPhoto>, StoreError> {
        self.read(|connection| {
            let sql = "SELECT seq, hash, len, sent_bytes FROM photo WHERE sent = 0 ORDER BY seq LIMIT ?1";
            let mut statement = connection.prepare_cached(sql)?;
            let rows = statement.query_map([limit], |row| {
                let photo = PhotoRef { hash: Hash(row.get(1)?), len: row.get::<_, i64>(2)?.unsigned_abs() };
                let sent_bytes = row.get::<_, i64>(3)?.unsigned_abs();
                Ok(PendingPhoto { seq: seq(row.get(0)?), photo, sent_bytes })
            })?;
            rows.collect()
        })
    }

    /// How many photos the hub does not have.
    pub fn photos_pending_count(&self) -> Result<u64, StoreError> {
        self.read(|connection| {
            let sql = "SELECT count(*) FROM photo WHERE sent = 0";
            connection.prepare_cached(sql)?.query_row([], |row| row.get::<_, i64>(0))
        })
        .map(i64::unsigned_abs)
    }

    /// The hub has acknowledged this many bytes: where an interrupted upload goes on.
    pub fn set_photo_offset(&self, hash: Hash, sent_bytes: u64) -> Result<(), StoreError> {
        let sent_bytes = number(Seq(sent_bytes));
        self.write(|transaction| {
            let sql = "UPDATE photo SET sent_bytes = ?2 WHERE hash = ?1";
            transaction.prepare_cached(sql)?.execute(params![hash.0, sent_bytes])
        })
        .map(|_| ())
    }

    /// The hub has the whole photo.
    pub fn mark_photo_sent(&self, hash: Hash) -> Result<(), StoreError> {
        self.write(|transaction| {
            let sql = "UPDATE photo SET sent = 1, sent_bytes = len WHERE hash = ?1";
            transaction.prepare_cached(sql)?.execute(params![hash.0])
        })
        .map(|_| ())
    }

    fn photo_cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.keys().derived("photos")).into())
    }
}
