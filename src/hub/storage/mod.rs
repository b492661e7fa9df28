//! What a hub remembers, behind one trait.
//!
//! The protocol and the pages know only [`Storage`]; SQLite implements it here. Keys shard: each table's primary key and
//! each unique constraint holds the device, there is no global sequence, so the same tables can be spread by device.
//! Two things are kept per hub and not per device: invites and registers; both are small in number.
//!
//! Calls block; the HTTP side runs them on threads of their own.

mod rows;
mod sqlite;

use std::path::PathBuf;

use crate::domain::{DeviceId, Hash, RegisterId, RegisterKind, Seq};

pub use rows::{
    Device, Extent, ImportNote, NewDevice, NewEntry, NewInvite, NewRecord, PostCounts, Projected, PublishedState,
    Redeemed, Register, SightedMark, Sighting, SightingQuery, StoredEntry, StoredPhoto, StoredSigned, Taken,
};
pub use sqlite::SqliteStorage;

/// Why storage refused. None of these loses what was committed before.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The file was written by a later program.
    #[error("{} was written by a newer program", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{} is damaged: {message}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the engine says.
        message: String,
    },
    /// A file from which so much is gone that it may have been cut.
    #[error("{withdrawn} of {held} records would be withdrawn, and {allowed} are allowed")]
    TooManyWithdrawals {
        /// Records that the file no longer has.
        withdrawn: u64,
        /// Records held.
        held: u64,
        /// How many may go.
        allowed: u64,
        /// Whether a person gave that number.
        given: bool,
    },
    /// The engine failed: disk full, locked for too long, …
    #[error("{0}")]
    Failed(String),
}

impl From<StorageError> for super::HubError {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Newer { path } => Self::NewerDatabase { path },
            StorageError::Damaged { path, message } => Self::DamagedDatabase { path, message },
            StorageError::TooManyWithdrawals { withdrawn, held, allowed, given } => {
                Self::TooManyWithdrawals { withdrawn, held, allowed, given }
            }
            StorageError::Failed(message) => Self::Database { message },
        }
    }
}

/// Work within one transaction on one device's ledger: either all of it is stored or nothing.
pub trait LedgerTx {
    /// The contiguous frontier.
    fn device(&mut self) -> Result<Device, StorageError>;
    /// Stored entries from `first`, at most `limit`, in order.
    fn entries(&mut self, first: Seq, limit: u64) -> Result<Vec<StoredEntry>, StorageError>;
    /// Stores the next entry; the caller has computed its hash.
    fn append(&mut self, entry: &NewEntry, received_ms: i64) -> Result<(), StorageError>;
    /// Moves the frontier.
    fn advance(&mut self, next: Seq, head: Hash) -> Result<(), StorageError>;
    /// Keeps other bytes that came under a stored sequence number.
    fn fork(&mut self, seq: Seq, bytes: &[u8], received_ms: i64) -> Result<(), StorageError>;
    /// Keeps an entry of the urgent call.
    fn urgent(&mut self, seq: Seq, bytes: &[u8], received_ms: i64) -> Result<(), StorageError>;
    /// The urgent entry kept under a number, if any.
    fn urgent_at(&mut self, seq: Seq) -> Result<Option<Vec<u8>>, StorageError>;
    /// Puts what was listed under a number beside it, with what was decided and found since: it came with these other bytes.
    fn set_aside(&mut self, seq: Seq, fork: &Hash) -> Result<(), StorageError>;
    /// Keeps a device's signed head.
    fn head(&mut self, head: &StoredSigned) -> Result<(), StorageError>;
    /// Keeps a receipt that is about to be given.
    fn receipt(&mut self, receipt: &StoredSigned) -> Result<(), StorageError>;
    /// Changes the lists.
    fn project(&mut self, change: &Projected) -> Result<(), StorageError>;
}

/// What a transaction does.
pub type LedgerWork<'a> = &'a mut dyn FnMut(&mut dyn LedgerTx) -> Result<(), StorageError>;

/// Takes the key and the bytes of a row.
pub type EachRecord<'a> = &'a mut dyn FnMut(&[u8; 16], &[u8]) -> Result<(), StorageError>;

/// Takes the bytes of a row as it was published, and as it is.
pub type EachChange<'a> = &'a mut dyn FnMut(Option<&[u8]>, Option<&[u8]>) -> Result<(), StorageError>;

