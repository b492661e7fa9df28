//! What can go wrong with what a device keeps, in words for the person who must do something about it.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use crate::domain::{Hash, Seq};
use crate::platform::random::NoRandomness;

/// Why the store could not do it. Each says what happened, what is safe, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or directory could not be used.
    #[error("cannot use {path}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another program has the home open for writing.
    #[error(
        "another tracepost{} has {dir} open for writing; nothing was changed: check there, or close it first",
        pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(),
        dir = dir.display()
    )]
    InUse {
        /// The home.
        dir: PathBuf,
        /// The other program, when it left its number.
        pid: Option<u32>,
    },
    /// There is nothing to read.
    #[error("there is no ledger in {dir}; nothing was checked with this home yet, or --home names another place: enrol this device (tracepost enrol CODE) or check something first", dir = dir.display())]
    NoLedger {
        /// The home.
        dir: PathBuf,
    },
    /// There was a ledger, and its file is gone or empty.
    #[error("the ledger in {dir} is missing, though this home had one (ledger.db is gone or empty); nothing was changed: put ledger.db back from where the home was copied, or use another --home, and tell the centre", dir = dir.display())]
    LedgerMissing {
        /// The home.
        dir: PathBuf,
    },
    /// The ledger is there and its key is not.
    #[error("the ledger in {dir} has no key: {path} is missing; the ledger itself is untouched: put the key file back from where the home was copied", dir = dir.display(), path = path.display())]
    KeyMissing {
        /// The home.
        dir: PathBuf,
        /// The key file.
        path: PathBuf,
    },
    /// A key file has the wrong length.
    #[error("{path} is no key file (it has {len} bytes); nothing was changed: put the right file back", path = path.display())]
    KeyMalformed {
        /// The key file.
        path: PathBuf,
        /// Its length in bytes.
        len: usize,
    },
    /// A key file can be read by others and that could not be changed.
    #[error("{path} can be read by other users of this machine, and that cannot be changed; nothing was opened: make it readable by its owner only", path = path.display())]
    KeyExposed {
        /// The key file.
        path: PathBuf,
    },
    /// The database does not open.
    #[error("{path} cannot be read: it is damaged, or its key does not belong to it; nothing was changed or deleted: keep the whole folder as it is, and put the right file or key back", path = path.display())]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
    /// The database belongs to another program.
    #[error("{path} is not a file of tracepost; nothing was changed: use another --home", path = path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
    },
    /// The database was written by a newer program.
    #[error("{path} is of version {found}, newer than this program knows ({known}); nothing was changed: update tracepost", path = path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// A reader cannot bring the database up to date.
    #[error("{path} is of version {found}, older than this program's ({known}); nothing was changed: open it once with a command that writes", path = path.display())]
    Older {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version needed.
        known: i64,
    },
    /// The disk is full, the reserve included.
    #[error("the disk that holds {path} is full; what was recorded before is safe: free some space", path = path.display())]
    DiskFull {
        /// The file that could not grow.
        path: PathBuf,
    },
    /// A write was asked of a store that can only be read.
    #[error(
        "the ledger of this home cannot be written, and without an entry nothing is done; what was recorded before is untouched: make the folder writable, free the disk, or put a damaged ledger.db back (tracepost verify names the damage)"
    )]
    ReadOnly,
    /// Practice and real data never meet.
    #[error("this home holds {} entries and cannot become a {} post; nothing was changed: use another --home", kind(*is), kind(*wanted))]
    PracticeMismatch {
        /// What the ledger is.
        is: bool,
        /// What was asked for.
        wanted: bool,
    },
    /// The ledger belongs to another device key.
    #[error(
        "the device key in keys/ is not the one that the ledger was begun with; nothing was changed: put the right key file back"
    )]
    OtherDevice,
    /// The hub's receipt is not valid here.
    #[error("the hub's receipt was refused: {0}; entries stay marked as not sent")]
    Receipt(&'static str),
    /// An entry that is needed is missing.
    #[error(
        "entry {0} is not in the ledger, or is no check or look-up; nothing was done: name the entry that led to it"
    )]
    NoSuchCheck(Seq),
    /// A photo is missing or is not what its name says.
    #[error("photo {hash} cannot be read: {what}")]
    Photo {
        /// Its name.
        hash: Hash,
        /// What is wrong.
        what: &'static str,
    },
    /// A stored value cannot be understood.
    #[error("the setting {key} cannot be understood; enrol the device again")]
    Setting {
        /// Its name.
        key: &'static str,
    },
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// Any other failure of the database.
    #[error("the database failed")]
    Database(#[from] rusqlite::Error),
}

fn kind(practice: bool) -> &'static str {
    if practice { "practice" } else { "real" }
}

impl StoreError {
    /// Says which file an operation was about.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| match source.kind() {
            std::io::ErrorKind::StorageFull => Self::DiskFull { path: path.to_owned() },
            _ => Self::Io { path: path.to_owned(), source },
        }
    }

    /// Tells the failures that a person can do something about from the others.
    pub(super) fn database(path: &Path) -> impl Fn(rusqlite::Error) -> Self + '_ {
        move |source| match source.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                Self::Unreadable { path: path.to_owned(), source }
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull { path: path.to_owned() },
            _ => Self::Database(source),
        }
    }

    /// Whether the ledger or the device's key is hurt or gone, and no more: the registers can be asked all the same.
    pub fn spares_the_registers(&self) -> bool {
        matches!(
            self,
            Self::Io { .. }
                | Self::DiskFull { .. }
                | Self::Database(_)
                | Self::Unreadable { .. }
                | Self::LedgerMissing { .. }
                | Self::KeyMissing { .. }
                | Self::KeyMalformed { .. }
                | Self::OtherDevice
                | Self::Setting { .. }
        )
    }

    /// Whether freeing space might help.
    pub(super) fn is_disk_full(&self) -> bool {
        matches!(self, Self::DiskFull { .. })
    }
}
