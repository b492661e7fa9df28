//! Photos: files of their own, sent in pieces, whole only when their SHA-256 says so.
//!
//! A photo is as sensitive as the entry that names it. It lies in a folder of its device that only the hub's owner can
//! read; encryption at rest is the disk's (`docs/THREAT_MODEL.md`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::dir::make_private_dir;
use super::storage::StoredPhoto;
use super::{Hub, HubError};
use crate::domain::{DeviceId, Hash};
use crate::wire::{PHOTO_BYTES_MAX, PhotoState, Refusal};

impl Hub {
    /// How much of a photo is here.
    ///
    /// # Errors
    /// When disk or database fail.
    pub fn photo_state(&self, device: DeviceId, hash: &Hash) -> Result<PhotoState, HubError> {
        match self.storage.photo(device, hash)? {
            Some(photo) if photo.whole => Ok(PhotoState { received: photo.length, whole: true }),
            _ => Ok(PhotoState { received: part_length(&part(&self.dir.photo(device, hash)))?, whole: false }),
        }
    }

    /// Takes a piece of a photo of `length` bytes that begins at `offset`. A piece that does not begin where the last
    /// one ended changes nothing; the answer says where to go on.
    ///
    /// # Errors
    /// The refusal to send, or an error of the hub.
    pub fn photo_piece(
        &self,
        device: DeviceId,
        hash: &Hash,
        offset: u64,
        length: u64,
        piece: &[u8],
    ) -> Result<Result<PhotoState, Refusal>, HubError> {
        if length > PHOTO_BYTES_MAX || offset.saturating_add(piece.len() as u64) > length {
            return Ok(Err(Refusal::TooLarge));
        }
        let _one_at_a_time = self.photo_lock.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let state = self.photo_state(device, hash)?;
        if state.whole || state.received != offset {
            return Ok(Ok(state));
        }
        let path = self.dir.photo(device, hash);
        let file_error = |e| HubError::file(&path, e);
        if let Some(folder) = path.parent() {
            make_private_dir(folder).map_err(file_error)?;
        }
        let unfinished = part(&path);
        let mut file =
            OpenOptions::new().create(true).append(true).mode(0o600).open(&unfinished).map_err(file_error)?;
        file.write_all(piece).map_err(file_error)?;
        let received = offset + piece.len() as u64;
        if received < length {
            return Ok(Ok(PhotoState { received, whole: false }));
        }
        file.sync_all().map_err(file_error)?;
        drop(file);
        if hash_of_file(&unfinished).map_err(file_error)? != *hash {
            // Nothing of it can be trusted: the next attempt starts from the beginning.
            fs::remove_file(&unfinished).map_err(file_error)?;
            return Ok(Err(Refusal::HashWrong));
        }
        fs::rename(&unfinished, &path).map_err(file_error)?;
        if let Some(folder) = path.parent() {
            File::open(folder).and_then(|x| x.sync_all()).map_err(file_error)?;
        }
        self.storage.set_photo(device, hash, StoredPhoto { length, whole: true })?;
        Ok(Ok(PhotoState { received: length, whole: true }))
    }
}

fn part(path: &Path) -> std::path::PathBuf {
    path.with_extension("part")
}

fn part_length(path: &Path) -> Result<u64, HubError> {
    match fs::metadata(path) {
        Ok(found) => Ok(found.len()),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(e) => Err(HubError::file(path, e)),
    }
}

fn hash_of_file(path: &Path) -> io::Result<Hash> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut piece = vec![0; 64 << 10];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Hash(hasher.finalize().into())),
            n => hasher.update(&piece[..n]),
        }
    }
}
