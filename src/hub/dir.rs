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
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::HubError;
use crate::domain::{DeviceId, Hash, RegisterId};
use crate::platform::files;

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

    /// Closes the folder and its databases to everyone but their owner: the folder may have been there before, for all to read.
    /// Where that cannot be done it is said, and the hub goes on.
    pub(super) fn close_to_others(&self) {
        for database in [self.database(), self.registers_database()] {
            // Made here, for SQLite would make it readable by all; its log takes the mode of the database.
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database);
            if made.is_ok() {
                continue;
            }
            for file in ["", "-wal", "-shm"].map(|ending| with_ending(&database, ending)) {
                if let Err(error) = close(&file) {
                    tracing::warn!(
                        "{} can be read by other users of this machine and could not be closed to them ({error}); \
                         run the hub as the user who owns it",
                        file.display()
                    );
                }
            }
        }
        let folder = &self.0;
        match self.is_shared().and_then(|shared| if shared { Ok(true) } else { close(folder).map(|()| false) }) {
            Ok(false) => {}
            Ok(true) => tracing::warn!(
                "{0} can be entered by other users of this machine, and was left so because it holds other things too; \
                 `chmod 700 {0}` closes it, if they are the hub's alone",
                folder.display()
            ),
            Err(error) => tracing::warn!(
                "{} can be entered by other users of this machine and could not be closed to them ({error}); \
                 put the hub on a disk with permissions, in a folder of the user who runs it",
                folder.display()
            ),
        }
    }

    /// Whether others may enter the folder and it holds what no hub put there: then it may not be the hub's to close.
    fn is_shared(&self) -> io::Result<bool> {
        if !files::is_open_to_others(&self.0)? {
            return Ok(false);
        }
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            let name = name.to_string_lossy();
            if !OURS.contains(&name.as_ref()) && !OURS_BEGIN.iter().any(|begin| name.starts_with(begin)) {
                return Ok(true);
            }
        }
        Ok(false)
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

/// What a hub puts into its folder.
const OURS: [&str; 6] = ["registers", "photos", "keys", "rejects", "invites", "serve.lock"];
/// Beginnings of the other names that it gives, of which some last only a moment.
const OURS_BEGIN: [&str; 4] = ["hub.db", "registers.db", ".tmp", ".new-"];

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Takes a file or folder away from everyone but its owner, if it is there and others may read it.
fn close(path: &Path) -> io::Result<()> {
    match files::is_open_to_others(path) {
        Ok(true) => {}
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => return Ok(()),
    }
    // Root may close anything, and would lock out whom it belongs to.
    if fs::metadata(path)?.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it belongs to another user"));
    }
    files::make_private(path)
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_not_ours_to_close_is_told() {
        assert!(close(Path::new("/no/such/file")).is_ok());
        // The kernel lets nobody change who may enter this.
        assert!(!cfg!(target_os = "linux") || close(Path::new("/proc/self")).is_err());
        let temp = tempfile::tempdir().unwrap();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(temp.path(), open).unwrap();
        let dir = Dir::new(temp.path());
        assert!(!dir.is_shared().unwrap());
        fs::write(temp.path().join("letters.txt"), "").unwrap();
        assert!(dir.is_shared().unwrap());
    }
}
