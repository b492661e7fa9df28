//! The layout of a device's home, in one place, and the lock that keeps a second writer out.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::StoreError;
use crate::domain::Hash;
use crate::platform::files;

/// Where everything of a device lies.
///
/// | path | what | if lost |
/// |---|---|---|
/// | `ledger.db` (`-wal`, `-shm`) | entries, signed heads, receipts, settings | evidence is lost |
/// | `keys/database.key` | opens `ledger.db`, the records and the photos | everything is lost |
/// | `keys/device.key` | the device's id and signing key | the device must be enrolled anew |
/// | `photos/` | pictures, encrypted, named by their hash | pictures not yet sent are lost |
/// | `records-<generation>.*`, `records` | copies of registers, and the generation in use | downloaded again |
/// | `verified` | when the ledger was last verified, and whether it was whole | told as never |
/// | `reserve` | space kept for entries on a full disk | made again |
/// | `lock` | held by the writer | made again |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    dir: PathBuf,
}

impl Home {
    /// The home in `dir`, whether it is there or not; touches nothing.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The home in `dir`, made if it is not there, for its owner only.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let home = Self::at(dir);
        for dir in [home.dir().to_owned(), home.keys(), home.photos()] {
            files::create_private_dir(&dir).map_err(StoreError::io(&dir))?;
        }
        Ok(home)
    }

    /// The directory itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The ledger.
    pub fn ledger(&self) -> PathBuf {
        self.dir.join("ledger.db")
    }

    /// The ledger's write-ahead log, which holds the newest entries while the ledger is open.
    pub fn ledger_wal(&self) -> PathBuf {
        self.dir.join("ledger.db-wal")
    }

    /// Registers of one generation; never changed once it is in use.
    pub fn records(&self, generation: u64) -> PathBuf {
        self.dir.join(format!("records-{generation}.db"))
    }

    /// Names the generation of registers in use.
    pub fn records_pointer(&self) -> PathBuf {
        self.dir.join("records")
    }

    /// Photos.
    pub fn photos(&self) -> PathBuf {
        self.dir.join("photos")
    }

    /// One photo.
    pub fn photo(&self, hash: Hash) -> PathBuf {
        self.photos().join(hash.to_string())
    }

    /// Keys.
    pub fn keys(&self) -> PathBuf {
        self.dir.join("keys")
    }

    /// The key of everything that is encrypted.
    pub fn database_key(&self) -> PathBuf {
        self.keys().join("database.key")
    }

    /// The device's id and signing key.
    pub fn device_key(&self) -> PathBuf {
        self.keys().join("device.key")
    }

    /// The note of the last verification.
    pub fn verified(&self) -> PathBuf {
        self.dir.join("verified")
    }

    /// Whether a ledger was begun here, by what is made after its tables only. A home whose first writer was killed before it had
    /// made them has keys, and none of these.
    pub(super) fn had_ledger(&self) -> bool {
        let made_later = [self.reserve(), self.records_pointer(), self.verified()];
        made_later.iter().any(|path| path.exists())
            || std::fs::read_dir(self.photos()).is_ok_and(|mut photos| photos.next().is_some())
    }

    /// Whether a ledger was begun here and its file is gone or empty: a new one would hide that its entries are lost.
    pub(super) fn lost_ledger(&self) -> bool {
        let holds_nothing = match std::fs::metadata(self.ledger()) {
            Ok(file) => file.len() == 0,
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        };
        holds_nothing && self.had_ledger()
    }

    /// Space kept for entries.
    pub fn reserve(&self) -> PathBuf {
        self.dir.join("reserve")
    }

    /// Takes the writer's lock, or says who has it. It is free again when the lock is dropped or its process ends in
    /// whatever way.
    pub fn lock(&self) -> Result<WriterLock, StoreError> {
        let path = self.dir.join("lock");
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(StoreError::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(StoreError::InUse { dir: self.dir.clone(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(&path)(error)),
        }
        // The number only helps a person to find the other window; on a full disk the lock holds without it.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(WriterLock { _file: file })
    }
}

/// Held by the one program that writes to a home.
#[derive(Debug)]
pub struct WriterLock {
    _file: File,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused_and_told_who_has_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path().join("home")).unwrap();
        let lock = home.lock().unwrap();
        let refused = home.lock().unwrap_err();
        let StoreError::InUse { pid, .. } = &refused else { panic!("{refused}") };
        assert_eq!(*pid, Some(std::process::id()));
        assert!(refused.to_string().contains(&format!("process {}", std::process::id())), "{refused}");
        drop(lock);
        home.lock().unwrap();
    }

    #[test]
    fn a_home_that_cannot_be_made_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, b"").unwrap();
        let refused = Home::open(file.join("home")).unwrap_err();
        assert!(refused.to_string().contains("file/home"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn a_home_is_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::open(dir.path().join("home")).unwrap();
        for dir in [home.dir().to_owned(), home.keys(), home.photos()] {
            assert!(!files::is_open_to_others(&dir).unwrap(), "{}", dir.display());
        }
    }
}