/// A register while it is published.
pub trait PublishTx {
    /// What was published last, if anything was.
    fn state(&mut self) -> Result<Option<PublishedState>, StorageError>;
    /// Rows in order of their keys.
    fn records(&mut self, each: EachRecord<'_>) -> Result<(), StorageError>;
    /// Rows that came, changed or went since the last publication, in order of their keys.
    fn changes(&mut self, each: EachChange<'_>) -> Result<(), StorageError>;
    /// Notes that the register as it is is published.
    fn published(&mut self, state: &PublishedState) -> Result<(), StorageError>;
}

/// What a publication does.
pub type PublishWork<'a> = &'a mut dyn FnMut(&mut dyn PublishTx) -> Result<(), StorageError>;

/// Everything a hub remembers.
pub trait Storage: Send + Sync + 'static {
    /// Whether the database answers.
    fn ping(&self) -> Result<(), StorageError>;

    /// A setting of the hub itself (`url`, `practice`).
    fn setting(&self, name: &str) -> Result<Option<String>, StorageError>;
    /// Writes a setting.
    fn set_setting(&self, name: &str, value: &str) -> Result<(), StorageError>;

    /// Stores an invite.
    fn add_invite(&self, invite: &NewInvite) -> Result<(), StorageError>;
    /// Lets a device in, in one transaction; repeats safely for the same device and key.
    fn redeem(&self, token: &Hash, device: &NewDevice, now_ms: i64) -> Result<Redeemed, StorageError>;
    /// A device by its key.
    fn device_by_key(&self, key: &[u8; 32]) -> Result<Option<Device>, StorageError>;
    /// A device by its id.
    fn device(&self, id: DeviceId) -> Result<Option<Device>, StorageError>;
    /// All devices, by post and id.
    fn devices(&self) -> Result<Vec<Device>, StorageError>;
    /// Revokes a device, from then on and for ever: nothing comes down to it, its ledger is still taken in. False when it is
    /// unknown, or was revoked before.
    fn revoke(&self, id: DeviceId, now_ms: i64) -> Result<bool, StorageError>;
    /// Notes that a device spoke.
    fn seen(&self, id: DeviceId, now_ms: i64) -> Result<(), StorageError>;

    /// Runs `work` in one transaction on one device's ledger.
    fn ledger(&self, device: DeviceId, work: LedgerWork<'_>) -> Result<(), StorageError>;
    /// Stored entries from `first`, at most `limit`, in order.
    fn entries(&self, device: DeviceId, first: Seq, limit: u64) -> Result<Vec<StoredEntry>, StorageError>;
    /// Receipts given, in order of what they cover.
    fn receipts(&self, device: DeviceId) -> Result<Vec<StoredSigned>, StorageError>;
    /// Heads that the device signed.
    fn heads(&self, device: DeviceId) -> Result<Vec<StoredSigned>, StorageError>;

    /// Sightings, newest first, one call per row so that a long list needs no memory. `each` returns whether to go on.
    fn sightings(&self, query: &SightingQuery, each: &mut dyn FnMut(Sighting) -> bool) -> Result<(), StorageError>;
    /// What was sighted under one number: what the chain counts first, and then what came with other bytes.
    fn sightings_at(&self, device: DeviceId, seq: Seq) -> Result<Vec<Sighting>, StorageError>;
    /// Counts by post and grade.
    fn post_counts(&self) -> Result<Vec<PostCounts>, StorageError>;

    /// What is known of a photo.
    fn photo(&self, device: DeviceId, hash: &Hash) -> Result<Option<StoredPhoto>, StorageError>;
    /// Notes a photo.
    fn set_photo(&self, device: DeviceId, hash: &Hash, photo: StoredPhoto) -> Result<(), StorageError>;

    /// Makes a register; `false` when one of that name exists.
    fn create_register(
        &self,
        id: &RegisterId,
        owner: &str,
        kind: RegisterKind,
        now_ms: i64,
    ) -> Result<bool, StorageError>;
    /// All registers by name.
    fn registers(&self) -> Result<Vec<Register>, StorageError>;
    /// One register.
    fn register(&self, id: &RegisterId) -> Result<Option<Register>, StorageError>;
    /// Takes the rows of a file in, all of them in one transaction: a register is never half imported. `rows` come sorted
    /// by key, each key once. What `note` says of the register as a whole is stored with them.
    fn take_records(
        &self,
        id: &RegisterId,
        rows: &mut dyn Iterator<Item = Result<NewRecord, StorageError>>,
        note: &ImportNote,
    ) -> Result<Taken, StorageError>;
    /// Runs `work` in one transaction in which nobody else changes registers: what is read is what is noted as published.
    fn publishing(&self, id: &RegisterId, work: PublishWork<'_>) -> Result<(), StorageError>;
    /// The manifest of what was last published, as it goes to devices.
    fn noted_manifest(&self, id: &RegisterId) -> Result<Option<Vec<u8>>, StorageError>;
    /// Rows in order of their keys, one call each; a snapshot that later imports do not disturb.
    fn records(&self, id: &RegisterId, each: EachRecord<'_>) -> Result<(), StorageError>;
}
