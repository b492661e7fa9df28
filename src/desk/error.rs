//! What can go wrong at the desk.

use crate::domain::RegisterId;
use crate::store::StoreError;
use crate::store::records::RecordsError;
use crate::sync::SyncError;

/// Why a use case did not come to its end. A check has no error: it always answers.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No home was named and the platform has none.
    #[error("this system names no place for a program's data; nothing was changed: give one with --home")]
    NoHome,
    /// The device's stores.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The link or the hub.
    #[error(transparent)]
    Sync(#[from] SyncError),
    /// The device has no hub.
    #[error(
        "this device is not enrolled; its checks are safe in its ledger: enrol it with a code of the hub (tracepost enrol CODE)"
    )]
    NotEnrolled,
    /// The device has one already.
    #[error("this device is already enrolled with {url}; nothing was changed: use another --home for another hub")]
    AlreadyEnrolled {
        /// The hub it is enrolled with.
        url: String,
    },
    /// A second sync at once.
    #[error("a sync is already running; it goes on: wait for its end")]
    AlreadySyncing,
    /// A look-up on a device without registers.
    #[error("there is no register on this device; nothing was looked up: sync first")]
    NoRegisters,
    /// The registers hold no such record, or no longer.
    #[error(
        "register {register} on this device has no record {record}; it may have been withdrawn: check the item again, or look for it with tracepost search"
    )]
    NoSuchRecord {
        /// The register.
        register: RegisterId,
        /// The record's id.
        record: String,
    },
    /// The registers, or a pattern that they do not take.
    #[error(transparent)]
    Records(#[from] RecordsError),
}
