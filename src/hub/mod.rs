//! The server's half: takes ledgers in, gives registers out, shows what arrived.
//!
//! Layer 4: imports `domain`, `ledger`, `registers`, `wire` and `platform`; never `store`, `sync` or anything of the
//! device, and it holds no decoder. rusqlite lives in [`storage`] only, axum in [`http`] only. Everything that the command
//! line does is a call on [`Hub`], so a practice post can run a hub inside its own process.
//!
//! What never happens here: an entry that was acknowledged is never changed or dropped; a device's entry that this hub
//! cannot read never blocks the ones after it; and no serial, name or document number is logged.

pub mod changes;
mod dir;
mod enrol;
mod error;
pub mod http;
mod import;
pub mod ingest;
mod keys;
mod photos;
mod practice;
mod projection;
mod publish;
mod spill;
pub mod storage;
mod verify;

use std::path::Path;
use std::sync::{Arc, Mutex};

pub use changes::{Change, ChangeReport};
pub use dir::{Dir, ServeLock};
pub use enrol::{INVITE_LASTS, Invite};
pub use error::HubError;
pub use http::{Served, Serving};
pub use import::{ImportOptions, ImportReport};
pub use keys::HubKeys;
pub use practice::PracticeHub;
pub use publish::{PublishReport, RegisterState};
pub use verify::LedgerProof;

use crate::domain::Fingerprint;
use crate::wire::EnrolCode;
use storage::{SqliteStorage, Storage};

/// A hub's folder, opened.
#[derive(Clone)]
pub struct Hub {
    dir: Dir,
    keys: Arc<HubKeys>,
    storage: Arc<dyn Storage>,
    /// One photo piece at a time: two answers to one lost request must not both be appended.
    photo_lock: Arc<Mutex<()>>,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hub({})", self.dir.path().display())
    }
}

impl Hub {
    /// Makes a hub: folder, database, key, certificate authority. The key is written last, so that a start that was cut
    /// short can be repeated. A `practice` hub holds made-up records and never mixes with a real one.
    ///
    /// # Errors
    /// When the folder holds a hub already, the address does not fit, or the folder cannot be written.
    pub fn init(path: &Path, url: &str, practice: bool) -> Result<Self, HubError> {
        let url = EnrolCode::check_url(url)
            .ok()
            .filter(|url| keys::host_of(url).is_some() && keys::port_of(url).is_some())
            .ok_or_else(|| HubError::BadUrl { url: url.to_owned() })?;
        let dir = Dir::new(path);
        if dir.key_file().exists() {
            return Err(HubError::AlreadyInitialised { dir: path.to_owned() });
        }
        dir::make_private_dir(path).map_err(|e| HubError::folder(path, e))?;
        dir.close_to_others();
        let storage = SqliteStorage::open(&dir.database(), &dir.registers_database())?;
        storage.set_setting("url", &url)?;
        storage.set_setting("practice", if practice { "1" } else { "0" })?;
        let keys = HubKeys::create(&dir)?;
        Ok(Self { dir, keys: Arc::new(keys), storage: Arc::new(storage), photo_lock: Arc::default() })
    }

    /// Opens a hub's folder. Any number of processes may; only one may serve.
    ///
    /// # Errors
    /// When it is no hub's folder, or its key or databases cannot be read.
    pub fn open(path: &Path) -> Result<Self, HubError> {
        let dir = Dir::new(path);
        let keys = HubKeys::open(&dir)?;
        dir.close_to_others();
        let storage = SqliteStorage::open(&dir.database(), &dir.registers_database())?;
        Ok(Self { dir, keys: Arc::new(keys), storage: Arc::new(storage), photo_lock: Arc::default() })
    }

    /// The folder.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// What the hub remembers.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// The hub's keys.
    pub fn keys(&self) -> &HubKeys {
        &self.keys
    }

    /// What enrolment codes pin.
    pub fn fingerprint(&self) -> Fingerprint {
        self.keys.fingerprint()
    }

    /// The address that devices are told.
    ///
    /// # Errors
    /// When the database fails.
    pub fn url(&self) -> Result<String, HubError> {
        self.storage.setting("url")?.ok_or_else(|| HubError::NotInitialised { dir: self.dir.path().to_owned() })
    }

    /// The port at which devices will look for it.
    ///
    /// # Errors
    /// As [`Self::url`].
    pub fn port(&self) -> Result<u16, HubError> {
        let url = self.url()?;
        keys::port_of(&url).ok_or(HubError::BadUrl { url })
    }

    /// Changes the address that *new* devices are told; those that are enrolled keep theirs.
    ///
    /// # Errors
    /// When the address does not fit or the database fails.
    pub fn set_url(&self, url: &str) -> Result<(), HubError> {
        let url = EnrolCode::check_url(url).map_err(|_| HubError::BadUrl { url: url.to_owned() })?;
        Ok(self.storage.set_setting("url", &url)?)
    }

    /// Whether the records of this hub are made up.
    ///
    /// # Errors
    /// When the database fails.
    pub fn practice(&self) -> Result<bool, HubError> {
        Ok(self.storage.setting("practice")?.as_deref() == Some("1"))
    }
}

/// The hub's clock, in milliseconds since 1970.
fn now_ms() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
