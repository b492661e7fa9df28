//! A device's keys at rest: plain files that only their owner can read.
//!
//! Until officers sign in with a secret of their own, whoever can read the owner's files can read everything here; the
//! threat model says so.

use std::io;
use std::path::Path;

use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{Home, StoreError};
use crate::domain::DeviceId;
use crate::platform::{files, random};

const DATABASE_KEY_LEN: usize = 32;
/// The device's id (16 bytes) and the seed of its signing key (32 bytes).
const DEVICE_KEY_LEN: usize = 48;

/// The keys of a device.
pub struct Keys {
    database: Zeroizing<[u8; DATABASE_KEY_LEN]>,
    device: DeviceId,
    signing: SigningKey,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("device", &self.device).finish_non_exhaustive()
    }
}

impl Keys {
    /// The home's keys, drawn now where there are none. A ledger without its key is an error: a new key would not open it.
    pub fn open_or_create(home: &Home) -> Result<Self, StoreError> {
        if !home.database_key().exists() && !home.ledger().exists() {
            create(&home.database_key(), &random::bytes::<DATABASE_KEY_LEN>()?)?;
        }
        if !home.device_key().exists() && !home.ledger().exists() {
            let mut content = Zeroizing::new([0; DEVICE_KEY_LEN]);
            let id = uuid::Builder::from_random_bytes(random::bytes::<16>()?).into_uuid();
            content[..16].copy_from_slice(id.as_bytes());
            content[16..].copy_from_slice(&*Zeroizing::new(random::bytes::<32>()?));
            create(&home.device_key(), &*content)?;
        }
        close_to_others(&home.database_key())?;
        close_to_others(&home.device_key())?;
        Self::open(home)
    }

    /// The home's keys as they are: nothing is made or changed, for the home may be a copy that is looked at as evidence.
    pub fn open(home: &Home) -> Result<Self, StoreError> {
        let database = read::<DATABASE_KEY_LEN>(home, &home.database_key())?;
        let device_file = read::<DEVICE_KEY_LEN>(home, &home.device_key())?;
        let (mut id, mut seed) = ([0; 16], Zeroizing::new([0; 32]));
        id.copy_from_slice(&device_file[..16]);
        seed.copy_from_slice(&device_file[16..]);
        Ok(Self { database, device: DeviceId(uuid::Uuid::from_bytes(id)), signing: SigningKey::from_bytes(&seed) })
    }

    /// The database key alone, with a device key drawn for the moment: the registers are opened by it where the device's own key
    /// is lost or another's. Nothing is to be signed with it.
    pub fn without_device(home: &Home) -> Result<Self, StoreError> {
        let database = read::<DATABASE_KEY_LEN>(home, &home.database_key())?;
        let id = uuid::Builder::from_random_bytes(random::bytes::<16>()?).into_uuid();
        let seed = Zeroizing::new(random::bytes::<32>()?);
        Ok(Self { database, device: DeviceId(id), signing: SigningKey::from_bytes(&seed) })
    }

    /// The device's random id.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    /// The device's key: signs heads, and is the key of its client certificate.
    pub fn signing(&self) -> &SigningKey {
        &self.signing
    }

    /// Its public half.
    pub fn verifying(&self) -> VerifyingKey {
        self.signing.verifying_key()
    }

    /// The raw key of the databases.
    pub fn database(&self) -> &[u8; DATABASE_KEY_LEN] {
        &self.database
    }

    /// A key of its own for each purpose, from the database key: SHA-256 of the purpose and the key. The database key is
    /// uniformly random, so one hash is all the derivation that is needed.
    pub fn derived(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut hasher = Sha256::new();
        hasher.update(b"tracepost derived key 1\0");
        hasher.update(purpose.as_bytes());
        hasher.update([0]);
        hasher.update(*self.database);
        Zeroizing::new(hasher.finalize().into())
    }
}

fn create(path: &Path, content: &[u8]) -> Result<(), StoreError> {
    match files::write_new(path, content) {
        // Another program drew one at the same moment: that one counts.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map_err(StoreError::io(path)),
    }
}

/// A key file that others can read is closed to them, with a warning, or refused where that fails.
fn close_to_others(path: &Path) -> Result<(), StoreError> {
    if path.exists() && files::is_open_to_others(path).map_err(StoreError::io(path))? {
        files::make_private(path).map_err(|_| StoreError::KeyExposed { path: path.to_owned() })?;
        tracing::warn!(
            path = %path.display(),
            "the key file could be read by other users; it is private now, but may have been copied before"
        );
    }
    Ok(())
}

fn read<const N: usize>(home: &Home, path: &Path) -> Result<Zeroizing<[u8; N]>, StoreError> {
    let content = match std::fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(if home.ledger().exists() {
                StoreError::KeyMissing { dir: home.dir().to_owned(), path: path.to_owned() }
            } else {
                StoreError::NoLedger { dir: home.dir().to_owned() }
            });
        }
        other => Zeroizing::new(other.map_err(StoreError::io(path))?),
    };
    if files::is_open_to_others(path).map_err(StoreError::io(path))? {
        tracing::warn!(path = %path.display(), "the key file can be read by other users of this machine");
    }
    let array = <[u8; N]>::try_from(content.as_slice());
    array.map(Zeroizing::new).map_err(|_| StoreError::KeyMalformed { path: path.to_owned(), len: content.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(dir: &tempfile::TempDir) -> Home {
        Home::open(dir.path().join("home")).unwrap()
    }

    #[test]
    fn keys_are_drawn_once_and_private() {
        let dir = tempfile::tempdir().unwrap();
        let home = home(&dir);
        let keys = Keys::open_or_create(&home).unwrap();
        let again = Keys::open_or_create(&home).unwrap();
        assert_eq!(keys.database(), again.database());
        assert_eq!((keys.device(), keys.verifying()), (again.device(), again.verifying()));
        assert_eq!(keys.device().0.get_version_num(), 4);
        assert_ne!(keys.derived("a"), keys.derived("b"));
        for path in [home.database_key(), home.device_key()] {
            assert!(!files::is_open_to_others(&path).unwrap());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_closed_to_them() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let home = home(&dir);
        Keys::open_or_create(&home).unwrap();
        std::fs::set_permissions(home.database_key(), std::fs::Permissions::from_mode(0o644)).unwrap();
        Keys::open(&home).unwrap();
        assert!(files::is_open_to_others(&home.database_key()).unwrap(), "a reader changes nothing");
        Keys::open_or_create(&home).unwrap();
        assert!(!files::is_open_to_others(&home.database_key()).unwrap());
    }

    #[test]
    fn a_ledger_without_its_key_gets_no_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let home = home(&dir);
        Keys::open_or_create(&home).unwrap();
        std::fs::write(home.ledger(), b"").unwrap();
        std::fs::remove_file(home.database_key()).unwrap();
        let refused = Keys::open_or_create(&home).unwrap_err();
        assert!(matches!(refused, StoreError::KeyMissing { .. }), "{refused}");
        assert!(!home.database_key().exists());
    }

    #[test]
    fn a_key_file_of_another_length_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let home = home(&dir);
        Keys::open_or_create(&home).unwrap();
        std::fs::write(home.device_key(), b"short").unwrap();
        let refused = Keys::open(&home).unwrap_err();
        assert!(matches!(refused, StoreError::KeyMalformed { len: 5, .. }), "{refused}");
    }
}
