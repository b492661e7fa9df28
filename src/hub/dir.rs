//! The hub's folder: what stands where, who may read it, and who may serve from it.
//!
//! ```text
//! DIR/hub.db              devices, invites, ledgers, receipts, sightings (SQLite)
//! DIR/registers.db        rows of the registers; a file of its own, so that an import never holds up a ledger
//! DIR/registers/…         what is published: ID.manifest (signed), chunks/ by their hash; any static server may carry them
//! DIR/photos/DEVICE/HASH  photos as they arrived
//! DIR/keys/               hub key (0600) and its certificate
//! DIR/serve.lock          held by the one `serve` that runs
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::HubError;
use crate::domain::{DeviceId, Hash, RegisterId};

/// Paths within the hub's folder.
#[derive(Debug, Clone)]
pub struct Dir(PathBuf);

impl Dir {
    /// Names the folder; nothing is opened or made.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Devices, invites, ledgers, receipts, sightings.
    pub fn database(&self) -> PathBuf {
        self.0.join("hub.db")
    }

    /// Rows of the registers.
    pub fn registers_database(&self) -> PathBuf {
        self.0.join("registers.db")
    }

    /// The hub's Ed25519 key, PKCS#8 PEM.
    pub fn key_file(&self) -> PathBuf {
        self.0.join("keys").join("hub.key.pem")
    }

    /// The certificate of the hub's authority, PEM.
    pub fn certificate_file(&self) -> PathBuf {
        self.0.join("keys").join("authority.pem")
    }

    /// What is published.
    pub fn registers(&self) -> PathBuf {
        self.0.join("registers")
    }

    /// The signed manifest of a register's newest version.
    pub fn manifest(&self, id: &RegisterId) -> PathBuf {
        self.registers().join(format!("{id}.manifest"))
    }

    /// Chunks of all registers, by hash.
    pub fn chunk(&self, hash: &Hash) -> PathBuf {
        let name = hash.to_string();
        self.registers().join("chunks").join(&name[..2]).join(name)
    }

    /// Rows that the last import of a register set aside.
    pub fn rejects(&self, id: &RegisterId, dry_run: bool) -> PathBuf {
        // A look at a file must not take away what the last import left to mend.
        let folder = self.0.join(if dry_run { "rejects/dry-run" } else { "rejects" });
        folder.join(format!("{id}.csv"))
    }

    /// A device's photo.
    pub fn photo(&self, device: DeviceId, hash: &Hash) -> PathBuf {
        self.0.join("photos").join(device.to_string()).join(hash.to_string())
    }

    /// Pictures of enrolment codes.
    pub fn invites(&self) -> PathBuf {
        self.0.join("invites")
    }

    /// Takes the lock that only one `serve` can hold.
    ///
    /// # Errors
    /// [`HubError::AlreadyServing`] when another process holds it.
    pub fn lock_for_serving(&self) -> Result<ServeLock, HubError> {
        let path = self.0.join("serve.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| HubError::file(&path, e))?;
        match rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(ServeLock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(HubError::AlreadyServing { dir: self.0.clone() }),
            Err(e) => Err(HubError::file(&path, e.into())),
        }
    }
}

/// Held while serving; the kernel lets it go when the process ends, however it ends.
#[derive(Debug)]
pub struct ServeLock {
    _file: File,
}

/// Makes a folder and its parents, readable by the owner only.
pub(super) fn make_private_dir(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Writes a file so that after a crash either all of it is there or nothing: temporary name, fsync, rename, fsync of the
/// folder.
pub(super) fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    make_private_dir(folder)?;
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(<fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(mode))
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|e| e.error)?;
    File::open(folder)?.sync_all()
}
