//! What can go wrong with the device's registers.

use std::path::{Path, PathBuf};

use crate::domain::{Hash, RegisterId, RegisterVersion};
use crate::registers::pattern::PatternError;
use crate::registers::{ChunkError, IndexError};

/// Why the device's registers could not be read or replaced.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// They are being loaded.
    #[error("the registers are still being loaded; try again in a moment")]
    Loading,
    /// They cannot be read.
    #[error("the registers cannot be read ({0}); checks are not answered until they are downloaded again: sync")]
    Unreadable(String),
    /// The database failed.
    #[error("the registers' database failed: {0}")]
    Database(#[from] rusqlite::Error),
    /// A file could not be used.
    #[error("cannot use {path}", path = path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The index could not be built.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// A chunk is not what the manifest promises.
    #[error(transparent)]
    Chunk(#[from] ChunkError),
    /// A chunk could not be had.
    #[error("a piece of register {register} could not be had; the registers in use are untouched")]
    Fetch {
        /// Of which register.
        register: RegisterId,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The hub offers less than the device has.
    #[error(
        "the hub offers version {offered} of register {register}, older than version {held} here; it was not taken over: tell the hub's administrator"
    )]
    OlderVersion {
        /// Which.
        register: RegisterId,
        /// On the device.
        held: RegisterVersion,
        /// By the hub.
        offered: RegisterVersion,
    },
    /// After the update the records would not be those that the hub signed for.
    #[error(
        "after the update, register {register} would not hold the same records as the hub; the version in use stays: sync again, and tell the hub's administrator if it stays"
    )]
    OtherSet {
        /// Which.
        register: RegisterId,
        /// The hash of each bucket as it would be.
        digests: Vec<Hash>,
    },
    /// Made-up records beside real ones.
    #[error(
        "register {0} is for practice and the others are not (or the reverse); they are never mixed and nothing was changed"
    )]
    Mixed(RegisterId),
    /// The files in use are the reason why something failed.
    #[error("the registers here are damaged ({0}); sync again, and all is fetched anew")]
    Held(String),
    /// What is kept does not fit together.
    #[error("the registers are damaged: {0}")]
    Damaged(&'static str),
    /// The pattern was refused.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// No random numbers for a key.
    #[error(transparent)]
    NoRandomness(#[from] crate::platform::random::NoRandomness),
}

impl RecordsError {
    /// Whether there was no room left on the disk.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Database(error) => error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull),
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::StorageFull,
            _ => false,
        }
    }

    /// Whether files that are in use may be the reason.
    pub(super) fn may_be_damage(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::Database(_) | Self::Io { .. }) && !self.is_disk_full()
    }

    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io { path: path.to_owned(), source }
    }
}
